"""Labels and their moves."""

from dataclasses import dataclass
from datetime import datetime

from .._types import Kind

ALIAS = "@"
"""What a target begins with that is another label of the same artifact and not a digest."""


@dataclass(frozen=True, slots=True)
class Label:
    """A name for a version, or for whatever another label of the artifact names."""

    app: str
    kind: Kind
    name: str
    label: str
    target: str
    """The digest of a version, or `@` and another label."""
    moved_at: datetime
    actor: str

    @property
    def key(self) -> str:
        """`kind:name` of the artifact."""
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class LabelMove:
    """One move of a label. Moves are only ever added."""

    sequence: int
    app: str
    kind: Kind
    name: str
    label: str
    from_target: str | None
    """None when the label was new."""
    to_target: str | None
    """None when it was taken away."""
    moved_at: datetime
    actor: str
    reason: str | None
    """None when it was erased, or is sealed and its key is not here."""
