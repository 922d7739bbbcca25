"""How a search is done, what may help it, and what it brings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, Protocol

from .._errors import SettingError
from .._types import Fusion, Hit, Mode

Ranking = Literal["builtin", "none"]

_MOST_VARIANTS = 8
_MOST_HITS = 200


@dataclass(frozen=True, slots=True)
class RetrieverSettings:
    """How a search is done, stage by stage. The defaults were chosen by `benchmarks/retrieval.py` on development rows.

    Raises SettingError for numbers that cannot work.
    """

    mode: Mode = "hybrid"
    top_k: int = 6
    """Number of hits, at most."""
    candidates: int = 100
    """How many chunks full text and vectors each bring; raised to `top_k` where that is more."""
    fusion: Fusion = "weighted"
    vector_weight: float = 0.5
    """Share of the vectors where the two searches are joined without the ranker, 0 to 1."""
    variants: int = 0
    """In how many other words a model puts the question; each is searched too. Needs a paraphraser."""
    ranking: Ranking = "builtin"
    """builtin: candidates are ordered by the trained ranker; none: by the joined scores of the two searches."""
    rerank_depth: int = 30
    """How many of the best are read again by the reranker, where there is one."""
    rerank_weight: float = 0.5
    """Share of the reranker's score in the order of those, 0 to 1; the rest is that of the stage before."""
    diversity: float = 0.0
    """0 orders by score alone; towards 1 a hit counts the less, the more it is like a better one."""
    parents: bool = True
    """Whether a hit is widened to the larger stretch that its chunk names."""
    merge: bool = False
    """Whether hits of one document that touch or overlap become one."""
    least_relevance: float = 0.0
    """Hits whose estimated probability of being relevant is lower are left out; so nothing may be found."""
    narrow: bool = False
    """Whether of each hit only the sentences are given that are worth it, by `focus` or by 1. Needs a narrowing."""
    focus: float = 0.0
    """0 gives `top_k` hits; above, no more than are worth it: the larger, the fewer (1 is a fair middle)."""

    def __post_init__(self) -> None:
        for name, low, high in _WHOLE:
            _require(name, getattr(self, name), low, high)
        for name, high in _SHARES:
            _require(name, getattr(self, name), 0, high)

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "RetrieverSettings":
        """The settings in a group of a project file; what is missing or None keeps its default."""
        own = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in content.items() if name in own and value is not None})


_WHOLE = (
    ("top_k", 1, _MOST_HITS),
    ("candidates", 1, 1000),
    ("variants", 0, _MOST_VARIANTS),
    ("rerank_depth", 1, _MOST_HITS),
)
_SHARES = (
    ("vector_weight", 1),
    ("rerank_weight", 1),
    ("diversity", 1),
    ("least_relevance", 1),
    ("focus", 100),
)


def _require(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise SettingError(name, value, f"from {low} to {high}")


class Paraphraser(Protocol):
    """Puts a question in other words."""

    async def variants(self, question: str, count: int) -> list[str]:
        """At most `count` other ways to ask it. Raises UnavailableError, InvalidError or DeniedError."""


class Rescorer(Protocol):
    """What is needed of a `plimsoll.models.rerankers.Reranker`."""

    @property
    def name(self) -> str:
        """Such as `builtin/late-interaction`."""

    async def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """One score for each text, higher is better. Raises UnavailableError, InvalidError or DeniedError."""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What a search brought."""

    hits: tuple[Hit, ...]
    """Best first. `passage.score` is the score by which they are ordered; it means nothing beside another search's."""
    relevances: tuple[float, ...]
    """For each hit the estimated probability that it is relevant, as the ranker was calibrated."""
    relevance: float
    """The highest of all candidates, also of those that were left out; 0 where there was none."""
    asked: tuple[str, ...]
    """The question, and the variants that were searched beside it."""
    notes: tuple[str, ...] = ()
    """What did not work and was done without, in words."""
