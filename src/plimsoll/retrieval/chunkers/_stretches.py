"""Stretches of a text as pairs of positions: pages, windows, their trimming and overlap."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from plimsoll.documents import Document

from ._marks import SENTENCE_SEAM

Stretch = tuple[int, int]

_MOST_MARKS = 32
"""Combining characters in one place that are kept together; nobody writes more, and a hostile text may."""
_JOINER = "\u200d"
_VARIATIONS = ("\ufe0e", "\ufe0f")
_WORD = re.compile(r"\s++")


def page_stretches(document: Document) -> Iterator[tuple[int, int, int]]:
    """Page number, first and last character of the stretches that together are the whole text.

    What stands between two pages belongs to the page before it, so that nothing is lost.
    """
    starts = [0, *(page.start for page in document.pages[1:]), len(document.text)]
    for place, page in enumerate(document.pages):
        yield page.number, starts[place], starts[place + 1]
    if not document.pages:
        yield 1, 0, len(document.text)


def is_markdown(media_type: str) -> bool:
    """Whether a text has Markdown's signs for headings, lists and code."""
    return media_type.partition(";")[0].strip().lower() in {"text/markdown", "text/x-markdown"}


def trimmed(text: str, start: int, end: int) -> Stretch | None:
    """A stretch without white space at its ends; None where it is nothing else."""
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    return None if left == len(piece) else (start + left, start + len(piece.rstrip()))


def windows(text: str, start: int, end: int, limit: int) -> Iterator[Stretch]:
    """Stretches of at most `limit` characters, parted at the best seam of their second half."""
    while end - start > limit:
        middle, most = start + limit // 2, start + limit
        seams = (text.rfind(seam, middle, most) + len(seam) for seam in ("\n\n", "\n", " "))
        stop = next((seam for seam in seams if seam > middle), 0) or whole_character(text, start, most)
        yield start, stop
        start = stop
    if start < end:
        yield start, end


def whole_character(text: str, least: int, place: int) -> int:
    """A place at most so far on at which no accent or joined sign is torn from its letter; more than `least`."""
    for back in range(min(_MOST_MARKS, place - least)):
        at = place - back
        if not (_continues(text[at]) or text[at - 1] == _JOINER):
            return at
    return place


def _continues(character: str) -> bool:
    return (
        character == _JOINER
        or character in _VARIATIONS
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or unicodedata.combining(character) != 0
    )


def parts(stretch: Stretch, seams: Sequence[int]) -> Iterator[Stretch]:
    """A stretch, parted at ascending places inside it."""
    yield from pairwise([stretch[0], *seams, stretch[1]])


def with_overlap(text: str, stretches: Iterable[Stretch], overlap: int) -> Iterator[Stretch]:
    """Each stretch after the first begins up to `overlap` characters earlier: at a sentence, else at a word.

    None begins before the one before it, and none begins where that one does.
    """
    before: Stretch | None = None
    for start, end in stretches:
        begin = start
        if before is not None and overlap:
            begin = _resume(text, max(before[0] + 1, start - overlap), start)
        yield begin, end
        before = (start, end)


def _resume(text: str, least: int, start: int) -> int:
    if least >= start:
        return start
    for seam in (SENTENCE_SEAM, _WORD):
        places = (found.end() for found in seam.finditer(text, max(least - 1, 0), start))
        place = next((place for place in places if least <= place < start), start)
        if place < start:
            return place
    return start
