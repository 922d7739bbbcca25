"""A judgement of one answer."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Feedback:
    """What somebody thinks of an answer."""

    trace: str
    score: float | None = None
    """From -1 (bad) to 1 (good)."""
    label: str = ""
    """A word of the caller's own, such as `wrong-citation`."""
    comment: str = ""
    by: str = ""
    """Pseudonym of the actor whose key brought it; empty where nobody was asked for a key."""
    user: str = ""
    """Who judges, as the caller names them."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A judgement as it is kept."""

    id: str
    at: datetime
    said: Feedback
