"""Documents to cut, and stand-ins for what some kinds need."""

import zlib
from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from plimsoll.documents import Document, Heading, Page
from plimsoll.retrieval import Chunk
from plimsoll.retrieval.chunkers import KINDS, ChunkSettings, ChunkTools, TokenCount


class BagEmbedder:
    """The direction of a text is that of its words; texts without a common word are at right angles, or nearly."""

    name = "test/bag"
    dimension = 64

    def __init__(self, fingerprint: str = "test/bag@1") -> None:
        self.fingerprint = fingerprint
        self.texts = 0

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts += len(texts)
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row[zlib.crc32(word.strip(".,").encode()) % self.dimension] += 1
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(rows / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def tools() -> ChunkTools:
    return ChunkTools(TokenCount("test/four", lambda word: -(-len(word) // 4)), BagEmbedder())


def plain(text: str, media_type: str = "text/plain", **more: object) -> Document:
    return Document("t", text, media_type, (Page(1, 0, len(text)),), **more)  # type: ignore[arg-type]  # handed on


def markdown(text: str) -> Document:
    """A text whose lines that begin with number signs are its headings."""
    found = []
    start = 0
    for line in text.split("\n"):
        words = line.lstrip("#")
        if words != line and words.startswith(" ") and words.strip():
            level = len(line) - len(words)
            found.append(Heading(level, start + level + 1, start + len(line)))
        start += len(line) + 1
    return plain(text, "text/markdown", headings=tuple(found))


def uncovered(text: str, chunks: Sequence[Chunk]) -> str:
    left = list(text)
    for chunk in chunks:
        left[chunk.start : chunk.end] = " " * (chunk.end - chunk.start)
    return "".join(left).strip()


_words = st.sampled_from(
    [
        *(
            "load",
            "line",
            "# Head",
            "- item",
            "```",
            "| a | b |",
            "a | b",
            "é",
            "e\u0301\u0301",
            "x" * 30,
            "👩\u200d🚀",
        ),
        *("4.2 Notice", "Article 5", "§ 3", "1. ", "Dr.", "e.g.", "end.", "why?", "ends!”", "日本。", "مرحبا؟", "שלום"),
    ]
)
_gaps = st.sampled_from([" ", "\n", "\n\n", "\r\n", "\t", "\n" * 12, "\x1c", "\u2028", ". ", "", " " * 20])
_texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
    st.lists(st.one_of(_words, _gaps), max_size=120).map("".join),
)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Any text, cut into any pages, with any headings."""
    text = draw(_texts)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=4)))
    starts, ends = [0, *cuts], [*cuts, len(text)]
    pages = tuple(Page(number, start, end) for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1))
    places = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    headings = tuple(
        Heading(draw(st.integers(1, 6)), start, end) for start, end in zip(places[::2], places[1::2], strict=False)
    )
    media = draw(st.sampled_from(["text/plain", "text/markdown; charset=utf-8", "application/pdf"]))
    language = draw(st.sampled_from(["", "en", "de"]))
    return Document("t", text, media, pages, headings=headings, language=language)


@st.composite
def any_settings(draw: st.DrawFn) -> ChunkSettings:
    """Settings of any built-in kind, also small ones that no project file may ask for."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    size = draw(st.integers(1, 60))
    overlap = draw(st.integers(0, size - 1))
    return ChunkSettings(
        size,
        overlap,
        kind,
        parent_size=draw(st.one_of(st.none(), st.integers(size, 200))),
        method=draw(st.sampled_from(["cluster", "percentile"])),
        percentile=draw(st.integers(1, 99)),
        context=draw(st.sampled_from(["none", "headings", "auto"])),
    )
