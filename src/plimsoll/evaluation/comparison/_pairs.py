"""The same rows of two runs, side by side."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from plimsoll.datasets import Row

from .._types import ScoredRow
from ._side import Side


@dataclass(frozen=True, slots=True)
class Pair:
    """One row in both runs, each with every time that it was asked."""

    row: Row
    old: tuple[ScoredRow, ...]
    new: tuple[ScoredRow, ...]

    def scores(self, name: str) -> tuple[float, float] | str | None:
        """What a scorer says, old and new; why one of the two was not measured; None where it applies to neither."""
        old, new = _score(self.old, name), _score(self.new, name)
        if isinstance(old, float) and isinstance(new, float):
            return old, new
        told = any(name in one.told for one in (*self.old, *self.new))
        return next((why for why in (new, old) if isinstance(why, str)), "it was scored once only") if told else None


@dataclass(frozen=True, slots=True)
class Aligned:
    """The rows of two runs by their ids, in the order of the newer one."""

    pairs: tuple[Pair, ...]
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]
    changed: tuple[str, ...]


def align(old: Side, new: Side) -> Aligned:
    """Lay two runs side by side. Rows that ask something else now are not the same."""
    before, after = _by_id(old.rows), _by_id(new.rows)
    both = [name for name in after if name in before]
    changed = tuple(name for name in both if before[name][0].row.asked() != after[name][0].row.asked())
    apart = frozenset(changed)
    return Aligned(
        tuple(Pair(after[name][0].row, before[name], after[name]) for name in both if name not in apart),
        tuple(name for name in before if name not in after),
        tuple(name for name in after if name not in before),
        changed,
    )


def together(pairs: Iterable[Pair]) -> tuple[str, ...] | None:
    """Which pairs belong together, where some do."""
    groups = tuple(pair.row.group or pair.row.id for pair in pairs)
    return groups if len(set(groups)) < len(groups) else None


def _by_id(rows: Sequence[ScoredRow]) -> dict[str, tuple[ScoredRow, ...]]:
    ordered = sorted(enumerate(rows), key=lambda item: (item[1].row.id, item[1].repeat))
    grouped = {name: list(items) for name, items in groupby(ordered, key=lambda item: item[1].row.id)}
    first = {name: min(place for place, _ in items) for name, items in grouped.items()}
    return {name: tuple(row for _, row in grouped[name]) for name in sorted(grouped, key=first.__getitem__)}


def _score(rows: Sequence[ScoredRow], name: str) -> float | str | None:
    """The mean of every time; why one of them was not measured; None where the scorer does not apply."""
    failed = next((row.observation.error for row in rows if row.observation.error), "")
    if failed:
        return failed
    told = [row.told[name] for row in rows if name in row.told]
    missed = next((one.why for one in told if one.value is None), None)
    if missed is not None:
        return missed or "it was not measured"
    values = [one.value for one in told if one.value is not None]
    return math.fsum(values) / len(values) if values else None
