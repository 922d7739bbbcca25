"""The conformance suite on every engine, the real server and a real object storage included."""

import secrets
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.object_storage import ObjectStorage
from tests.retrieval.engines.conftest import NewStore
from tests.retrieval.engines.shelf import Shelf, lance_options

from plimsoll.retrieval import Index, Snapshot
from plimsoll.retrieval.engines.embedded import EmbeddedIndex, IndexFolder
from plimsoll.retrieval.engines.lance import LanceIndexes
from plimsoll.retrieval.engines.pgvector import PgvectorIndexes
from plimsoll.testing.indexes import DIMENSION, IndexConformance, OpenSnapshot, Shelved, vector_of


def snapshot_of(shelf: Shelf, documents: Sequence[Shelved]) -> Snapshot:
    vectors = {each.document.path: each.vectors for each in documents}
    return shelf.snapshot_of({each.document.path: each.document for each in documents}, vectors, DIMENSION)


class TestEmbedded(IndexConformance):
    @pytest.fixture
    def open_snapshot(self, tmp_path: Path) -> OpenSnapshot:
        shelf = Shelf()

        def open_snapshot(documents: Sequence[Shelved]) -> Index:
            view, parts = IndexFolder(tmp_path / "indexes").open(
                snapshot_of(shelf, documents),
                shelf.read,
                lambda texts: np.array([vector_of(text) for text in texts], np.float32),
            )
            return EmbeddedIndex(view, parts)

        return open_snapshot


class TestLance(IndexConformance):
    @pytest.fixture
    def open_snapshot(self, tmp_path: Path) -> OpenSnapshot:
        shelf, indexes = Shelf(), LanceIndexes(str(tmp_path / "indexes"))
        return lambda documents: indexes.open(snapshot_of(shelf, documents), shelf.read)


class TestLanceInObjectStorage(IndexConformance):
    @pytest.fixture
    def open_snapshot(self, storage: ObjectStorage) -> OpenSnapshot:
        place = f"s3://{storage.bucket}/indexes/{secrets.token_hex(8)}"
        shelf, indexes = Shelf(), LanceIndexes(place, lance_options(storage))
        return lambda documents: indexes.open(snapshot_of(shelf, documents), shelf.read)


class TestPgvector(IndexConformance):
    @pytest.fixture
    def open_snapshot(self, new_store: NewStore) -> OpenSnapshot:
        shelf, indexes = Shelf(), PgvectorIndexes(new_store(DIMENSION))
        return lambda documents: indexes.open(snapshot_of(shelf, documents), shelf.read)
