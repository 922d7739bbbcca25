"""What tokens add up to by themselves, kept for those that come again."""

from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ._tokens import Hashes, Places

LONGEST: Final = 32
"""Characters of the longest token that is kept: of longer ones two could be made that have the same number."""

_BITS: Final = 15
_PLACES: Final = 1 << _BITS
_ALL: Final = np.uint64(_PLACES - 1)
_FIRST, _SECOND = np.uint64(64 - _BITS), np.uint64(64 - 2 * _BITS)
_MOST: Final = _PLACES // 4

Numbers = NDArray[np.float32]


class Kept:
    """A table in which each token has two places, by its number; who comes when both are taken is not kept.

    Safe to use from several threads: a row is written before its number, and never again.
    """

    def __init__(self, units: int) -> None:
        self._lock = Lock()
        self._marks = np.zeros(_PLACES, np.uint64)
        self._count = 0
        self.values = np.zeros((_PLACES, units), np.float32)

    def find(self, marks: Hashes) -> tuple[Places, Places]:
        """Where each of the tokens with these numbers stands, and which of them are not there."""
        places = _places(marks, _FIRST)
        missing = (self._marks.take(places) != marks).nonzero()[0]
        if len(missing):
            others = _places(marks.take(missing), _SECOND)
            is_there = self._marks.take(others) == marks.take(missing)
            places[missing[is_there]] = others[is_there]
            missing = missing[~is_there]
        return places, missing

    def add(self, marks: Hashes, values: Numbers) -> bool:
        """Keep what there is room for; whether there will be room for more."""
        with self._lock:
            first, second = _places(marks, _FIRST), _places(marks, _SECOND)
            places = np.where(self._marks.take(first) == 0, first, second)
            free = (self._marks.take(places) == 0).nonzero()[0]
            places = places.take(free)
            self.values[places] = values.take(free, axis=0)
            self._marks[places] = marks.take(free)
            self._count += len(places)
            return self._count < _MOST


def _places(marks: Hashes, shift: np.uint64) -> Places:
    return ((marks >> shift) & _ALL).astype(np.int64)
