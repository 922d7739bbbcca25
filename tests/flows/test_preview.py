"""What is warned of before a document is built, and how settings are changed."""

from pathlib import Path

import pytest

from plimsoll.flows.preview import PreviewParts, changed, preview
from plimsoll.models import Embedder
from plimsoll.retrieval.chunkers import ChunkSettings


def no_embedder() -> Embedder:
    raise AssertionError


def warnings(tmp_path: Path, text: str, settings: ChunkSettings, reads_tokens: int | None = None) -> dict[str, str]:
    file = tmp_path / "note.txt"
    file.write_text(text)
    found = preview(file, [settings], PreviewParts(no_embedder, reads_tokens))
    return {warned.code: warned.message for warned in found.cuts[0].warnings}


def test_a_good_cut_has_no_warning(tmp_path: Path) -> None:
    text = "\n\n".join(f"Paragraph {number} is long enough to stand for itself here." for number in range(30))
    assert warnings(tmp_path, text, ChunkSettings(400, 40), 256) == {}


def test_chunks_longer_than_the_embedder_reads_are_warned_of(tmp_path: Path) -> None:
    told = warnings(tmp_path, "many words of one sentence go on " * 100, ChunkSettings(1000, 0), 100)
    assert told["longer_than_read"].startswith("chunks with more than the 100 tokens that the embedder reads")


def test_repeated_words_are_warned_of(tmp_path: Path) -> None:
    told = warnings(tmp_path, "\n\n".join(["The same again, and again the same words."] * 3), ChunkSettings(50, 0))
    assert told == {"repeated": "chunks with the same words as another: 3"}


def test_what_a_plug_in_leaves_out_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_preview_chunker.py").write_text("def first(document, settings):\n    return [(0, 50)]\n")
    monkeypatch.syspath_prepend(tmp_path)
    told = warnings(tmp_path, "x" * 50 + " lost words", ChunkSettings(kind="own_preview_chunker:first"))
    assert told == {"lost": "characters in no chunk, white space not counted: 9"}


def test_one_short_document_is_not_tiny(tmp_path: Path) -> None:
    assert warnings(tmp_path, "Short.", ChunkSettings()) == {}


def test_the_histogram_counts_every_chunk_once(tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_text("\n\n".join("word " * number for number in range(1, 200)))
    (cut,) = preview(file, [ChunkSettings(900, 100)], PreviewParts(no_embedder)).cuts
    for bucket in cut.histogram:
        assert bucket.chunks == sum(bucket.least <= chunk.characters <= bucket.most for chunk in cut.chunks)
    assert sum(bucket.chunks for bucket in cut.histogram) == len(cut.chunks)
    assert len(cut.histogram) <= 9


def test_a_smaller_size_takes_the_overlap_with_it() -> None:
    assert changed(ChunkSettings(1000, 150), size=100).overlap == 49
    assert changed(ChunkSettings(1000, 150), size=1).overlap == 0
    assert changed(ChunkSettings(1000, 150), overlap=10).size == 1000
    parents = ChunkSettings(400, 40, "parent_child", parent_size=900)
    assert changed(parents, context="auto").parent_size == 900
    assert changed(parents, size=1000).most_of_parent == 5000
