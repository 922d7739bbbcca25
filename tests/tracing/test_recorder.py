"""The recorder: never in the way of a request, never silent about what it loses."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.tracing.test_traces import a_trace

from plimsoll.kernel.errors import InvalidError, UnavailableError
from plimsoll.storage import Database
from plimsoll.storage.migrations.traces import TRACES
from plimsoll.tracing import BatchedRecorder, Trace, Traces, _recorder
from plimsoll.tracing._recorder import Lost

PATIENCE_S = 20


@pytest.fixture
def traces(tmp_path: Path) -> Iterator[Traces]:
    database = Database(tmp_path / "traces.db", TRACES)
    yield Traces(database)
    database.close()


class Disk:
    """A place to write that is gone until it is mended; it says when somebody tried."""

    def __init__(self) -> None:
        self.gone = True
        self.tried = threading.Event()
        self.written: list[Trace] = []

    def write(self, batch: Sequence[Trace]) -> None:
        self.tried.set()
        if self.gone:
            raise UnavailableError("the disk is full")
        self.written.extend(batch)


def test_everything_recorded_is_on_disk_after_close(traces: Traces) -> None:
    recorder = BatchedRecorder(traces.write)
    for number in range(500):
        recorder.record(a_trace(number))
    recorder.close()
    recorder.close()
    assert len(traces.latest("app", 1000)) == 500


def test_flush_waits_for_what_was_recorded_before(traces: Traces) -> None:
    recorder = BatchedRecorder(traces.write)
    trace = a_trace()
    recorder.record(trace)
    recorder.flush()
    assert traces.get("app", trace.id) == trace
    recorder.close()


def test_a_place_in_trouble_loses_nothing_that_fits_in_memory(caplog: pytest.LogCaptureFixture) -> None:
    disk = Disk()
    recorder = BatchedRecorder(disk.write)
    with caplog.at_level(logging.WARNING):
        given = [a_trace(number) for number in range(100)]
        recorder.record(given[0])
        assert disk.tried.wait(PATIENCE_S)
        for trace in given[1:]:
            recorder.record(trace)
        while not recorder.trouble:
            disk.tried.clear()
            assert disk.tried.wait(PATIENCE_S)
        assert recorder.trouble == "the disk is full"
        disk.gone = False
        recorder.flush()
    assert [trace.id for trace in disk.written] == [trace.id for trace in given]
    assert (recorder.lost, recorder.trouble) == (0, "")
    assert "traces cannot be written, and wait: the disk is full" in caplog.text
    assert "traces are written again" in caplog.text
    recorder.close()


def test_what_does_not_fit_is_counted_and_said(caplog: pytest.LogCaptureFixture) -> None:
    disk = Disk()
    recorder = BatchedRecorder(disk.write, pending=3)
    recorder.record(a_trace())
    assert disk.tried.wait(PATIENCE_S)
    with caplog.at_level(logging.ERROR):
        for number in range(19):
            recorder.record(a_trace(number))
    assert recorder.lost == 19 - 3
    assert "is lost (1 so far): too many traces are waiting for the disk" in caplog.text
    disk.gone = False
    recorder.close()
    assert len(disk.written) == 1 + 3


def test_a_place_that_stays_gone_does_not_keep_the_process_from_ending(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_recorder, "_CLOSING_S", 0.0)
    disk = Disk()
    recorder = BatchedRecorder(disk.write)
    with caplog.at_level(logging.ERROR):
        for number in range(5):
            recorder.record(a_trace(number))
        recorder.close()
    assert recorder.lost == 5
    assert disk.written == []


def test_one_hostile_trace_takes_no_other_with_it(traces: Traces) -> None:
    """Tokens beyond 64 bits and lone surrogates cannot be written; what was recorded beside them must be."""
    good = [a_trace(number) for number in range(3)]
    bad = [replace(a_trace(), input_tokens=10**30), replace(a_trace(), question="\udcff")]
    recorder = BatchedRecorder(traces.write)
    for trace in (good[0], bad[0], good[1], bad[1], good[2]):
        recorder.record(trace)
    recorder.close()
    assert {found.id for found in traces.latest("app", 10)} == {trace.id for trace in good}
    assert recorder.lost == 2


def test_what_a_process_lost_every_process_sees(traces: Traces, tmp_path: Path) -> None:
    bad = [replace(a_trace(number), input_tokens=10**30) for number in range(3)]
    recorder = BatchedRecorder(traces.write, tell_lost=traces.count_lost)
    for trace in (bad[0], a_trace(10), bad[1], replace(bad[2], app="another")):
        recorder.record(trace)
    recorder.flush()
    database = Database(tmp_path / "traces.db", TRACES)
    other = Traces(database)
    try:
        assert (other.lost("app"), other.lost("another"), other.lost("a third")) == (2, 1, 0)
        assert other.lost("app", since=bad[0].started_at) == 2
        assert other.lost("app", since=bad[0].started_at + timedelta(hours=1)) == 0
        assert other.day("app", bad[0].started_at).requests == 1
    finally:
        recorder.close()
        database.close()


def test_losses_that_cannot_be_counted_now_are_counted_later() -> None:
    told: Counter[str] = Counter()
    tries = 0

    def tell(lost: Lost) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise UnavailableError("busy")
        for (app, _, _), count in lost.items():
            told[app] += count

    def refuse(batch: Sequence[Trace]) -> None:
        if len(batch) > 1 or batch[0].question == "bad":
            raise ValueError

    recorder = BatchedRecorder(refuse, tell_lost=tell)
    recorder.record(replace(a_trace(), question="bad"))
    recorder.flush()
    assert (tries, told) == (1, {})
    recorder.record(a_trace(1))
    recorder.flush()
    assert (tries, told) == (2, {"app": 1})
    recorder.close()
    assert (tries, recorder.lost) == (2, 1)


def test_while_the_place_is_gone_nobody_waits_for_losses_to_be_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_recorder, "_CLOSING_S", 0.0)
    told: list[Lost] = []
    recorder = BatchedRecorder(Disk().write, tell_lost=told.append)
    recorder.record(a_trace())
    recorder.close()
    assert (recorder.lost, told) == (1, [])


def test_a_full_queue_never_blocks_a_request() -> None:
    disk, writing = threading.Event(), threading.Event()

    def wait(_: Sequence[Trace]) -> None:
        writing.set()
        disk.wait()

    recorder = BatchedRecorder(wait, pending=3)
    recorder.record(a_trace())
    assert writing.wait(PATIENCE_S)
    for number in range(19):
        recorder.record(a_trace(number))
    assert recorder.lost == 19 - 3
    disk.set()
    recorder.close()


def nothing(_: Sequence[Trace]) -> None:
    """Write nowhere."""


def test_who_sends_is_told_when_it_is_done() -> None:
    taken: list[str] = []

    def take(given: Sequence[str]) -> list[object]:
        taken.extend(given)
        return [InvalidError("no OTLP") if one == "bad" else one.upper() for one in given]

    recorder = BatchedRecorder(nothing, take=take)
    good, bad = recorder.submit("good", 4), recorder.submit("bad", 3)
    assert good.result(PATIENCE_S) == "GOOD"
    with pytest.raises(InvalidError):
        bad.result(PATIENCE_S)
    recorder.close()
    assert taken == ["good", "bad"]


def test_who_sends_while_the_place_is_gone_is_told_so() -> None:
    def take(_: Sequence[str]) -> list[object]:
        raise UnavailableError("the disk is full")

    recorder = BatchedRecorder(nothing, take=take)
    with pytest.raises(UnavailableError):
        recorder.submit("x", 1).result(PATIENCE_S)
    assert recorder.trouble == ""
    recorder.close()


def test_more_than_fits_in_memory_is_not_taken() -> None:
    writing, disk = threading.Event(), threading.Event()

    def take(given: Sequence[str]) -> list[object]:
        writing.set()
        disk.wait()
        return list(given)

    recorder = BatchedRecorder(nothing, take=take)
    first = recorder.submit("large", 60 << 20)
    assert writing.wait(PATIENCE_S)
    with pytest.raises(UnavailableError) as refused:
        recorder.submit("larger", 5 << 20)
    assert refused.value.retry_after_s == 1.0
    small = recorder.submit("small", 3 << 20)
    disk.set()
    assert (first.result(PATIENCE_S), small.result(PATIENCE_S)) == ("large", "small")
    recorder.submit("larger", 5 << 20).result(PATIENCE_S)
    recorder.close()


def test_idle_time_is_used_and_trouble_in_it_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    worked = threading.Event()

    def idle() -> bool:
        worked.set()
        raise RuntimeError("some fault")

    recorder = BatchedRecorder(nothing, idle=idle)
    assert worked.wait(PATIENCE_S)
    recorder.record(a_trace())
    recorder.flush()
    recorder.close()
    assert recorder.lost == 0
    assert "work beside the writing of traces failed" in caplog.text


@pytest.mark.parametrize("count", [1, 40])
def test_others_are_given_what_was_written(count: int) -> None:
    passed: list[Trace] = []
    after: Callable[[Sequence[Trace]], None] = passed.extend
    recorder = BatchedRecorder(nothing, after=after)
    given = [a_trace(number) for number in range(count)]
    for trace in given:
        recorder.record(trace)
    recorder.close()
    assert passed == given
