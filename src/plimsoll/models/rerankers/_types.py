"""The port of rerankers, and what one is made from."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

from ..embedders import EmbedderSettings
from ..embedders._types import Precision
from ._errors import ScoresWrongError


class Reranker(Protocol):
    """Scores passages for a question."""

    @property
    def name(self) -> str:
        """Such as `onnx:models/cross` or `cohere/rerank-v3.5`."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same texts could get other scores, as far as can be known."""

    async def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """One score for each text, higher is better; only scores of one reranker can be compared.

        Raises UnavailableError, InvalidError, DeniedError or IntegrityError (families of the kernel).
        """

    async def close(self) -> None:
        """Give back connections."""


@dataclass(frozen=True, slots=True)
class RerankerSettings:
    """A reranker by name, and what may be said about it. The key is already resolved, and never shown."""

    model: str
    """`builtin/late-interaction`, `onnx:PATH`, `st:./PATH`, `st:OWNER/NAME[@REVISION]`, or such as `cohere/…`."""
    embedder: EmbedderSettings = field(default_factory=lambda: EmbedderSettings("builtin/minilm"))
    """Whose token vectors late interaction compares."""
    max_tokens: int | None = None
    """Where question and passage together are cut; None is what the model's own files say."""
    precision: Precision = "fp32"
    revision: str = ""
    base_url: str | None = None
    """None is the provider's usual address."""
    api_key: str | None = field(default=None, repr=False)
    timeout_s: float = 10.0
    """For all scores of one question."""

    @classmethod
    def of(cls, content: Mapping[str, Any], *, api_key: str | None = None) -> "RerankerSettings":
        """The settings in a group of a project file; `api_key` is the key that its reference stands for."""
        own = {each.name for each in fields(cls)} - {"api_key", "embedder"}
        given = {name: value for name, value in content.items() if name in own and value is not None}
        if isinstance(content.get("embedder"), str):
            given["embedder"] = EmbedderSettings(content["embedder"])
        return cls(api_key=api_key, **given)


def checked(reranker: str, texts: Sequence[str], scores: Sequence[float]) -> list[float]:
    """The scores, when there is one number for each text. Raises ScoresWrongError."""
    if len(scores) != len(texts):
        raise ScoresWrongError(reranker, f"{len(scores)} scores for {len(texts)} passages")
    if not all(map(math.isfinite, scores)):
        raise ScoresWrongError(reranker, "a score that is no number")
    return [float(score) for score in scores]
