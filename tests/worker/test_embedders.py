"""When embedders are asked whether they are what they were, by whom, and what becomes of an error."""

import fcntl
import logging
import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.flows.conftest import Workshop
from tests.flows.test_refresh import Dock, FailingEmbedder, newer

from plimsoll.bootstrap import Platform
from plimsoll.flows.refresh.watch import EmbedderChecks, EmbedderWatch
from plimsoll.kernel.errors import UnavailableError
from plimsoll.worker import watching_embedders
from plimsoll.worker._embedders import AGAIN, EVERY, EmbedderWatcher


class Harbour:
    """A project with a live release, a clock that is moved by hand, and an embedder that does as it is told."""

    def __init__(self, workshop: Workshop) -> None:
        self.dock = Dock(workshop)
        self.dock.settings("{gate: [ask]}")
        self.dock.ship(self.dock.release())
        self.lock = workshop.home / "embedders-harbour.lock"
        self.moment = datetime.now(UTC)
        self.fails: Callable[[np.ndarray], np.ndarray] | None = None
        self.asked = 0
        self.looks = threading.Semaphore(0)

    def watcher(self, *, at_start: bool = True) -> EmbedderWatcher:
        opened: Any = lambda: nullcontext(Watched(self, self.dock.platform))  # noqa: E731  # as short as a fixture
        return EmbedderWatcher(opened, self.lock, threading.Event(), at_start=at_start, now=lambda: self.moment)

    def forward(self, span: timedelta) -> None:
        self.moment += span


class Watched:
    """A platform with the embedder of the test."""

    def __init__(self, harbour: Harbour, platform: Platform) -> None:
        self._harbour = harbour
        self._platform = platform

    def embedder_watch(self) -> EmbedderWatch:
        watch = self._platform.embedder_watch()
        self._harbour.looks.release()

        def make(settings: Any) -> Any:
            self._harbour.asked += 1
            real = watch.make_embedder(settings)
            return real if self._harbour.fails is None else FailingEmbedder(real, self._harbour.fails)

        return replace(watch, make_embedder=make)


@pytest.fixture
def harbour(workshop: Workshop) -> Harbour:
    return Harbour(workshop)


def gone(_vectors: np.ndarray) -> np.ndarray:
    raise UnavailableError("the embedding server does not answer")


def turned(vectors: np.ndarray) -> np.ndarray:
    return np.roll(vectors, 1, axis=1)


def verdicts(found: EmbedderChecks | None) -> list[str] | None:
    return None if found is None else [check.verdict for check in found.checks]


def test_it_is_asked_at_start_and_then_every_six_hours(harbour: Harbour) -> None:
    watcher = harbour.watcher()
    assert verdicts(watcher.tick()) == ["same"]
    assert watcher.tick() is None
    harbour.forward(EVERY - timedelta(minutes=5))
    assert watcher.tick() is None
    harbour.forward(timedelta(minutes=10))
    assert verdicts(watcher.tick()) == ["same"]
    assert harbour.asked == 2


def test_a_server_asks_at_its_start_and_a_worker_only_when_it_is_time(harbour: Harbour) -> None:
    harbour.watcher().tick()
    harbour.moment = datetime.now(UTC)
    assert harbour.watcher(at_start=False).tick() is None
    assert verdicts(harbour.watcher(at_start=True).tick()) == ["same"]


def test_after_an_embedder_that_does_not_answer_it_is_asked_again_soon(
    harbour: Harbour, caplog: pytest.LogCaptureFixture
) -> None:
    harbour.fails = gone
    watcher = harbour.watcher()
    assert verdicts(watcher.tick()) == ["not checked"]
    assert "was not checked: the embedding server does not answer" in caplog.text
    harbour.fails = None
    harbour.forward(AGAIN + timedelta(minutes=1))
    assert verdicts(watcher.tick()) == ["same"]


def test_what_goes_live_is_asked_about_at_once(harbour: Harbour) -> None:
    watcher = harbour.watcher()
    watcher.tick()
    newer(harbour.dock)
    harbour.dock.ship(harbour.dock.release())
    assert verdicts(watcher.tick()) == ["same"]
    assert watcher.tick() is None


def test_a_clock_that_was_set_back_does_not_put_it_off(harbour: Harbour) -> None:
    watcher = harbour.watcher(at_start=False)
    watcher.tick()
    harbour.forward(-timedelta(days=400))
    assert verdicts(watcher.tick()) == ["same"]


def test_a_change_is_logged_as_a_warning_that_says_what_to_do(
    harbour: Harbour, caplog: pytest.LogCaptureFixture
) -> None:
    harbour.fails = turned
    harbour.watcher().tick()
    (record,) = [record for record in caplog.records if record.name == "plimsoll.worker"]
    assert record.levelno == logging.WARNING
    assert "knowledge texts: the embedder builtin/static is not what it was" in record.getMessage()
    assert "`revision`" in record.getMessage()


def test_whoever_waited_for_another_process_takes_what_that_one_found(harbour: Harbour) -> None:
    waiting = harbour.watcher()
    found: list[EmbedderChecks | None] = []
    with harbour.lock.open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        thread = threading.Thread(target=lambda: found.append(waiting.tick()))
        thread.start()
        for _ in range(2):  # by then it has seen that nobody asked
            harbour.looks.acquire()
        harbour.dock.platform.embedder_watch().check()
    thread.join()
    assert found == [None]
    assert harbour.asked == 0


class Closed:
    """A platform that cannot be opened."""

    def __enter__(self) -> Any:
        raise UnavailableError("the records cannot be read")

    def __exit__(self, *_: object) -> None:
        """Was never open."""


def test_an_installation_that_cannot_be_opened_ends_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    watcher = EmbedderWatcher(Closed, tmp_path / "lock", threading.Event(), at_start=True)
    assert not watcher._ticked()
    assert "embedders were not checked: the records cannot be read" in caplog.text
    watcher._ending.set()
    caplog.clear()
    assert not watcher._ticked()
    assert caplog.text == "", "nothing is said of what breaks because everything ends"


def test_a_watch_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with watching_embedders(Closed, tmp_path / "lock", at_start=True):
        assert set(threading.enumerate()) > before
    assert set(threading.enumerate()) == before


def test_where_nothing_is_live_nothing_is_asked(workshop: Workshop) -> None:
    platform = workshop.open()
    watcher = EmbedderWatcher(lambda: nullcontext(platform), workshop.home / "lock", threading.Event(), at_start=True)
    assert watcher.tick() is None
