"""The chunk stage: what is cut again, and what an indexed document is told of its source."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from plimsoll.documents import Document, Heading, Metadata, Page, encode_document
from plimsoll.flows.build._chunking import Chunking
from plimsoll.flows.build.loading import LoadedDocument
from plimsoll.pipelines import CachedStage, StageCache
from plimsoll.retrieval import Chunk
from plimsoll.retrieval.chunkers import ChunkSettings, Contextualizer
from plimsoll.storage import Database
from plimsoll.storage.migrations.cache import CACHE

TEXT = "# Lease\n\n" + "\n\n".join(f"Clause {number} of the lease has its own words." for number in range(60))
FACTS: Metadata = {"author": "Ada", "year": 1}


class Numbered:
    """Writes contexts that only count."""

    fingerprint = "test/numbered"

    def contexts(self, document: Document, chunks: Sequence[Chunk]) -> Sequence[str]:
        return [f"{document.title} {chunk.ordinal}" for chunk in chunks]


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[StageCache]:
    database = Database(tmp_path / "cache.db", CACHE)
    yield StageCache(database)
    database.close()


def chunking(cache: StageCache, settings: ChunkSettings, contextualizer: Contextualizer | None = None) -> Chunking:
    document = Document(
        "lease", TEXT, "text/markdown", (Page(1, 0, len(TEXT)),), metadata=FACTS, headings=(Heading(1, 2, 7),)
    )
    load = CachedStage("load", cache)
    load.remember({"lease@1": encode_document(document)})
    return Chunking(settings, load, CachedStage("chunk", cache), contextualizer=contextualizer)


LEASE = LoadedDocument("contracts/lease.md", "sha256:1", "lease@1")


def test_what_was_cut_is_not_cut_again(cache: StageCache) -> None:
    first = chunking(cache, ChunkSettings(400, 40))
    again = chunking(cache, ChunkSettings(400, 40))
    assert first.through([LEASE]) == again.through([LEASE])
    assert (first.stage.count.done, again.stage.count.done) == (1, 0)


@pytest.mark.parametrize(
    "other",
    [
        ChunkSettings(401, 40),
        ChunkSettings(400, 40, "structure"),
        ChunkSettings(400, 40, "tokens"),
        ChunkSettings(400, 40, context="auto"),
    ],
)
def test_other_settings_cut_again(cache: StageCache, other: ChunkSettings) -> None:
    first, second = chunking(cache, ChunkSettings(400, 40)), chunking(cache, other)
    assert first.fingerprint != second.fingerprint
    first.through([LEASE])
    second.through([LEASE])
    assert second.stage.count.done == 1


def test_chunks_come_back_whole(cache: StageCache) -> None:
    settings = ChunkSettings(120, 0, "parent_child", parent_size=500)
    made, kept = (chunking(cache, settings).through([LEASE])[0] for _ in range(2))
    assert made == kept
    assert all(chunk.text == TEXT[chunk.start : chunk.end] for chunk in kept.chunks)
    assert any(chunk.parent for chunk in kept.chunks)
    assert kept.chunks[-1].headings == ("Lease",)


def test_what_a_contextualizer_writes_is_kept(cache: StageCache) -> None:
    stage = chunking(cache, ChunkSettings(400, 0), Numbered())
    assert stage.fingerprint != chunking(cache, ChunkSettings(400, 0)).fingerprint
    (document,) = stage.through([LEASE])
    assert [chunk.context for chunk in document.chunks[:2]] == ["lease 0", "lease 1"]


def test_the_source_goes_before_the_file(cache: StageCache) -> None:
    said = LoadedDocument(
        "lease.md", "sha256:1", "lease@1", access=("legal",), metadata={"title": "Lease of Shed 7", "author": "Bea"}
    )
    (document,) = chunking(cache, ChunkSettings()).through([said])
    assert (document.title, document.access) == ("Lease of Shed 7", ("legal",))
    assert document.metadata == {"author": "Bea", "year": 1}
