"""What a meter asks of the place where use is written down."""

from dataclasses import dataclass
from typing import Protocol

from .._types import Alert
from ._rules import Answer, Ask


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything that one process has to say at one moment; one transaction."""

    worker: str
    tick: int
    """Its number: never the same twice, so that one whose outcome is in doubt is known again."""
    now_s: float
    lease_s: float
    """For how long what it holds from now on is its own."""
    asks: tuple[Ask, ...]
    skew_s: float
    """How far the clocks of machines may differ."""
    reclaims: bool
    """Whether it may take back what processes held that did not say a word for so long."""
    leaves: bool = False
    """Whether the process ends with it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a batch."""

    answers: tuple[Answer, ...]
    """In the order of the asks."""
    alerts: tuple[Alert, ...] = ()


class UsageRecord(Protocol):
    """Where use is written down. Every method may take long and is called off the event loop.

    Each raises UnavailableError when the place does not answer, is full or is busy for too long.
    """

    def exchange(self, batch: Batch) -> Outcome:
        """Write down what a process says, and decide what it holds; all of it or nothing."""

    def outcome_of(self, batch: Batch) -> Outcome | None:
        """What came of a batch whose exchange raised; None when nothing of it was written down."""

    def wanted(self, now_s: float) -> frozenset[str]:
        """The keys of windows of which somebody wants back what others do not use."""

    def prune(self, now_s: float) -> int:
        """Take away windows that ended long ago; how many."""
