"""What is written down, by whom, and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from plimsoll.kernel.clock import from_text, to_text
from plimsoll.kernel.digest import Json

ENTRY_FORMAT = 1


@dataclass(frozen=True, slots=True)
class By:
    """Who acts. `actor` is the pseudonym of a data subject, never a name."""

    actor: str
    via: str = "local"
    """How the actor was recognised: `local` (the user of this machine), or `key:` and the visible prefix of a key."""


@dataclass(frozen=True, slots=True)
class Act:
    """One state-changing act, to be written down in the transaction that does it."""

    act: str
    """A noun and a verb, such as `environment.ship`."""
    app: str
    """The application; empty for acts on the installation."""
    by: By
    facts: Mapping[str, Json]
    """What happened, in digests, numbers and names of things; never a word about a person."""
    private: Mapping[str, str] = field(default_factory=dict)
    """What may hold personal data (a reason, a name): sealed for the subject, and only committed to in the entry."""
    subject: str = ""
    """Whose personal data `private` is; the actor's when empty."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger."""

    sequence: int
    """Its place in the tree, from 0."""
    at: datetime
    act: str
    app: str
    actor: str
    via: str
    facts: Mapping[str, Json]
    sealed: str | None
    """Commitment to the private content (`hmac-sha256:…`); None when there is none."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where and when an act was written down."""

    sequence: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """What a row of the records says, to be held against the entry that was written down with it."""

    sequence: int
    act: str
    app: str
    actor: str | None
    """None where the row does not say."""
    at: datetime | str | None
    """None where the row does not say; the text itself where what stands there is no moment."""
    facts: Mapping[str, Json]
    place: str
    """Where the row is, for a person: `version prompt:answer@3`."""

    def differences(self, entry: Entry) -> tuple[tuple[str, Json, Json], ...]:
        """In what the row differs from the entry: what of it, what the row says, and what the entry says."""
        pairs: list[tuple[str, Json, Json]] = [("act", self.act, entry.act), ("application", self.app, entry.app)]
        if self.actor is not None:
            pairs.append(("actor", self.actor, entry.actor))
        if self.at is not None:
            pairs.append(("time", self.at if isinstance(self.at, str) else to_text(self.at), to_text(entry.at)))
        pairs += [(name, value, entry.facts.get(name)) for name, value in self.facts.items()]
        return tuple(pair for pair in pairs if pair[1] != pair[2])

    @staticmethod
    def moment(text: str) -> datetime | str:
        """The moment that a row says; a damaged one comes back as it is, so that it is named and stops nothing."""
        try:
            moment = from_text(text)
        except (ValueError, TypeError):
            return text
        return text if moment.tzinfo is None else moment


@dataclass(frozen=True, slots=True)
class Opening:
    """What shows that private content is what an entry committed to."""

    sequence: int
    nonce: str
    """32 random bytes in hexadecimal digits, the key of the commitment."""
    content: Mapping[str, str]

    def fits(self, entry: Entry) -> bool:
        """Whether this is what the entry committed to."""
        from ._seal import commitment_holds

        sealed = entry.sealed or ""
        return entry.sequence == self.sequence and commitment_holds(sealed, bytes.fromhex(self.nonce), self.content)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is kept of the private content of one entry."""

    sequence: int
    subject: str
    empty: bool
    """Whether the content is gone; then only the row is left."""
    opening: Opening | None = None
    """None where the content or the key of its subject is gone, or it does not open."""
    problem: str = ""
    """Why it does not open although the key is there."""
