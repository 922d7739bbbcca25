"""What a person is asked, and the answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from plimsoll.kernel.digest import Digest

Answer = Literal["approve", "refuse", "withdraw"]


@dataclass(frozen=True, slots=True)
class Question:
    """May this come to that place?"""

    app: str
    subject: Digest
    """The digest of a release or of a version."""
    place: str
    """The name of an environment, or a label as `kind:name@label`."""


@dataclass(frozen=True, slots=True)
class ReviewAnswer:
    """One answer of one person. Answers are only ever added; what they mean together is for others to say."""

    sequence: int
    """The entry of the ledger that says the same."""
    app: str
    subject: Digest
    place: str
    actor: str
    """Who answered, by their pseudonym."""
    answer: Answer
    answered_at: datetime
    expires_at: datetime | None
    """Until when an approval counts (not included); None is without an end."""
    via: str = "local"
    """How the actor was recognised: `local`, or `key:` and the visible prefix of a key."""

    @property
    def question(self) -> Question:
        """What was asked."""
        return Question(self.app, self.subject, self.place)
