"""A small deterministic embedder, and small indexes."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from plimsoll.documents import Document, Page
from plimsoll.kernel.digest import digest_bytes
from plimsoll.retrieval import (
    Hit,
    Index,
    IndexedDocument,
    SegmentRef,
    Snapshot,
    open_index,
    plan_segments,
    write_segment,
)
from plimsoll.retrieval.chunkers import ChunkSettings, chunk_document
from plimsoll.retrieval.engines.embedded import EmbeddedIndexes
from plimsoll.retrieval.search import Retriever, RetrieverSettings
from plimsoll.storage import BlobFolder, Blobs


class HashEmbedder:
    """Words fall into buckets by their hash; implements `plimsoll.models.Embedder`."""

    name = "test/hash"

    def __init__(self, fingerprint: str = "hash-1", dimension: int = 32) -> None:
        self.fingerprint = fingerprint
        self.dimension = dimension

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            for word in text.lower().split():
                vector[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4]) % self.dimension] += 1
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors /= np.maximum(lengths, 1)
        return vectors


plain = partial(RetrieverSettings, ranking="none", vector_weight=0.3)
"""Settings of a search without the ranker: what both searches found, joined."""

_PLAIN = plain()


class Opened:
    """An index that is open, asked in words."""

    def __init__(self, index: Index, embedder: HashEmbedder) -> None:
        self.index = index
        self._embedder = embedder
        self.chunk_count = index.chunk_count

    def search(self, query: str, settings: RetrieverSettings = _PLAIN) -> tuple[Hit, ...]:
        return asyncio.run(Retriever(self.index, self._embedder, settings).retrieve(query)).hits

    def close(self) -> None:
        self.index.close()


class Library:
    """Documents that come and go, and the index of what is there: a build in small, with its stage cache."""

    def __init__(self, root: Path) -> None:
        self.blobs: Blobs = BlobFolder(root / "blobs")
        self.folder = root / "indexes"
        self.embedder = HashEmbedder()
        self.texts: dict[str, str] = {}
        self.cache: dict[str, SegmentRef] = {}
        self.written = 0

    def document(self, path: str) -> IndexedDocument:
        text = self.texts[path]
        page = Page(number=1, start=0, end=len(text))
        whole = Document(title=f"About {path}", text=text, media_type="text/plain", pages=(page,))
        return IndexedDocument(
            path=path,
            digest=digest_bytes(text.encode()),
            title=whole.title,
            media_type=whole.media_type,
            text=text,
            pages=whole.pages,
            chunks=chunk_document(whole, ChunkSettings(size=80, overlap=10)),
        )

    def snapshot(self) -> Snapshot:
        refs = []
        for plan in plan_segments({path: digest_bytes(text.encode()) for path, text in self.texts.items()}):
            if plan.key not in self.cache:
                members = [self.document(path) for path in plan.paths]
                vectors = self.embedder.embed([text for member in members for text in member.embedding_texts()])
                self.cache[plan.key] = write_segment(self.blobs, members, vectors)
                self.written += 1
            refs.append(self.cache[plan.key])
        return Snapshot(self.embedder.fingerprint, self.embedder.dimension, "test", tuple(refs))

    @property
    def engine(self) -> EmbeddedIndexes:
        return EmbeddedIndexes(self.folder, self.embedder.embed)

    def open(self, snapshot: Snapshot | None = None) -> "Opened":
        return Opened(open_index(snapshot or self.snapshot(), self.blobs, self.engine, self.embedder), self.embedder)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


@pytest.fixture
def ships(library: Library) -> Library:
    """Three documents, each about something else."""
    library.texts = {
        "line.txt": "The load line shows how deep a ship may lie in the water.\n\nSamuel Plimsoll fought for it.",
        "rope.txt": "A rope is made of many strands of hemp. Sailors splice ropes.",
        "tea.txt": "Clippers raced from China with the first tea of the season.",
    }
    return library


@pytest.fixture
def new_library(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Library]:
    return lambda: Library(tmp_path_factory.mktemp("library"))


@pytest.fixture
def other_embedder() -> HashEmbedder:
    return HashEmbedder(fingerprint="hash-2")


@pytest.fixture
def longer_embedder() -> HashEmbedder:
    return HashEmbedder(dimension=64)
