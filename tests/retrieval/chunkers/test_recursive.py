from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.documents import Document, Page
from plimsoll.kernel.errors import InvalidError
from plimsoll.retrieval import Chunk
from plimsoll.retrieval.chunkers import ChunkSettings, chunk_document, chunker_fingerprint

_words = st.sampled_from(
    ["load", "line", "# Head", "- item", "```", "| a | b |", "é", "日本", "👩\u200d🚀", "e\u0301\u0301", "x" * 30]
)
_gaps = st.sampled_from([" ", "\n", "\n\n", "\r\n", "\t", "\n" * 12, "\x1c", "\u2028", ". ", "", " " * 20])
_texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
    st.lists(st.one_of(_words, _gaps), max_size=120).map("".join),
)
_settings = st.integers(1, 60).flatmap(lambda size: st.builds(ChunkSettings, st.just(size), st.integers(0, size - 1)))
_media = st.sampled_from(["text/plain", "text/markdown; charset=utf-8", "application/pdf"])


@st.composite
def _documents(draw: st.DrawFn) -> Document:
    text = draw(_texts)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=4)))
    starts, ends = [0, *cuts], [*cuts, len(text)]
    pages = tuple(Page(number, start, end) for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1))
    return Document(title="t", text=text, media_type=draw(_media), pages=pages)


def _plain(text: str, media_type: str = "text/plain") -> Document:
    return Document(title="t", text=text, media_type=media_type, pages=(Page(1, 0, len(text)),))


def _uncovered(text: str, chunks: tuple[Chunk, ...]) -> str:
    left = list(text)
    for chunk in chunks:
        left[chunk.start : chunk.end] = " " * (chunk.end - chunk.start)
    return "".join(left).strip()


@settings(max_examples=150, deadline=None)
@given(_documents(), _settings)
def test_chunks_are_exact_and_nothing_is_lost(document: Document, chunking: ChunkSettings) -> None:
    chunks = chunk_document(document, chunking)
    assert all(chunk.text == document.text[chunk.start : chunk.end] for chunk in chunks)
    assert all(chunk.text.strip() and len(chunk.text) <= chunking.size for chunk in chunks)
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    assert [chunk.start for chunk in chunks] == sorted(chunk.start for chunk in chunks)
    assert _uncovered(document.text, chunks) == ""


@settings(max_examples=100, deadline=None)
@given(_documents(), _settings)
def test_a_chunk_stays_on_the_page_where_it_starts(document: Document, chunking: ChunkSettings) -> None:
    pages = {page.number: page for page in document.pages}
    for chunk in chunk_document(document, chunking):
        assert pages[chunk.page].start <= chunk.start < chunk.end <= pages[chunk.page].end


def test_text_between_and_around_pages_is_kept() -> None:
    text = "before. one. between. two. after."
    pages = (Page(1, text.index("one"), text.index("one") + 4), Page(2, text.index("two"), text.index("two") + 4))
    chunks = chunk_document(Document(title="", text=text, media_type="application/pdf", pages=pages), ChunkSettings())
    assert [(chunk.page, chunk.text) for chunk in chunks] == [(1, "before. one. between."), (2, "two. after.")]


def test_a_document_without_pages_is_page_one() -> None:
    chunks = chunk_document(Document(title="", text="one", media_type="text/plain", pages=()), ChunkSettings())
    assert [(chunk.page, chunk.text) for chunk in chunks] == [(1, "one")]


def test_chunks_overlap_where_the_text_allows_it() -> None:
    text = " ".join(f"word{number}" for number in range(100))
    chunks = chunk_document(_plain(text), ChunkSettings(size=60, overlap=20))
    overlaps = [before.end - after.start for before, after in pairwise(chunks)]
    assert all(0 < overlap <= 20 for overlap in overlaps)


def test_markdown_is_parted_at_its_headings() -> None:
    text = "# One\n\nfirst text\n\n# Two\n\nsecond text"
    chunks = chunk_document(_plain(text, "text/markdown"), ChunkSettings(size=30, overlap=0))
    assert [chunk.text for chunk in chunks] == ["# One\n\nfirst text", "# Two\n\nsecond text"]


@pytest.mark.parametrize("media_type", ["text/plain", "text/markdown"])
@pytest.mark.parametrize("piece", ["\n", "a", "> ", "\r\n", "\n" * 8 + "a", "\n \n", "- ", "👩\u200d"])
def test_hostile_repetition_ends_and_loses_nothing(piece: str, media_type: str) -> None:
    text = piece * (60_000 // len(piece))
    assert _uncovered(text, chunk_document(_plain(text, media_type), ChunkSettings())) == ""


def test_a_long_text_is_cut_at_seams_and_not_inside_words() -> None:
    text = "\n\n".join(f"Paragraph {number} ends here." for number in range(3000))
    chunks = chunk_document(_plain(text), ChunkSettings(size=200, overlap=0))
    assert all(chunk.text.startswith("Paragraph") and chunk.text.endswith("here.") for chunk in chunks)


def test_half_a_surrogate_is_refused_by_name() -> None:
    with pytest.raises(InvalidError) as caught:
        chunk_document(_plain("fine \ud800 not"), ChunkSettings())
    assert caught.value.code == "not_unicode"


@pytest.mark.parametrize(("size", "overlap"), [(0, 0), (-1, 0), (10, 10), (10, -1)])
def test_settings_that_cannot_work_are_refused(size: int, overlap: int) -> None:
    with pytest.raises(InvalidError):
        ChunkSettings(size=size, overlap=overlap)


def test_the_fingerprint_changes_with_what_shapes_chunks() -> None:
    first = chunker_fingerprint(ChunkSettings(), "text/plain")
    assert first == chunker_fingerprint(ChunkSettings(), "application/pdf")
    others = {
        chunker_fingerprint(ChunkSettings(), "text/markdown"),
        chunker_fingerprint(ChunkSettings(size=900), "text/plain"),
        chunker_fingerprint(ChunkSettings(overlap=0), "text/plain"),
    }
    assert len(others | {first}) == 4
