from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import ENGINES, Schemas

from plimsoll.evaluation.cases import CaseStore
from plimsoll.storage import Database, PostgresPlace
from plimsoll.storage.migrations.evaluations import EVALUATIONS


@pytest.fixture(params=ENGINES)
def case_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CaseStore]:
    place: Path | PostgresPlace = tmp_path / "evaluations.db"
    if request.param == "postgres":
        schemas: Schemas = request.getfixturevalue("schemas")
        place = schemas.empty("evaluations", EVALUATIONS)
    opened = Database(place, EVALUATIONS)
    yield CaseStore(opened)
    opened.close()
