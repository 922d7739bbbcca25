"""Parting a long text at places that its own content chooses, so that an edit moves no boundary far from it.

Chunks are packed one after the other, so a longer word near the beginning would move every later boundary, and every
later chunk would have to be embedded again. A seam is a paragraph's start whose hash is the smallest within a radius
(local minimum chunking: Bjørner, Blass, Gurevich, "Content-dependent chunking for differential compression", 2010);
whether a place is one depends on the text within that radius and on nothing else.
"""

import re
import zlib
from collections import deque
from collections.abc import Sequence

PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
HEADING = re.compile(r"\n(?=#{1,6} )")
"""Of Markdown, whose sections should stay whole."""
SEAM_RADIUS = 3
"""In chunk sizes: a text is parted about every six chunks, where its content says."""
_HASHED = 64
"""Characters after a paragraph's start that its hash is made of."""


def content_seams(text: str, span: tuple[int, int], radius: int, kind: re.Pattern[str] = PARAGRAPH) -> list[int]:
    """Places in a span of `text` at which it may be parted; about `2 * radius` characters lie between two.

    `kind` ends where a place may be; a text without any has no seam, and neither has a short one, which is embedded
    again quickly and should have no chunk cut short. The time is linear.
    """
    first, last = span
    if last - first <= 2 * radius:
        return []
    starts = [match.end() for match in kind.finditer(text, first, last) if match.end() < last]
    return seams_among(text, starts, last, radius)


def seams_among(text: str, starts: Sequence[int], last: int, radius: int, *, by_number: bool = False) -> list[int]:
    """Those of some ascending places at which a text that ends at `last` may be parted.

    `radius` is in characters; with `by_number` it is a number of places. Few places have no seam.
    """
    hashes = [zlib.crc32(text[start : min(start + _HASHED, last)].encode(errors="surrogatepass")) for start in starts]
    places = range(len(starts)) if by_number else starts
    if not places or places[-1] - places[0] <= 2 * radius:
        return []
    # Of equal hashes the earliest counts as the smallest, so that repeated paragraphs do not all become seams.
    ranks = list(zip(hashes, places, strict=True))
    least = _least_within(places, ranks, radius)
    return [start for start, rank, smallest in zip(starts, ranks, least, strict=True) if rank == smallest]


def _least_within(starts: Sequence[int], ranks: Sequence[tuple[int, int]], radius: int) -> list[tuple[int, int]]:
    """For each place, the smallest rank among the places at most `radius` away (a sliding window's minimum)."""
    least: list[tuple[int, int]] = []
    window: deque[tuple[int, int]] = deque()
    entering = 0
    for start in starts:
        while entering < len(starts) and starts[entering] <= start + radius:
            while window and window[-1] > ranks[entering]:
                window.pop()
            window.append(ranks[entering])
            entering += 1
        while window[0][1] < start - radius:
            window.popleft()
        least.append(window[0])
    return least
