"""A place for the jobs of a test, and processes that are its worker."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.flows.conftest import Workshop

from plimsoll.worker import Jobs, JobsPlace

VICTIM = Path(__file__).with_name("job_victim.py")


@pytest.fixture
def place(tmp_path: Path) -> JobsPlace:
    return JobsPlace("harbour", tmp_path / "home" / "jobs.db")


@pytest.fixture
def jobs(place: JobsPlace) -> Iterator[Jobs]:
    with Jobs(place) as opened:
        yield opened


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    workshop = Workshop(tmp_path / "harbour")
    yield workshop
    workshop.close()


class Victims:
    """Makes workers, each a child process of a process that has paid for the imports."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def work(self, place: JobsPlace, log: Path, *, kill: str = "-", until: str = "idle") -> int:
        """Be the worker until no job is left, or until it is killed there; says how it ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{place.file}\t{log}\t{kill}\t{until}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@pytest.fixture(scope="session")
def victims() -> Iterator[Victims]:
    command = [sys.executable, str(VICTIM)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Victims(process)
        assert process.stdin is not None
        process.stdin.close()
