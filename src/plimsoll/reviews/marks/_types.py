"""A mark, and what it is about."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Said = Literal["right", "wrong", "missed", "withdrawn"]
"""The trigger was right; it was wrong; a check should have triggered and did not; the person takes back what they said.
"""


@dataclass(frozen=True, slots=True)
class Marked:
    """A trigger, or where there should have been one."""

    app: str
    trace: str
    happened_at: datetime
    """When the request began."""
    endpoint: str
    stage: str
    check: str
    kind: str = ""
    """Empty for what was missed, where nobody says it."""
    action: str = ""
    version: str = ""
    """Of the check."""
    score: float = 0.0
    """The highest of what triggered; 0 for what was missed."""

    @property
    def place(self) -> tuple[str, str, str, str, str]:
        """What tells it apart from others of its application."""
        return self.trace, self.stage, self.check, self.kind, self.action


@dataclass(frozen=True, slots=True)
class Mark:
    """What one person said of one trigger, and when."""

    sequence: int
    """The entry of the ledger that it is."""
    about: Marked
    said: Said
    actor: str
    """Who said it, by their pseudonym."""
    via: str
    """How the actor was recognised."""
    at: datetime
    note: str | None = ""
    """Why, in their own words; None where it was erased."""
