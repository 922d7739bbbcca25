"""What is found, and what rows are held against."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Literal

from plimsoll.kernel.digest import Json

from .._types import Row

Level = Literal["wrong", "note"]
"""`wrong` makes figures of the rows untrue; a `note` is worth knowing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about rows."""

    code: str
    """Stable, such as `near_duplicate_across_splits`."""
    level: Level
    message: str
    """A sentence without a full stop."""
    rows: tuple[str, ...] = ()
    """The ids of the rows that it is about, in their order."""
    instead: str = ""
    """What would be right."""

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        said: dict[str, Json] = {"code": self.code, "level": self.level, "message": self.message}
        return {**said, "rows": list(self.rows), "instead": self.instead}


@dataclass(frozen=True, slots=True)
class Around:
    """What rows are held against; what is empty is not looked at."""

    prompts: Mapping[str, str] = field(default_factory=dict)
    """The whole text of each prompt: instructions, examples, templates."""
    learnt: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Texts from which models learn, by the name of what holds them."""
    others: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    """Rows of other datasets."""
    documents: AbstractSet[str] | None = None
    """The documents that knowledge bases have; None where that is not known."""
    slices: AbstractSet[str] = frozenset()
    """Tags for which a suite has limits of their own."""
