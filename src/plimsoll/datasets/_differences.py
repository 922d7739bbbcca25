"""What became of rows between two versions of a dataset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from plimsoll.kernel.digest import Json

from ._types import Row


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row of which something is different."""

    id: str
    changed: Mapping[str, tuple[Json, Json]]
    """What it said before and says now, by key; None for what is not said."""


@dataclass(frozen=True, slots=True)
class RowsDiff:
    """What is different; rows are told apart by their ids."""

    added: tuple[Row, ...]
    removed: tuple[Row, ...]
    changed: tuple[RowChange, ...]
    same: int
    moved: bool
    """Whether the rows that both have stand in another order."""

    @property
    def empty(self) -> bool:
        """Whether nothing is different."""
        return not (self.added or self.removed or self.changed or self.moved)


def diff_rows(old: Sequence[Row], new: Sequence[Row]) -> RowsDiff:
    """What is different between two lists of rows, each in its order."""
    before, after = {row.id: row for row in old}, {row.id: row for row in new}
    both = [row for row in new if row.id in before]
    changes = tuple(RowChange(row.id, changed) for row in both if (changed := dict(_changed(before[row.id], row))))
    order = [row.id for row in old if row.id in after]
    return RowsDiff(
        added=tuple(row for row in new if row.id not in before),
        removed=tuple(row for row in old if row.id not in after),
        changed=changes,
        same=len(both) - len(changes),
        moved=order != [row.id for row in both],
    )


def _changed(old: Row, new: Row) -> "list[tuple[str, tuple[Json, Json]]]":
    before, after = cast("dict[str, Any]", old.to_json()), cast("dict[str, Any]", new.to_json())
    keys = dict.fromkeys((*before, *after))
    return [(key, (before.get(key), after.get(key))) for key in keys if before.get(key) != after.get(key)]
