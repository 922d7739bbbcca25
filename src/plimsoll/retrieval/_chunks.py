"""Splitting a document into chunks at its own seams: headings, paragraphs, sentences, words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from itertools import pairwise

from semantic_text_splitter import MarkdownSplitter, TextSplitter

from plimsoll.documents import Document
from plimsoll.kernel.digest import digest_json

from ._errors import NotUnicodeError
from ._seams import HEADING, PARAGRAPH, content_seams
from ._types import Chunk, ChunkSettings

_FORMAT = 2
"""Goes up whenever the same text and settings would give other chunks."""

_WINDOW = 20_000
"""The splitter's time grows with the square of its input where a text has no seams (one million times the same letter
takes 8 s), so it is fed no more than this many characters at once, which keeps the whole linear."""

_SEAM_RADIUS = 3
"""In chunk sizes: a text is parted about every six chunks, where its content says."""

_LONG_GAP = re.compile(r"\n\s{7,}\n")
"""The Markdown splitter takes 18 s for 20,000 empty lines."""


def chunk_document(document: Document, settings: ChunkSettings) -> tuple[Chunk, ...]:
    """The chunks of a document, in order of their start.

    Every character that is not white space is in at least one chunk; no chunk is only white space, longer than
    `settings.size`, or on two pages. Raises NotUnicodeError for text that cannot be written as UTF-8.
    """
    splitter = _splitter(settings, document.media_type)
    kind = HEADING if _is_markdown(document.media_type) else PARAGRAPH
    chunks: list[Chunk] = []
    for page, first, last in _regions(document):
        seams = _seams(document.text, (first, last), _SEAM_RADIUS * settings.size, kind)
        for start, end in _spans(document.text, _parts(document.text, [first, *seams, last]), splitter):
            text = document.text[start:end]
            if not text.isspace():
                chunks.append(Chunk(ordinal=len(chunks), start=start, end=end, page=page, text=text))
    return tuple(chunks)


def chunker_fingerprint(settings: ChunkSettings, media_type: str) -> str:
    """Changes whenever the same text could be split in another way; part of cache keys and of snapshots."""
    return digest_json(
        {
            "format": _FORMAT,
            "splitter": "markdown" if _is_markdown(media_type) else "text",
            "library": version("semantic-text-splitter"),
            "size": settings.size,
            "overlap": settings.overlap,
        }
    )


def _splitter(settings: ChunkSettings, media_type: str) -> TextSplitter | MarkdownSplitter:
    kind = MarkdownSplitter if _is_markdown(media_type) else TextSplitter
    return kind(settings.size, overlap=settings.overlap)


def _is_markdown(media_type: str) -> bool:
    return media_type.partition(";")[0].strip().lower() in {"text/markdown", "text/x-markdown"}


def _regions(document: Document) -> Iterator[tuple[int, int, int]]:
    """Page number, first and last character of the stretches that together are the whole text.

    What stands between two pages belongs to the page before it, so that nothing is lost.
    """
    starts = [0, *(page.start for page in document.pages[1:]), len(document.text)]
    for place, page in enumerate(document.pages):
        yield page.number, starts[place], starts[place + 1]
    if not document.pages:
        yield 1, 0, len(document.text)


def _seams(text: str, span: tuple[int, int], radius: int, kind: re.Pattern[str]) -> list[int]:
    """None in a short text, which is embedded again quickly and should have no chunk cut short."""
    first, last = span
    return content_seams(text, span, radius, kind) if last - first > 2 * radius else []


def _parts(text: str, seams: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Stretches that are split each by itself: parted at the seams, and nowhere too long."""
    for start, end in pairwise(seams):
        yield from _windows(text, start, end)


def _spans(
    text: str, parts: Iterable[tuple[int, int]], splitter: TextSplitter | MarkdownSplitter
) -> Iterator[tuple[int, int]]:
    """First and last character of the chunks of some stretches. The splitter counts code points, as Python does."""
    for start, end in parts:
        window = _LONG_GAP.sub(_short_gap, text[start:end])
        try:
            found = splitter.chunk_indices(window)
        except UnicodeEncodeError:
            raise NotUnicodeError(text[start : start + 40]) from None
        yield from ((start + offset, start + offset + len(piece)) for offset, piece in found)


def _short_gap(gap: re.Match[str]) -> str:
    """A gap of the same length with only three line ends, so that positions stay true."""
    return "\n\n" + " " * (len(gap[0]) - 3) + "\n"


def _windows(text: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Stretches of at most `_WINDOW` characters, parted at the best seam of their second half."""
    while last - first > _WINDOW:
        middle, limit = first + _WINDOW // 2, first + _WINDOW
        seams = (text.rfind(seam, middle, limit) + len(seam) for seam in ("\n\n", "\n", " "))
        end = next((seam for seam in seams if seam > middle), limit)
        yield first, end
        first = end
    if first < last:
        yield first, last
