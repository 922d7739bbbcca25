"""What comes in, and what its sender is told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, as their key says; empty where nobody was asked for a key."""

    actor: str = ""
    team: str = ""
    project: str = ""
    key: str = ""
    """The public prefix of the key."""


@dataclass(frozen=True, slots=True)
class Shipment:
    """The body of one request, as it came."""

    body: bytes
    app: str
    """The application whose traces these are."""
    is_json: bool = False
    is_gzip: bool = False
    sender: Sender = Sender()
    size_bytes: int = 0
    """What it says that it unpacks to; 0 where it says nothing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """All but `rejected` spans of a shipment are committed."""

    spans: int
    rejected: int = 0
    message: str = ""
    """Why some were rejected; empty when none was."""
