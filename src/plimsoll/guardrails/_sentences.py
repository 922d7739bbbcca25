"""Cutting a text into sentences while it arrives, with the same cuts however it comes."""

import re
from typing import Final, NamedTuple

MOST_CHARACTERS: Final = 1000
"""A sentence is cut where it is longer, so that no text is held back without end."""
_LEAST_CHARACTERS: Final = 24
"""Shorter ones, such as `Dr.`, go together with what follows."""
# Only where signs begin, and without a way back: of a thousand full stops each is looked at once.
_END: Final = re.compile(r"(?<![.!?…。！？])[.!?…。！？]++[\"'”’»)\]]*+(?=\s)|\n")  # noqa: RUF001  # full-width signs too
_SPACE: Final = re.compile(r"\s\S*\Z")


class Sentence(NamedTuple):
    """A sentence, and the character at which it begins in the whole text."""

    start: int
    text: str


class Sentences:
    """One text; `begun` is the character from which on sentences are still open. Belongs to one thread.

    A sentence ends behind its full stop where white space follows, at a line break, or where it is too long. Whether it
    ends somewhere follows from the characters up to the next one alone.
    """

    __slots__ = ("_open", "begun")

    def __init__(self) -> None:
        self._open = ""
        self.begun = 0

    def feed(self, text: str, *, last: bool = False) -> list[Sentence]:
        """Take the next piece; the sentences that are complete now. With the `last` piece all are."""
        self._open += text
        found = []
        start = 0
        while (length := self._length(start)) > 0:
            found.append(Sentence(self.begun + start, self._open[start : start + length]))
            start += length
        if last and start < len(self._open):
            found.append(Sentence(self.begun + start, self._open[start:]))
            start = len(self._open)
        self._open = self._open[start:]
        self.begun += start
        return found

    def _length(self, start: int) -> int:
        """How long the sentence is that begins at `start`; 0 while nobody knows."""
        end = _END.search(self._open, start + _LEAST_CHARACTERS, start + MOST_CHARACTERS + 1)
        if end is not None and end.end() - start <= MOST_CHARACTERS:
            return end.end() - start
        if len(self._open) - start <= MOST_CHARACTERS:
            return 0
        space = _SPACE.search(self._open, start + MOST_CHARACTERS // 2, start + MOST_CHARACTERS)
        return MOST_CHARACTERS if space is None else space.start() + 1 - start
