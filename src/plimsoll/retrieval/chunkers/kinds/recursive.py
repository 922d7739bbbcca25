"""`recursive`: filled up to a size, and cut at the largest seams: headings, paragraphs, sentences, words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version

from semantic_text_splitter import MarkdownSplitter, TextSplitter

from plimsoll.documents import Document
from plimsoll.kernel.digest import digest_json

from .._seams import HEADING, PARAGRAPH, SEAM_RADIUS, content_seams
from .._stretches import Stretch, is_markdown, page_stretches, parts, windows
from .._types import Cut

_FORMAT = 2
"""Goes up whenever the same text and settings would give other chunks."""

_WINDOW = 20_000
"""The splitter's time grows with the square of its input where a text has no seams (one million times the same letter
takes 8 s), so it is fed no more than this many characters at once, which keeps the whole linear."""

_LONG_GAP = re.compile(r"\n\s{7,}\n")
"""The Markdown splitter takes 18 s for 20,000 empty lines."""


@dataclass(frozen=True, slots=True)
class Recursive:
    """Cuts of at most `size` characters, parted about every six of them where the content says."""

    size: int
    overlap: int

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same document could be cut in another way."""
        return digest_json(["recursive", _FORMAT, version("semantic-text-splitter"), self.size, self.overlap])

    def cut(self, document: Document) -> Iterator[Cut]:
        """The cuts of each page."""
        markdown = is_markdown(document.media_type)
        for _, first, last in page_stretches(document):
            for start, end in self.stretches(document.text, (first, last), markdown=markdown):
                yield Cut(start, end)

    def stretches(self, text: str, span: Stretch, *, markdown: bool = False) -> Iterator[Stretch]:
        """First and last characters of the cuts of one stretch of a text. The splitter counts code points, as we do."""
        splitter = (MarkdownSplitter if markdown else TextSplitter)(self.size, overlap=self.overlap)
        seams = content_seams(text, span, SEAM_RADIUS * self.size, HEADING if markdown else PARAGRAPH)
        for first, last in parts(span, seams):
            for start, end in windows(text, first, last, _WINDOW):
                for offset, piece in splitter.chunk_indices(_LONG_GAP.sub(_short_gap, text[start:end])):
                    yield start + offset, start + offset + len(piece)


def _short_gap(gap: re.Match[str]) -> str:
    """A gap of the same length with only three line ends, so that positions stay true."""
    return "\n\n" + " " * (len(gap[0]) - 3) + "\n"
