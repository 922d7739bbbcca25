"""Runs commands as a person would, and gives back what they print and how they end."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.flows.conftest import Workshop

from plimsoll.cli import main


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ended]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run one command in a folder. Nothing of this machine's set-up reaches it."""
    for name in [name for name in os.environ if name.startswith("PLIMSOLL_") or name == "OPENAI_API_KEY"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PLIMSOLL_ACTOR", "ada")

    def run(*arguments: str | Path, folder: Path | None = None) -> Ended:
        before = ["-C", str(folder)] if folder else []
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([*before, *map(str, arguments)])
        printed = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, printed.out, printed.err)

    return run


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    workshop = Workshop(tmp_path / "harbour")
    yield workshop
    workshop.close()
