"""Fixtures that several rooms' tests share: throw-away stores, and the project's real data where it is there."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from plimsoll.storage import BlobFolder, Database
from plimsoll.storage.migrations.records import RECORDS

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"


@pytest.fixture
def blobs(tmp_path: Path) -> BlobFolder:
    return BlobFolder(tmp_path / "blobs")


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "records.db", RECORDS)
    yield database
    database.close()


@pytest.fixture
def data() -> Path:
    """The folder of real data sets; the test is skipped where it is absent."""
    if not DATA.is_dir():
        pytest.skip("the real data sets are not on this machine")
    return DATA


def need_tool(name: str) -> str:
    """The path of a program; without it the test is skipped, or fails where nothing may be skipped."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("PLIMSOLL_TEST_REQUIRE_TOOLS") == "1":
            pytest.fail(f"{name} is not installed, and PLIMSOLL_TEST_REQUIRE_TOOLS=1 forbids to skip")
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture
def tesseract() -> str:
    return need_tool("tesseract")
