"""What each kind is for."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.retrieval.chunkers.conftest import BagEmbedder, markdown, plain, tools

from plimsoll.documents import Document, Page
from plimsoll.kernel.errors import InvalidError
from plimsoll.retrieval import Chunk
from plimsoll.retrieval.chunkers import ChunkSettings, ChunkTools, TokenCount, chunk_document, chunker_fingerprint

CLAUSE = "Each party keeps what it is told to itself, and tells nobody. " * 4
CONTRACT = "\n\n".join(
    [
        "LEASE AGREEMENT",
        f"Article 1 Definitions\n\n1.1 Shed means the building. {CLAUSE}\n\n1.2 Rent means the sum. {CLAUSE}",
        f"Article 2 Notice\n\n2.1 Form. {CLAUSE}\n\n2.2 Time. {CLAUSE}{CLAUSE}{CLAUSE}{CLAUSE}",
    ]
)


def cut(document: Document, chunking: ChunkSettings) -> tuple[Chunk, ...]:
    return chunk_document(document, chunking, tools=tools())


def test_tokens_are_counted_by_what_is_handed_in() -> None:
    words = TokenCount("words", lambda word: len(word.split()))
    text = " ".join(f"w{number}" for number in range(100))
    chunks = chunk_document(plain(text), ChunkSettings(10, 3, "tokens"), tools=ChunkTools(words))
    assert {len(chunk.text.split()) for chunk in chunks[:-1]} == {10}
    for before, after in pairwise(chunks):
        assert before.text.split()[-3:] == after.text.split()[:3]


def test_tokens_do_not_tear_a_word_that_fits() -> None:
    letters = TokenCount("letters", len)
    text = "short " + "internationalisations-" * 3 + " words"
    chunks = chunk_document(plain(text), ChunkSettings(70, 0, "tokens"), tools=ChunkTools(letters))
    assert [chunk.text for chunk in chunks] == ["short", "internationalisations-" * 3, "words"]


@pytest.mark.parametrize("kind", ["tokens", "semantic"])
def test_a_kind_without_its_tool_is_refused(kind: str) -> None:
    with pytest.raises(InvalidError) as caught:
        chunk_document(plain("one"), ChunkSettings.of_kind(kind))
    assert caught.value.code == "chunk_tool_missing"


def test_structure_cuts_at_clauses_and_tells_them() -> None:
    chunks = cut(plain(CONTRACT), ChunkSettings(500, 0, "structure"))
    assert [" ".join(chunk.text.split()[:2]) for chunk in chunks[:4]] == [
        "LEASE AGREEMENT",
        "1.2 Rent",
        "Article 2",
        "2.2 Time.",
    ]
    assert chunks[1].headings == ("Article 1 Definitions",)
    assert chunks[3].headings == ("Article 2 Notice",)
    assert chunks[4].headings == ("Article 2 Notice", "2.2 Time")


def test_structure_joins_small_sections_and_leaves_the_next_chapter_apart() -> None:
    text = "# One\n\n## A\n\nShort.\n\n## B\n\nShort too.\n\n# Two\n\nAnother chapter."
    assert [chunk.text for chunk in cut(markdown(text), ChunkSettings(300, 0, "structure"))] == [text]
    body = "A sentence that fills the section. " * 8
    text = f"# One\n\n{body}\n\n## A\n\nShort.\n\n# Two\n\n{body}"
    chunks = cut(markdown(text), ChunkSettings(400, 0, "structure"))
    assert [chunk.text.split("\n")[0] for chunk in chunks] == ["# One", "# Two"]


def test_structure_tears_tables_between_rows_and_lists_between_items() -> None:
    rows = "\n".join(f"row {number} | {number * 7} | {number * 11}" for number in range(60))
    items = "\n".join(f"- item {number} of the list, with its words" for number in range(60))
    chunks = cut(plain(f"Before.\n\n{rows}\n\nBetween.\n\n{items}"), ChunkSettings(300, 0, "structure"))
    assert len(chunks) > 8
    assert all(chunk.text.startswith(("Before", "row", "Between", "- item")) for chunk in chunks)


def test_structure_keeps_a_table_whole_that_fits() -> None:
    words = "Some words before it. " * 9
    table = "\n".join(f"| {number} | {number * 7} |" for number in range(10))
    chunks = cut(plain(f"{words}\n\n{table}\n\n{words}"), ChunkSettings(220, 0, "structure"))
    assert table in [chunk.text for chunk in chunks]


def test_structure_overlaps_at_sentences_inside_a_section() -> None:
    text = " ".join(f"Sentence number {number} says little." for number in range(40))
    chunks = cut(plain(text), ChunkSettings(300, 80, "structure"))
    overlaps = [before.end - after.start for before, after in pairwise(chunks)]
    assert all(0 < overlap <= 80 for overlap in overlaps)
    assert all(chunk.text.startswith("Sentence") for chunk in chunks)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ARTICLE II\n\nRESEARCH PROGRAM", "ARTICLE II RESEARCH PROGRAM"),
        ("Section 4.2: Notice", "Section 4.2 Notice"),
        ("§ 12 Kündigung", "§ 12 Kündigung"),
        ("III. Licences", "III Licences"),
        ("4.2 Each party keeps what it is told to itself and tells nobody of it, ever", "4.2"),
        ("4.2.1 Form of notice. It is in writing", "4.2.1 Form of notice"),
        ("24. Amendment. No amendment binds without a signature", "24 Amendment"),
        ("14.\n\nTermination: either party may end it", "14 Termination"),
        ("7 Notice", "7 Notice"),
        ("**Schedule B** Prices", "Schedule B Prices"),
        ("last words.   5.1 Payment. It is due", "5.1 Payment"),
    ],
)
def test_forms_of_clauses(line: str, told: str) -> None:
    body = "Words of the text, which go on for long enough. " * 12
    chunks = cut(plain(f"Before.\n\n{line}\n\n{body}"), ChunkSettings(300, 0, "structure"))
    assert chunks[-1].headings == (told,)


def test_a_title_does_not_stand_alone() -> None:
    body = "Words of the section, which go on for long enough. " * 12
    chunks = cut(markdown(f"# One\n\n## Two\n\n{body}"), ChunkSettings(300, 0, "structure"))
    assert chunks[0].text.startswith("# One\n\n## Two\n\nWords")


@pytest.mark.parametrize(
    "line",
    [
        "2.5 million people live here",
        "Section 4 of the agreement provides that",
        "1. Introduction ........ 12",
        "1998 was a good year",
        "12 apples, 4 pears.",
        "7   Source: a filing",
        "12.5\nTotal",
        "1. Wash your hands.",
        "I. Newton wrote it. Then others read it",
    ],
)
def test_what_only_looks_like_a_clause_is_none(line: str) -> None:
    body = "Words of the text. " * 20
    chunks = cut(plain(f"{body}\n{line}\n{body}"), ChunkSettings(500, 0, "structure"))
    assert [chunk.headings for chunk in chunks] == [()] * len(chunks)


def test_semantic_cuts_where_the_words_change() -> None:
    cats = "Cat purr fur paw cat purr. " * 6
    ships = "Ship keel mast sail ship keel. " * 6
    for method in ("cluster", "percentile"):
        chunking = ChunkSettings(400, 0, "semantic", method=method, percentile=70)
        chunks = cut(plain(cats + ships), chunking)
        assert not any("Cat" in chunk.text and "Ship" in chunk.text for chunk in chunks)


def test_semantic_embeds_no_more_texts_than_the_size_asks_for() -> None:
    embedder = BagEmbedder()
    chunk_document(plain("a. " * 20_000), ChunkSettings(1000, 0, "semantic"), tools=ChunkTools(embedder=embedder))
    assert embedder.texts <= 3 * 60_000 // 200


def test_semantic_refuses_vectors_that_are_none() -> None:
    class Broken(BagEmbedder):
        def embed(self, texts: object) -> NDArray[np.float32]:
            assert texts
            return np.full((1, 64), np.nan, dtype=np.float32)

    with pytest.raises(InvalidError) as caught:
        chunk_document(plain("One. Two."), ChunkSettings(200, 0, "semantic"), tools=ChunkTools(embedder=Broken()))
    assert caught.value.code == "vector_shape"


def test_children_name_their_parent() -> None:
    document = markdown(f"# Lease\n\n{CLAUSE}\n\n## Notice\n\n{CLAUSE * 3}")
    chunks = cut(document, ChunkSettings(150, 0, "parent_child", parent_size=600))
    parents = {chunk.parent for chunk in chunks}
    assert None not in parents
    assert 2 <= len(parents) < len(chunks)
    short = cut(plain("One sentence."), ChunkSettings(150, 0, "parent_child"))
    assert [chunk.parent for chunk in short] == [None]


def test_a_page_is_one_chunk() -> None:
    pages = (Page(1, 0, 5), Page(2, 7, 12), Page(3, 14, 2014))
    document = Document("", "One a\n\nTwo b\n\n" + "long " * 400, "application/pdf", pages)
    chunks = cut(document, ChunkSettings(500, 0, "page"))
    assert [(chunk.page, chunk.text) for chunk in chunks[:2]] == [(1, "One a"), (2, "Two b")]
    assert {chunk.page for chunk in chunks[2:]} == {3}
    assert len(chunks) > 4


def test_an_accent_is_not_torn_from_its_letter() -> None:
    text = "e\u0301" * 3000
    for kind in ("sentences", "semantic"):
        chunks = cut(plain(text), ChunkSettings(201, 0, kind) if kind == "semantic" else ChunkSettings(1, 0, kind))
        assert len(chunks) > 1
        assert all(chunk.text.startswith("e") for chunk in chunks)


FIRST = ChunkSettings(400, 0, "semantic")
OTHERS = [
    ChunkSettings(401, 0, "semantic"),
    ChunkSettings(400, 1, "semantic"),
    ChunkSettings(400, 0, "semantic", method="percentile"),
    ChunkSettings(400, 0, "semantic", method="percentile", percentile=80),
    ChunkSettings(400, 0, "semantic", context="none"),
    ChunkSettings(400, 0, "semantic", context="auto"),
    ChunkSettings(400, 0, "parent_child"),
    ChunkSettings(400, 0, "parent_child", parent_size=900),
]


def test_fingerprints_change_with_everything_that_shapes_chunks() -> None:
    found = [chunker_fingerprint(one, "text/plain", tools=tools()) for one in (FIRST, *OTHERS)]
    other_embedder = ChunkTools(embedder=BagEmbedder("test/bag@2"))
    found.append(chunker_fingerprint(FIRST, "text/plain", tools=other_embedder))
    tokens = ChunkSettings(100, 0, "tokens")
    counts = (ChunkTools(TokenCount(name, len)) for name in ("a", "b"))
    found += [chunker_fingerprint(tokens, "text/plain", tools=one) for one in counts]
    assert len(set(found)) == len(found)


def test_a_percentile_that_is_not_used_changes_nothing() -> None:
    other = ChunkSettings(400, 0, "semantic", percentile=80)
    assert chunker_fingerprint(FIRST, "text/plain", tools=tools()) == chunker_fingerprint(
        other, "text/plain", tools=tools()
    )


@pytest.mark.parametrize(("name", "value"), [("parent_size", 100), ("percentile", 0), ("percentile", 100)])
def test_settings_that_cannot_work_are_refused(name: str, value: int) -> None:
    with pytest.raises(InvalidError):
        ChunkSettings(400, 0, "parent_child", **{name: value})  # type: ignore[arg-type]  # one of several keys
