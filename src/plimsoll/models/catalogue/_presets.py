"""Model names that a route can use, and what each prefix stands for."""

from dataclasses import dataclass
from typing import Final, Literal

READER: Final = "builtin/reader"
STATIC: Final = "builtin/static"
MINILM: Final = "builtin/minilm"

Form = Literal["openai", "anthropic", "google", "bedrock"]
"""Whose form of requests and answers a server speaks."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A kind of server: where it usually is, which key it needs, and how it is spoken to."""

    base_url: str | None
    key_reference: str | None
    """Name of the environment variable that usually holds the key; None when no key is needed."""
    form: Form = "openai"
    takes_extensions: bool = False
    """Whether it takes fields in messages that OpenAI does not have: cache marks, reasoning."""


PRESETS: Final = {
    "openai": Preset("https://api.openai.com/v1", "OPENAI_API_KEY"),
    "azure": Preset(None, "AZURE_OPENAI_API_KEY"),
    "anthropic": Preset("https://api.anthropic.com/v1", "ANTHROPIC_API_KEY", "anthropic"),
    "google": Preset("https://generativelanguage.googleapis.com/v1beta", "GEMINI_API_KEY", "google"),
    "bedrock": Preset("https://bedrock-runtime.{region}.amazonaws.com", "AWS_BEARER_TOKEN_BEDROCK", "bedrock"),
    "groq": Preset("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "mistral": Preset("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    "together": Preset("https://api.together.xyz/v1", "TOGETHER_API_KEY"),
    "deepseek": Preset("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY", takes_extensions=True),
    "openrouter": Preset("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", takes_extensions=True),
    "fireworks": Preset("https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
    "xai": Preset("https://api.x.ai/v1", "XAI_API_KEY"),
    "ollama": Preset("http://127.0.0.1:11434/v1", None, takes_extensions=True),
    "vllm": Preset("http://127.0.0.1:8000/v1", None, takes_extensions=True),
    "llamacpp": Preset("http://127.0.0.1:8080/v1", None, takes_extensions=True),
    "openai_compatible": Preset(None, None, takes_extensions=True),
}


def check_model_name(model: str) -> str | None:
    """None when a route can use this name, otherwise a sentence that says what would be right."""
    provider, _, name = model.partition("/")
    if model in {READER, STATIC}:
        return None
    if provider == "builtin":
        return f"{model!r} is not built in; the built-in models are {READER}, and {STATIC} for vectors."
    if provider not in PRESETS:
        known = ", ".join(f"{prefix}/<model>" for prefix in PRESETS)
        return f"{model!r} does not start with a known provider; use {READER}, {known}."
    if not name or any(not char.isprintable() or char.isspace() for char in name):
        return f"{model!r} does not name a model; write {provider}/<model>, such as {provider}/my-model."
    return None


def default_key_reference(model: str) -> str | None:
    """The environment variable that usually holds the key for this model, such as `OPENAI_API_KEY`; None for none."""
    preset = PRESETS.get(model.partition("/")[0])
    return preset.key_reference if preset else None
