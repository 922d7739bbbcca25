"""What stands around a candidate and what it looks like, as places in a fixed row of features."""

import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .._terms import words
from ._types import Field
from ._validators import Place, normal

WIDTH: Final = 2048
"""Features; words share places by a hash."""
_REACH_CHARS: Final = 90
_LINE_CHARS: Final = 200
"""So much is read of the line before a candidate, and of the line above: a text may be one line."""
_NEAR_WORDS: Final = 6
_DIGITS: Final = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Table:
    """The features of some candidates, which each has or has not: a sparse table of ones, row after row.

    Its sums are taken one after the other and not by a library for dense tables, so that they are the same everywhere.
    """

    columns: NDArray[np.int32]
    """The features of the first candidate, those of the second, and so on."""
    begins: NDArray[np.int64]
    """Where each candidate's begin; every one has some."""

    def scores(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sum of the weights of each candidate's features."""
        if not len(self.begins):
            return np.zeros(0)
        sums: NDArray[np.float64] = np.add.reduceat(weights[self.columns], self.begins)
        return sums

    def slope(self, wrong: NDArray[np.float64]) -> NDArray[np.float64]:
        """For each feature, the sum of `wrong` over the candidates that have it."""
        lengths = np.diff(np.append(self.begins, len(self.columns)))
        return np.asarray(np.bincount(self.columns, np.repeat(wrong, lengths), WIDTH), dtype=np.float64)

    @classmethod
    def joined(cls, tables: Sequence["Table"]) -> "Table":
        """The candidates of all tables."""
        offsets = np.cumsum([0, *(len(table.columns) for table in tables[:-1])])
        begins = [table.begins + offset for table, offset in zip(tables, offsets, strict=True)]
        return cls(np.concatenate([table.columns for table in tables]), np.concatenate(begins))


def table_of(field: Field, text: str, places: Sequence[Place]) -> Table:
    """The features of each candidate of a text."""
    values = [normal(field.type, text[start:end]) for start, end in places]
    often, first = Counter(values), {value: number for number, value in reversed(list(enumerate(values)))}
    amounts = sorted({float(value) for value in values}, reverse=True) if field.type == "amount" else []
    rank = {amount: number for number, amount in enumerate(amounts)}
    columns: list[int] = []
    begins: list[int] = []
    for number, (place, value) in enumerate(zip(places, values, strict=True)):
        begins.append(len(columns))
        names = set(_names(text, place))
        names |= {f"often:{min(4, often[value])}", f"first:{first[value] == number}"}
        if amounts:
            names.add(f"largest:{min(4, rank[float(value)])}")
        columns += sorted({zlib.crc32(name.encode("utf-8", "replace")) % WIDTH for name in names})
    return Table(np.array(columns, dtype=np.int32), np.array(begins, dtype=np.int64))


def _names(text: str, place: Place) -> Iterator[str]:
    start, end = place
    value = text[start:end]
    before = [word.stem for word in words(text[max(0, start - _REACH_CHARS) : start])][-_NEAR_WORDS:][::-1]
    after = [word.stem for word in words(text[end : end + _REACH_CHARS])][:_NEAR_WORDS]
    for side, near in (("before", before), ("after", after)):
        for at, stem in enumerate(near):
            yield f"{side}:{stem}"
            yield f"{side}:{min(at, 2)}:{stem}"
        if len(near) > 1:
            yield f"{side}:{near[0]}:{near[1]}"
    line = text.rfind("\n", 0, start) + 1
    for word in words(text[line : min(start, line + _LINE_CHARS)])[:_NEAR_WORDS]:
        yield f"line:{word.stem}"
    above = text.rfind("\n", 0, max(0, line - 1)) + 1
    for word in words(text[above : min(line, above + _LINE_CHARS)])[:_NEAR_WORDS]:
        yield f"above:{word.stem}"
    yield f"line number:{min(12, text.count(chr(10), 0, start))}"
    yield f"tenth:{10 * start // max(1, len(text))}"
    yield f"thousand:{min(9, start // 1000)}"
    yield f"begins line:{start - line < _LINE_CHARS and not text[line:start].strip()}"
    yield from _looks(value)


def _looks(value: str) -> Iterator[str]:
    shape = _DIGITS.sub("9", value)
    yield f"shape:{shape[:12] if _DIGITS.search(value) else 'letters'}"
    yield f"lines:{value.count(chr(10))}"
    yield f"words:{min(8, len(value.split()))}"
    yield f"capitals:{value.isupper()}"
    found = words(value)
    for word in found[:8]:
        yield f"holds:{word.stem}"
    if found:
        yield f"begins:{found[0].stem}"
        yield f"ends:{found[-1].stem}"
