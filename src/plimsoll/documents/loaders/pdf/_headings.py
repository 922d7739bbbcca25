"""Which rows of a document are headings: by the size of their font, by being bold, or by standing alone in capitals."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..._types import Heading
from ._types import PageLines, Row

_LARGER = 1.15
_LONGEST = 200
_LONGEST_ALONE = 90
_MOST_ROWS = 4
_FEWEST_LETTERS = 2
_LOWEST_LEVEL = 6
_NAMED = re.compile(
    r"(?:ARTICLE|SECTION|EXHIBIT|SCHEDULE|APPENDIX|ANNEX|PART|CHAPTER)\s+[\dIVXLA-Z]{1,5}\b", re.IGNORECASE
)
_FEWEST_CAPITALS = 4
# Rows at the edge of a page that come again on this many pages, and on this share of them, are running titles.
_EDGE_ROWS = 2
_FEWEST_REPEATS = 3
_REPEAT_SHARE = 0.3
_DIGITS = re.compile(r"\d+")


class _Style(NamedTuple):
    """What makes a row a heading; the larger ranks higher."""

    kind: int
    size: float


_CAPITALS, _BOLD, _SIZE = range(3)


def find_headings(pages: Sequence[PageLines], spans: Sequence[Sequence[tuple[int, int]]]) -> list[list[Heading]]:
    """The headings of each page. `spans` says where each of its rows stands in its text.

    The levels are the ranks of the styles that the document uses: larger fonts first, then bold rows, then capitals.
    """
    judge = _Judge(pages)
    found = [list(_runs(page.rows, judge)) for page in pages]
    styles = sorted({style for runs in found for _, _, style in runs}, reverse=True)
    levels = {style: min(rank, _LOWEST_LEVEL) for rank, style in enumerate(styles, start=1)}
    return [
        [Heading(levels[style], places[first][0], places[last][1]) for first, last, style in runs]
        for runs, places in zip(found, spans, strict=True)
    ]


class _Judge:
    """Knows what is usual in the document."""

    def __init__(self, pages: Sequence[PageLines]) -> None:
        sizes: Counter[float] = Counter()
        bold = letters = 0
        for page in pages:
            for row in page.rows:
                length = len(row.text)
                sizes[row.size] += length
                letters += length
                bold += length if row.bold else 0
        self._size = sizes.most_common(1)[0][0] if sizes else 0.0
        self._bold_is_rare = 2 * bold < letters
        self._running = _running_titles(pages)

    def style(self, row: Row) -> _Style | None:
        text = row.text
        if len(row.cells) > 1 or len(text) > _LONGEST or _normal(text) in self._running:
            return None
        if sum(map(str.isalpha, text)) < _FEWEST_LETTERS:
            return None
        if row.size >= _LARGER * self._size:
            return _Style(_SIZE, round(row.size))
        if row.bold and self._bold_is_rare:
            return _Style(_BOLD, 0)
        return _Style(_CAPITALS, 0) if _is_capital(text) else None


def _is_capital(text: str) -> bool:
    if len(text) > _LONGEST_ALONE:
        return False
    capitals = sum(map(str.isupper, text))
    return (text.upper() == text and capitals >= _FEWEST_CAPITALS) or _NAMED.match(text) is not None


def _running_titles(pages: Sequence[PageLines]) -> set[str]:
    edges: Counter[str] = Counter()
    for page in pages:
        edges.update({_normal(row.text) for row in (*page.rows[:_EDGE_ROWS], *page.rows[-_EDGE_ROWS:])})
    fewest = max(_FEWEST_REPEATS, _REPEAT_SHARE * len(pages))
    return {text for text, count in edges.items() if count >= fewest}


def _normal(text: str) -> str:
    return _DIGITS.sub("#", text)


def _runs(rows: Sequence[Row], judge: _Judge) -> Iterator[tuple[int, int, _Style]]:
    """First row, last row and style of each heading: rows of one style that stand together, and not too many."""
    styles = [judge.style(row) for row in rows]
    at = 0
    while at < len(rows):
        style, end = styles[at], at + 1
        if style is None:
            at = end
            continue
        while end < len(rows) and styles[end] == style and not rows[end].gap:
            end += 1
        alone = (at == 0 or rows[at].gap) and (end == len(rows) or rows[end].gap or style.kind == _BOLD)
        length = sum(len(row.text) for row in rows[at:end])
        if end - at <= _MOST_ROWS and length <= _LONGEST and (style.kind == _SIZE or alone):
            yield at, end - 1, style
        at = end
