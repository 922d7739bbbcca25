"""Which answers may have more output than their stream shows: reasoning that is billed and kept back."""

from collections.abc import Mapping
from typing import Final

from .._types import Body

_SHOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "builtin": ("",),
    "ollama": ("",),
    "llamacpp": ("",),
    "openai": ("gpt-3.5", "gpt-4", "chatgpt-4o", "ft:gpt-3.5", "ft:gpt-4"),
    "azure": ("gpt-35", "gpt-3.5", "gpt-4"),
    "anthropic": ("claude-3", "claude-haiku-4", "claude-sonnet-4", "claude-opus-4"),
    "google": ("gemini-1.5", "gemini-2.0", "gemma"),
    "bedrock": ("anthropic.claude-3", "anthropic.claude-haiku-4", "anthropic.claude-sonnet-4",
                "anthropic.claude-opus-4",
                "amazon.nova-micro-v1", "amazon.nova-lite-v1", "amazon.nova-pro-v1", "amazon.titan", "meta.llama",
                "mistral.mistral", "mistral.mixtral", "cohere.command"),
}  # fmt: skip
"""Models whose streams show all that they write, unless a call asks for reasoning: by what their names begin with."""
_ASKS: Final = frozenset(
    {
        "thinking", "reasoning", "reasoning_effort", "effort", "output_config", "include_reasoning", "reasoning_format",
        "generationConfig", "additionalModelRequestFields", "chat_template_kwargs", "extra_body",
    }
)  # fmt: skip
"""Fields by which a call asks for reasoning, or for keeping it back."""
_REGIONS: Final = ("us.", "eu.", "apac.", "global.", "us-gov.", "jp.", "au.")


def hides_output(model: str, body: Body) -> bool:
    """Whether an answer may be billed for output that its stream does not show.

    It may unless the model (`openai/gpt-4.1-mini`) is known for showing everything, and the call does not ask for
    reasoning.
    """
    provider, _, name = model.partition("/")
    if provider == "bedrock" and name.startswith(_REGIONS):
        name = name.partition(".")[2]
    if not name.startswith(_SHOWN.get(provider, ())) or "thinking" in name:
        return True
    return any(body[asked] is not None for asked in body.keys() & _ASKS)
