"""What holds for every built-in kind, whatever the document is."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from tests.retrieval.chunkers.conftest import any_settings, documents, markdown, plain, tools, uncovered

from plimsoll.documents import Document, Page
from plimsoll.kernel.errors import InvalidError
from plimsoll.retrieval.chunkers import KINDS, ChunkSettings, chunk_document, chunker_fingerprint

HOSTILE = [
    "\n",
    "a",
    "> ",
    "\r\n",
    "\n" * 8 + "a",
    "\n \n",
    "- ",
    "👩\u200d",
    ". ",
    ".",
    "。",
    "1.1 A\n",
    "| \n",
    "```\n",
    "\u0301",
]
LETTERS = 60_000

EDITED = "\n\n".join(
    f"{number}.1 Term {number}\n\nTerm {number} of this contract has its own words: {number * 7919}. "
    f"It is held to {number * 31} days. A party that is late pays {number * 17} crowns. Nothing else is owed."
    for number in range(600)
)


@settings(max_examples=400, deadline=None)
@given(documents(), any_settings())
def test_chunks_are_exact_and_nothing_is_lost(document: Document, chunking: ChunkSettings) -> None:
    chunks = chunk_document(document, chunking, tools=tools())
    assert all(chunk.text == document.text[chunk.start : chunk.end] for chunk in chunks)
    assert all(chunk.text.strip() for chunk in chunks)
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    for before, after in pairwise(chunks):
        assert (before.start, before.end) < (after.start, after.end)
        assert before.start <= after.start
        assert before.end <= after.end
    assert uncovered(document.text, chunks) == ""


@settings(max_examples=300, deadline=None)
@given(documents(), any_settings())
def test_a_chunk_stays_on_the_page_where_it_starts(document: Document, chunking: ChunkSettings) -> None:
    pages = {page.number: page for page in document.pages}
    for chunk in chunk_document(document, chunking, tools=tools()):
        assert pages[chunk.page].start <= chunk.start < chunk.end <= pages[chunk.page].end


@settings(max_examples=300, deadline=None)
@given(documents(), any_settings())
def test_no_chunk_is_longer_than_the_size(document: Document, chunking: ChunkSettings) -> None:
    rule = KINDS[chunking.kind]
    for chunk in chunk_document(document, chunking, tools=tools()):
        if rule.unit == "characters":
            assert len(chunk.text) <= chunking.size
        elif rule.unit == "tokens":
            words = sum(-(-len(word) // 4) for word in chunk.text.split())
            assert words <= chunking.size
        if chunk.parent is not None:
            first, last = chunk.parent
            assert first <= chunk.start < chunk.end <= last
            assert last - first <= chunking.most_of_parent
        assert all(len(heading) <= 200 and "\n" not in heading for heading in chunk.headings)
        assert len(chunk.context) <= 300
        assert "\n" not in chunk.context


@settings(max_examples=60, deadline=None)
@given(documents(), any_settings())
def test_the_same_document_is_cut_the_same(document: Document, chunking: ChunkSettings) -> None:
    assert chunk_document(document, chunking, tools=tools()) == chunk_document(document, chunking, tools=tools())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_repetition_ends_and_loses_nothing(piece: str, kind: str) -> None:
    text = piece * (LETTERS // len(piece))
    assert uncovered(text, chunk_document(plain(text), ChunkSettings.of_kind(kind), tools=tools())) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_an_inserted_sentence_leaves_most_chunks_alone(kind: str) -> None:
    cut = ChunkSettings.of_kind(kind)
    longer = EDITED.replace("pays 340 crowns.", "pays 340 crowns. This is new.")
    before = [chunk.text for chunk in chunk_document(plain(EDITED), cut, tools=tools())]
    after = {chunk.text for chunk in chunk_document(plain(longer), cut, tools=tools())}
    gone = sum(text not in after for text in before)
    print(kind, len(before), gone)
    assert len(longer) > len(EDITED)
    assert len(before) >= 25
    assert gone <= 16


@pytest.mark.parametrize("kind", KINDS)
def test_headings_are_told_outermost_first(kind: str) -> None:
    body = "The parties agree on this point as follows. " * 12
    document = markdown(f"# Lease\n\n{body}\n\n## Notice\n\n{body}\n\n### Form\n\n{body}\n\n## Rent\n\n{body}")
    chunks = chunk_document(document, ChunkSettings.of_kind(kind), tools=tools())
    if kind == "page":
        assert [chunk.headings for chunk in chunks] == [()]
        return
    told = {chunk.headings for chunk in chunks}
    assert any(headings[:1] == ("Lease",) for headings in told)
    assert all(headings[:1] in {(), ("Lease",)} for headings in told)
    known = {(), ("Lease",), ("Lease", "Notice"), ("Lease", "Notice", "Form"), ("Lease", "Rent")}
    assert told <= known


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_without_pages_is_page_one_and_one_without_words_has_no_chunk(kind: str) -> None:
    cut = ChunkSettings.of_kind(kind)
    one = chunk_document(Document("", "one", "text/plain", ()), cut, tools=tools())
    assert [(chunk.page, chunk.text) for chunk in one] == [(1, "one")]
    assert chunk_document(Document("", " \n\n ", "text/plain", ()), cut, tools=tools()) == ()
    assert chunk_document(Document("", "", "text/plain", ()), cut, tools=tools()) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_without_text_keeps_its_number(kind: str) -> None:
    pages = (Page(1, 0, 4), Page(2, 6, 6), Page(3, 8, 14))
    document = Document("", "One.\n\n\n\nThree.", "application/pdf", pages)
    chunks = chunk_document(document, ChunkSettings.of_kind(kind), tools=tools())
    assert [(chunk.page, chunk.text) for chunk in chunks] == [(1, "One."), (3, "Three.")]


@pytest.mark.parametrize("kind", KINDS)
def test_half_a_surrogate_is_refused_by_name(kind: str) -> None:
    with pytest.raises(InvalidError) as caught:
        chunk_document(plain("fine \ud800 not"), ChunkSettings.of_kind(kind), tools=tools())
    assert caught.value.code == "not_unicode"


def test_no_two_kinds_share_a_fingerprint() -> None:
    found = {chunker_fingerprint(ChunkSettings(300, 0, kind), "text/plain", tools=tools()) for kind in KINDS}
    assert len(found) == len(KINDS)
