"""What an erasure needs, would do, and did."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from plimsoll.governance.retention import Stores
from plimsoll.kernel.digest import Digest
from plimsoll.ledger import By
from plimsoll.pipelines import StageCache

DEFAULT_BASIS = "GDPR Art. 17(1)"


class Forgetful(Protocol):
    """Something that keeps words of people and can forget them."""

    def count_subject(self, identifier: str) -> int:
        """How many things `purge_subject` would forget."""

    def purge_subject(self, identifier: str) -> int:
        """Forget everything of a person; says how many things those were."""


@dataclass(frozen=True, slots=True)
class EraseParts:
    """Everything that an erasure needs from outside."""

    stores: Stores
    cache: StageCache
    prune_indexes: Callable[[Collection[Digest]], None]
    """Forgets what was prepared for any other index versions than these."""
    retire: Callable[[str], None]
    """Takes away what a pseudonym may do, if it is an actor; raises when nobody could administer then."""
    by: By
    elsewhere: Mapping[str, Forgetful] = field(default_factory=dict)
    """Who else keeps something of a person, by what is kept: answers, feedback, use of budgets."""
    judged: Callable[[str], Collection[str]] = lambda _: ()
    """The traces of which somebody said something that is by a person or mentions them."""


@dataclass(frozen=True, slots=True)
class ErasurePlan:
    """What an erasure would do. Holds no personal data but the identifier that was asked for."""

    subject: str | None
    """Pseudonym of the person in the ledger; None when it knows none, or the key was destroyed before."""
    traces: int
    outputs: int
    """Cached outputs of stages."""
    elsewhere: Mapping[str, int]
    """What others keep: answers, feedback, use of budgets."""
    blobs: tuple[Digest, ...]
    """Contents, runs and segments that will be destroyed."""
    residuals: tuple[str, ...]
    """What stays: in use, in plain in the log, or written by others; and what to do about it, each as a sentence."""
    judged: tuple[str, ...] = ()
    """Traces that lose a judgement, because it is by the person or mentions them; also those that go themselves."""

    def __bool__(self) -> bool:
        """Whether anything of the person was found."""
        kept = self.traces or self.outputs or any(self.elsewhere.values())
        return bool(self.subject or kept or self.blobs or self.residuals)


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure did."""

    found: bool
    """False when nothing of the person was there (any more); then nothing was done and nothing written down."""
    subject: str
    sequence: int | None
    """The tombstone in the ledger."""
    purged: Mapping[str, int]
    blobs: tuple[Digest, ...]
    residuals: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing of the person is left."""
        return not self.residuals
