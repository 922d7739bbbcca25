"""Model names that a route can use, and what each prefix stands for."""

from dataclasses import dataclass
from typing import Final

READER: Final = "builtin/reader"


@dataclass(frozen=True, slots=True)
class Preset:
    """An OpenAI-compatible server: where it usually listens, and which key it needs."""

    base_url: str | None
    key_reference: str | None
    """Name of the environment variable that usually holds the key; None when no key is needed."""


PRESETS: Final = {
    "openai": Preset(base_url="https://api.openai.com/v1", key_reference="OPENAI_API_KEY"),
    "ollama": Preset(base_url="http://127.0.0.1:11434/v1", key_reference=None),
    "vllm": Preset(base_url="http://127.0.0.1:8000/v1", key_reference=None),
    "llamacpp": Preset(base_url="http://127.0.0.1:8080/v1", key_reference=None),
    "openai_compatible": Preset(base_url=None, key_reference=None),
}


def check_model_name(model: str) -> str | None:
    """None when a route can use this name, otherwise a sentence that says what would be right."""
    provider, _, name = model.partition("/")
    if model == READER:
        return None
    if provider == "builtin":
        return f"{model!r} is not built in; the built-in model is {READER}."
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
