"""Places for engines that are not embedded."""

import secrets
from collections.abc import Callable, Iterator

import pytest
from tests.object_storage import ObjectStorage, object_storage

from plimsoll.retrieval.engines._store import PgvectorStore
from plimsoll.storage import PostgresPlace

NewStore = Callable[..., PgvectorStore]


@pytest.fixture(scope="session")
def storage() -> Iterator[ObjectStorage]:
    """A real S3 server."""
    with object_storage() as running:
        yield running


@pytest.fixture
def new_store(postgres_url: str) -> Iterator[NewStore]:
    """Tables in a schema of their own, or in one that is there, for vectors of some dimension."""
    stores: list[PgvectorStore] = []

    def make(dimension: int, place: PostgresPlace | None = None) -> PgvectorStore:
        place = place or PostgresPlace(postgres_url, f"index_{secrets.token_hex(8)}")
        stores.append(PgvectorStore(place, dimension))
        return stores[-1]

    yield make
    for store in stores:
        store.close()
