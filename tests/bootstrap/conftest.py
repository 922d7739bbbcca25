"""A small project that is built."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.flows.conftest import Workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    shop = Workshop(tmp_path / "harbour")
    yield shop
    shop.close()
