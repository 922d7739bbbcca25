"""What stands around a candidate and what it looks like, as places in a fixed row of features."""

import re
import zlib
from collections.abc import Iterator
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
_NEAR_WORDS: Final = 6
_DIGITS: Final = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Document:
    """A text, with what is counted once for all of its candidates."""

    text: str
    low: str

    @classmethod
    def of(cls, text: str) -> "Document":
        """Read a text."""
        return cls(text, text.lower())


def rows(field: Field, document: Document, places: list[Place]) -> NDArray[np.float32]:
    """One row of `WIDTH` features for each candidate."""
    table = np.zeros((len(places), WIDTH), dtype=np.float32)
    values = [normal(field.type, document.text[start:end]) for start, end in places]
    amounts = sorted({float(value) for value in values}) if field.type == "amount" else []
    for number, place in enumerate(places):
        for name in _names(document, place):
            table[number, zlib.crc32(name.encode("utf-8", "replace")) % WIDTH] = 1.0
        often = sum(other == values[number] for other in values)
        extra = [f"often:{min(4, often)}", f"first:{values.index(values[number]) == number}"]
        if amounts:
            extra.append(f"largest:{min(4, len(amounts) - 1 - amounts.index(float(values[number])))}")
        for name in extra:
            table[number, zlib.crc32(name.encode()) % WIDTH] = 1.0
    return table


def _names(document: Document, place: Place) -> Iterator[str]:
    start, end = place
    text = document.text
    value = text[start:end]
    before = [word.stem for word in words(text[max(0, start - _REACH_CHARS) : start])][-_NEAR_WORDS:][::-1]
    after = [word.stem for word in words(text[end : end + _REACH_CHARS])][:_NEAR_WORDS]
    for side, near in (("before", before), ("after", after)):
        for at, stem in enumerate(near):
            yield f"{side}:{stem}"
            yield f"{side}:{min(at, 2)}:{stem}"
        if len(near) > 1:
            yield f"{side}:{near[0]}:{near[1]}"
    line = document.text.rfind("\n", 0, start) + 1
    for word in words(text[line:start])[:_NEAR_WORDS]:
        yield f"line:{word.stem}"
    above = text.rfind("\n", 0, max(0, line - 1)) + 1
    for word in words(text[above:line])[:_NEAR_WORDS]:
        yield f"above:{word.stem}"
    yield f"line number:{min(12, text.count(chr(10), 0, start))}"
    yield f"tenth:{10 * start // max(1, len(text))}"
    yield f"thousand:{min(9, start // 1000)}"
    yield f"begins line:{not text[line:start].strip()}"
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
