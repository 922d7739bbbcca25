"""Texts that were written a moment ago, kept until they are indexed, so that nobody reads them back to do it."""

import threading
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

_MOST_CHARACTERS = 16 << 20


class Written(NamedTuple):
    """The texts of one transaction: those of the pieces from number `first` on, without a gap."""

    epoch: str
    first: int
    documents: Sequence[str]

    @property
    def after(self) -> int:
        """The number after the last."""
        return self.first + len(self.documents)


class Fresh:
    """What this process wrote last, at most 16 Mi characters of it."""

    def __init__(self) -> None:
        self._written: deque[Written] = deque()
        self._characters = 0
        self._lock = threading.Lock()

    def add(self, written: Written) -> None:
        """Remember what was committed."""
        with self._lock:
            self._written.append(written)
            self._characters += _size(written)
            while self._characters > _MOST_CHARACTERS:
                self._drop_first()

    def after(self, epoch: str, reached: int) -> list[tuple[int, str]]:
        """All that is known to follow the number `reached` without a gap; empty where others wrote in between.

        Only what is committed, and may have been deleted since.
        """
        found: list[tuple[int, str]] = []
        with self._lock:
            while self._written and (self._written[0].epoch != epoch or self._written[0].after <= reached + 1):
                self._drop_first()
            after = reached + 1
            for written in self._written:
                if written.epoch != epoch or written.first != after:
                    break
                found += enumerate(written.documents, written.first)
                after = written.after
        return found

    def _drop_first(self) -> None:
        self._characters -= _size(self._written.popleft())


def _size(written: Written) -> int:
    return sum(map(len, written.documents))
