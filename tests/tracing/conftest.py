"""A store of traces on each engine."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.conftest import ENGINES

from plimsoll.storage import Database
from plimsoll.storage.migrations.traces import TRACES
from plimsoll.tracing import Traces

if TYPE_CHECKING:
    from tests.conftest import Schemas


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of traces."""
    if request.param == "sqlite":
        opened = Database(tmp_path / "traces.db", TRACES)
    else:
        schemas: Schemas = request.getfixturevalue("schemas")
        opened = Database(schemas.empty("traces", TRACES), TRACES)
    yield opened
    opened.close()


@pytest.fixture
def traces(database: Database) -> Traces:
    """An empty store."""
    return Traces(database)
