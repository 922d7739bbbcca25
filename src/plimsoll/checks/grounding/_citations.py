"""Do the citations of an answer hold: is there such a passage, and does it say what is quoted?"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from sys import maxsize
from typing import Final, NamedTuple

from plimsoll.kernel.digest import Json

from .._errors import CheckOptionsError
from .._types import NO_CONTEXT, Context, Found
from ..patterns import normalise
from ._markers import MARKER
from ._options import known_options, yes_or_no
from .words import Sentence, sentences

MISSING: Final = "missing_passage"
NOT_THERE: Final = "not_in_passage"
UNCITED: Final = "uncited"
_NUMBER: Final = re.compile(r"(\d{1,4})(?:\s{0,2}[\u2013-]\s{0,2}(\d{1,4}))?")
_QUOTE: Final = re.compile(
    r"“([^“”\n]{1,2000})”|„([^„“”\n]{1,2000})[“”]|«([^«»\n]{1,2000})»|(?<![\w\"])\"([^\"\n]{1,2000})\"(?!\w)"
)
_CODE: Final = re.compile(r"```.*?(?:```|\Z)|`[^`\n]{1,500}`", re.DOTALL)
_GAP: Final = re.compile(r"\[?(?:\.{3,}|\u2026)\]?|\[[^\]\n]{0,60}\]")
_WORD: Final = re.compile(r"[^\W_]+")
_LEAST_WORDS: Final = 4
_MOST_RANGE: Final = 50
_LEAST_CONTENT: Final = 3
_KEPT: Final = ((50_000, 64), (200_000, 16), (5_000_000, 2))
"""Up to how many characters the words of how many passages are kept for the sentences that follow."""
_MOSTMARKERS: Final = 20
_MOST_QUOTATIONS: Final = 500
_MOST_BETWEEN: Final = 300


class _Marker(NamedTuple):
    start: int
    end: int
    numbers: tuple[int, ...]


class Citations:
    """Finds citations that do not hold. See `citations`."""

    name = "citations"
    version = "1"
    words_only = True

    def __init__(self, *, required: bool = False, least_words: int = _LEAST_WORDS) -> None:
        self._required = required
        self._least_words = least_words

    @property
    def kinds(self) -> tuple[str, ...]:
        """`uncited` is only looked for when citations are required."""
        return (MISSING, NOT_THERE, UNCITED) if self._required else (MISSING, NOT_THERE)

    @property
    def by_sentence(self) -> bool:
        """Whether one sentence is enough to answer; a marker that must be there may stand behind its sentence."""
        return not self._required

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:
        """Markers of passages that there are not, quotations that no passage has, and sentences without a marker."""
        code = [match.span() for match in _CODE.finditer(text)]
        markers = [one for one in _markers(text) if not _inside(one.start, code)]
        found = [*_missing(markers, len(context.passages)), *self._misquoted(text, context, markers, code)]
        if self._required:
            found += _uncited(text, markers, code)
        return sorted(found, key=lambda one: (one.start, one.end))

    def _misquoted(
        self, text: str, context: Context, markers: Sequence[_Marker], code: Sequence[tuple[int, int]]
    ) -> Iterator[Found]:
        asked = _plain_kept(context.question)
        plain = cache(_plain_kept)  # what is not kept for the next sentence is kept for this text
        for count, match in enumerate(_QUOTE.finditer(text)):
            if count >= _MOST_QUOTATIONS:
                yield Found(match.start(), match.end(), NOT_THERE, 1.0, "there are too many quotations to look up")
                return
            quote = next(filter(None, match.groups()))
            pieces = [words for piece in _GAP.split(quote) if (words := _plain(piece))]
            if sum(piece.count(" ") + 1 for piece in pieces) < self._least_words or _inside(match.start(), code):
                continue
            cited = _cited(markers, text, match.end(), len(context.passages))
            if any(_holds(plain(context.passages[number - 1]), pieces) for number in cited):
                continue
            elsewhere = any(_holds(plain(passage), pieces) for passage in context.passages)
            if elsewhere and cited:
                yield Found(match.start(), match.end(), NOT_THERE, 0.8, "quoted from another passage than the cited")
            elif not elsewhere and not _holds(asked, pieces):
                yield Found(match.start(), match.end(), NOT_THERE, 1.0, "no passage has these words")


def citations(options: Mapping[str, Json]) -> Citations:
    """The check `citations`; `context.passages` hold what can be cited, numbered from 1. Raises CheckOptionsError.

    `required`: whether a sentence that states something needs a marker. `least_words`: quotations of fewer words are
    taken for names and terms (4 without it).
    """
    known_options("citations", options, ("required", "least_words"))
    least = options.get("least_words", _LEAST_WORDS)
    if not isinstance(least, int) or isinstance(least, bool) or least < 1:
        raise CheckOptionsError("citations", "`least_words` must be a number above 0", "write `least_words: 4`")
    return Citations(required=yes_or_no("citations", options, "required"), least_words=least)


def _markers(text: str) -> Iterator[_Marker]:
    for match in MARKER.finditer(text):
        numbers: list[int] = []
        for one in _NUMBER.finditer(match.group(1) or match.group(2)):
            first, last = int(one[1]), int(one[2] or one[1])
            numbers += range(first, min(last, first + _MOST_RANGE) + 1) if last >= first else (first, last)
        yield _Marker(match.start(), match.end(), tuple(numbers))


def _missing(markers: Sequence[_Marker], passages: int) -> Iterator[Found]:
    for marker in markers:
        if any(not 1 <= number <= passages for number in marker.numbers):
            yield Found(marker.start, marker.end, MISSING, 1.0, f"there are {passages} passages")


def _cited(markers: Sequence[_Marker], text: str, end: int, passages: int) -> list[int]:
    """Numbers of the passages that are cited between a quotation and the end of its sentence."""
    found: list[int] = []
    for marker in markers[bisect_left(markers, (end,)) :][:_MOSTMARKERS]:
        between = text[end : marker.start]
        if marker.start - end > _MOST_BETWEEN or re.search(r"[.!?]\s+\w|\n|[\"“”«„]", between):
            break
        found += [number for number in marker.numbers if 1 <= number <= passages]
    return found


def _plain(text: str) -> str:
    """The words of a text and nothing else, with a space before and after."""
    words = " ".join(_WORD.findall(normalise(text).text.casefold()))
    return f" {words} " if words else ""


def _plain_kept(text: str) -> str:
    keep = next((keep for most, keep in _SHELVES if len(text) <= most), _plain)
    return keep(text)


_SHELVES: Final = tuple((most, lru_cache(maxsize=count)(_plain)) for most, count in _KEPT)


def _holds(plain: str, pieces: Sequence[str]) -> bool:
    """Whether all pieces stand in a text, in their order."""
    place = 0
    for piece in pieces:
        place = plain.find(piece, place)
        if place < 0:
            return False
        place += len(piece) - 1
    return True


def _inside(place: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a place lies in one of some spans that are in order."""
    at = bisect_right(spans, (place, maxsize)) - 1
    return at >= 0 and place < spans[at][1]


def _uncited(text: str, markers: Sequence[_Marker], code: Sequence[tuple[int, int]]) -> Iterator[Found]:
    """Sentences that say something and have no marker, neither in them nor right behind them."""
    listed = list(sentences(text))
    for number, one in enumerate(listed):
        after = listed[number + 1].start if number + 1 < len(listed) else len(text)
        at = bisect_left(markers, (one.start,))
        cited = at < len(markers) and markers[at].start <= max(after, one.end)
        if not cited and not _inside(one.start, code) and _states(text, one):
            yield Found(one.start, one.end, UNCITED, 0.7, "no marker of a passage")


def _states(text: str, sentence: Sentence) -> bool:
    content = sum(word.content for word in sentence.words)
    return content >= _LEAST_CONTENT and not text[sentence.start : sentence.end].rstrip().endswith(("?", ":"))
