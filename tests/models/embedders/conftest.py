from pathlib import Path

import pytest
from tests.models.embedders.tiny import write_model


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny random BERT. Nobody changes it."""
    return write_model(tmp_path_factory.mktemp("models") / "tiny")
