"""What tokens add up to, of those that were seen."""

from collections.abc import Sequence
from itertools import repeat
from threading import Lock
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._tokens import Flags, Keys, Places

MOST: Final = 20_000
"""Tokens that are kept; a full table is thrown away and filled anew."""


class Columns(NamedTuple):
    """What is known of tokens, one after the other."""

    rows: NDArray[np.float64]
    """What they add up to."""
    names: Keys
    """Which they are."""
    cores: Keys
    """What they are in n-grams of several."""
    ends: Flags
    """Whether a sentence may end with them."""


class Kept:
    """A table of at most so many tokens.

    Safe to use from several threads: a row is written before its token is known, and never again.
    """

    def __init__(self, heads: int, least: int = 0) -> None:
        self._most = max(MOST, least)
        self._lock = Lock()
        names, cores = np.zeros(self._most, np.uint64), np.zeros(self._most, np.uint64)
        self._columns = Columns(np.zeros((self._most, 2 * heads + 2)), names, cores, np.zeros(self._most, np.bool_))
        self._places: dict[str, int] = {}

    @property
    def is_small(self) -> bool:
        """Whether it has no more room than others."""
        return self._most == MOST

    @property
    def room(self) -> int:
        """How many more tokens can be kept."""
        return self._most - len(self._places)

    def places_of(self, found: Sequence[str]) -> Places:
        """Where tokens stand; below 0 for one that is not kept."""
        return np.fromiter(map(self._places.get, found, repeat(-1)), np.int64, len(found))

    def take(self, places: Places) -> Columns:
        """What is known of the tokens at some places."""
        rows, names, cores, ends = self._columns
        return Columns(rows.take(places, axis=0), names.take(places), cores.take(places), ends.take(places))

    def add(self, found: Sequence[str], columns: Columns) -> bool:
        """Whether there was room for tokens, none of which comes twice."""
        with self._lock:
            new = [number for number, one in enumerate(found) if one not in self._places]
            start = len(self._places)
            end = start + len(new)
            if end > self._most:
                return False
            for own, given in zip(self._columns, columns, strict=True):
                own[start:end] = given if len(new) == len(found) else given[new]
            self._places.update((found[number], start + offset) for offset, number in enumerate(new))
            return True
