"""A place that goes away while an index is open: its users are told, and never that there is nothing to find."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.retrieval.engines.conftest import NewStore
from tests.retrieval.engines.shelf import DIMENSION, Shelf, document, vector_of

from plimsoll.kernel.errors import UnavailableError
from plimsoll.retrieval import Filter, Index
from plimsoll.retrieval.engines import Query
from plimsoll.retrieval.engines.lance import LanceIndexes
from plimsoll.retrieval.engines.pgvector import PgvectorIndexes

ASKING: dict[str, Callable[[Index], object]] = {
    "find by words": lambda index: index.find(Query("rope", None, 10)),
    "find by vectors": lambda index: index.find(Query("", vector_of("rope"), 10)),
    "find with a filter": lambda index: index.find(
        Query("rope", vector_of("rope"), 10, Filter.from_json({"path": {"ne": "7.txt"}}), frozenset({"crew"}))
    ),
    "read": lambda index: index.read([ROW]),
    "span": lambda index: index.span(ROW, 0, 4),
    "vectors": lambda index: index.vectors([ROW]),
}
ROW = 1


@pytest.fixture
def shelf() -> Shelf:
    shelf = Shelf()
    for number in range(40):
        shelf.add(document(f"{number}.txt", [f"rope number{number}", f"tea of ship{number}"]))
    return shelf


@pytest.mark.parametrize("asking", ASKING)
def test_a_folder_of_lance_that_is_gone_is_told(tmp_path: Path, shelf: Shelf, asking: str) -> None:
    snapshot = shelf.snapshot()
    LanceIndexes(str(tmp_path / "place")).open(snapshot, shelf.read)
    # As another process has it, which has read nothing yet.
    index = LanceIndexes(str(tmp_path / "place")).open(snapshot, shelf.read)
    shutil.rmtree(tmp_path / "place")
    with pytest.raises(UnavailableError) as caught:
        ASKING[asking](index)
    assert caught.value.hint
    assert "place" in str(caught.value)


@pytest.mark.parametrize("asking", ASKING)
def test_tables_that_were_pruned_by_another_process_are_told(new_store: NewStore, shelf: Shelf, asking: str) -> None:
    store = new_store(DIMENSION)
    index = PgvectorIndexes(store).open(shelf.snapshot(), shelf.read)
    index.find(Query("rope", vector_of("rope"), 10))
    PgvectorIndexes(new_store(DIMENSION, store._place)).prune([])
    with pytest.raises(UnavailableError) as caught:
        ASKING[asking](index)
    assert caught.value.hint


def test_where_nothing_fits_nothing_is_found_and_that_is_no_error(new_store: NewStore, shelf: Shelf) -> None:
    index = PgvectorIndexes(new_store(DIMENSION)).open(shelf.snapshot(), shelf.read)
    never = Filter.from_json({"nobody": 1})
    assert len(index.find(Query("rope", vector_of("rope"), 10, never)).rows) == 0
    assert len(index.find(Query("zeppelin", None, 10)).rows) == 0
