"""What is kept of answers, for whom, and for how long."""

from dataclasses import dataclass
from typing import Literal

from .._types import Completion


@dataclass(frozen=True, slots=True)
class Scope:
    """To whom an answer belongs, and what made it. Answers are given again only within one scope."""

    tenant: str
    """Whoever must not see what others asked; callers of one tenant share answers."""
    release: str
    """Digest of the release, so that a new one never answers from an old one."""
    route: str
    index: str = ""
    """Digest of the index snapshot that passages come from; empty without one."""


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """For how long answers are kept, and how alike questions must be."""

    exact_s: float | None = None
    """For the same call; None for never."""
    semantic_s: float | None = None
    """For a call whose last question means the same; None for never."""
    at_least: float = 0.85
    """Cosine of the two questions' vectors."""

    @property
    def longest_s(self) -> float:
        """For how long an answer is of use at all."""
        return max(self.exact_s or 0.0, self.semantic_s or 0.0)


@dataclass(frozen=True, slots=True)
class Cached:
    """An answer that is given again. Its usage says the tokens of the first time, and that it costs nothing now."""

    kind: Literal["exact", "semantic"]
    completion: Completion
    age_s: float
    similarity: float = 1.0
    """Cosine of the two questions' vectors; 1 for the same call."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer as it is kept. Moments are seconds since 1970."""

    key: str
    """Digest of the scope and the whole call."""
    partition: str
    """Digest of the scope and the call without its last question; empty where it has none that can be compared."""
    tenant: str
    release: str
    user_id: str
    """The person for whom it was asked first, as the caller named them."""
    asked: str
    """The call as JSON, so that what mentions a person can be found."""
    question: str
    vector: bytes | None
    """Of the question, as 32-bit floats; None where it has none that can be compared."""
    value: str
    """The answer as JSON."""
    kept_at: float
    expires_at: float
    """Until when it answers the same call."""
    similar_until: float
    """Until when it answers a similar call."""

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return 512 + len(self.asked) + len(self.question) + len(self.value) + len(self.vector or b"")

    @property
    def ends_at(self) -> float:
        """When it is of no use any more."""
        return max(self.expires_at, self.similar_until)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A kept question that may mean the same as another one."""

    key: str
    question: str
    vector: bytes
