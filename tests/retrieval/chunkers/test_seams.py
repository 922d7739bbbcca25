from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from plimsoll.documents import Document, Page
from plimsoll.retrieval.chunkers import ChunkSettings, chunk_document
from plimsoll.retrieval.chunkers._seams import HEADING, content_seams

RADIUS = 300
PARAGRAPHS = st.lists(
    st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=80), max_size=60
)


def chunks_of(text: str) -> set[str]:
    document = Document("t", text, "text/plain", (Page(1, 0, len(text)),))
    return {chunk.text for chunk in chunk_document(document, ChunkSettings(200, 20))}


@given(PARAGRAPHS)
def test_seams_stand_at_paragraphs_and_not_too_close(paragraphs: list[str]) -> None:
    text = "\n\n".join(paragraphs)
    seams = content_seams(text, (0, len(text)), RADIUS)
    assert all(text[seam - 2 : seam] == "\n\n" for seam in seams)
    assert all(later - earlier > RADIUS for earlier, later in pairwise(seams))


@given(PARAGRAPHS, st.text(st.characters(codec="ascii", categories=["L"]), min_size=1, max_size=40))
def test_an_edit_moves_no_seam_beyond_the_radius(paragraphs: list[str], word: str) -> None:
    text = "\n\n".join(paragraphs)
    longer = f"{word}\n\n{text}"
    shift = len(longer) - len(text)
    far = 2 * RADIUS
    before = {seam for seam in content_seams(text, (0, len(text)), RADIUS) if seam > far}
    after = {seam - shift for seam in content_seams(longer, (0, len(longer)), RADIUS) if seam - shift > far}
    assert before == after


def test_a_word_near_the_beginning_leaves_the_chunks_of_the_rest_alone() -> None:
    text = "\n\n".join(
        f"{number}. Term {number} of this contract has its own words: {number * 7919}." for number in range(800)
    )
    before, after = chunks_of(text), chunks_of(text.replace("Term 5 of", "Term five of the parts of", 1))
    assert len(after - before) <= 16
    assert len(before) > 150


def test_equal_paragraphs_do_not_all_become_seams() -> None:
    text = "the same again\n\n" * 2000
    assert len(content_seams(text, (0, len(text)), RADIUS)) <= 2


def test_sections_of_markdown_are_parted_at_their_headings() -> None:
    text = "\n".join(f"## Part {number}\n\nOne.\n\nTwo.\n\nThree.\n" for number in range(200))
    seams = content_seams(text, (0, len(text)), RADIUS, HEADING)
    assert seams
    assert all(text[seam:].startswith("## ") for seam in seams)
