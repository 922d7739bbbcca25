"""Rows without those that say the same as an earlier one."""

from collections.abc import Sequence
from dataclasses import dataclass

from .._types import Row
from ._near import NEAR, near_pairs
from ._normal import normal_text


@dataclass(frozen=True, slots=True)
class Unique:
    """What is left of rows."""

    rows: tuple[Row, ...]
    same: int
    """How many were left out because an earlier one asks the same, but for case and punctuation."""
    near: int
    """How many were left out because an earlier one asks nearly the same."""


def without_duplicates(rows: Sequence[Row], *, near: float | None = NEAR) -> Unique:
    """The rows, each question once: the first of those that are the same; with `near` also of those nearly the same."""
    first = {normal_text(row.question): row for row in reversed(rows)}
    different = [row for row in rows if first[normal_text(row.question)] is row]
    if near is None:
        return Unique(tuple(different), len(rows) - len(different), 0)
    gone: set[int] = set()
    for pair in sorted(near_pairs([row.question for row in different], near=near), key=lambda pair: pair.second):
        if pair.first not in gone:
            gone.add(pair.second)
    kept = tuple(row for place, row in enumerate(different) if place not in gone)
    return Unique(kept, len(rows) - len(different), len(gone))
