"""What an embedder is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

Precision = Literal["fp32", "int8"]
"""`int8`: weights and activations are rounded to 8 bits, about twice as fast, and vectors differ a little."""

Pooling = Literal["mean", "cls", "max", "last", "mean_sqrt"]
"""How the states of a text's tokens become one vector."""


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """How an embedder behind an OpenAI-compatible server is asked; the key is already resolved, and never shown."""

    base_url: str | None = None
    """None is the provider's usual address."""
    api_key: str | None = field(default=None, repr=False)
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    """None is no limit; the server's own answers are obeyed in any case."""
    timeout_s: float = 60.0
    """For one call."""
    patience_s: float = 900.0
    """How long one batch may be asked again, all waits together."""


@dataclass(frozen=True, slots=True)
class EmbedderSettings:
    """An embedder by name, and what may be said about it. Equal settings are the same embedder."""

    model: str
    """`builtin/static`, `builtin/minilm`, `onnx:PATH`, `st:./PATH`, `st:OWNER/NAME[@REVISION]` or `openai/…`."""
    query_prompt: str | None = None
    """What is written before a question; None is what the model's own files say."""
    passage_prompt: str | None = None
    """What is written before a passage; None is what the model's own files say."""
    max_tokens: int | None = None
    """Where longer texts are cut; None is what the model's own files say."""
    dimensions: int | None = None
    """How many numbers of each vector are kept, for models that were trained for it (Kusupati et al. 2022)."""
    pooling: Pooling | None = None
    precision: Precision = "fp32"
    revision: str = ""
    """Any text. Another one makes another embedder: everything is embedded again."""
    remote: RemoteSettings = field(default_factory=RemoteSettings)

    @classmethod
    def of(cls, content: Mapping[str, Any], *, api_key: str | None = None) -> "EmbedderSettings":
        """The settings in the `embed` group of a knowledge base; `api_key` is the key that its reference stands for."""
        own = {each.name for each in fields(cls)} - {"remote"}
        remote = {each.name for each in fields(RemoteSettings)} - {"api_key"}
        return cls(
            **{name: value for name, value in content.items() if name in own},
            remote=RemoteSettings(
                api_key=api_key, **{name: value for name, value in content.items() if name in remote}
            ),
        )
