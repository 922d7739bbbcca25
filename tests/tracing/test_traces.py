import dataclasses
import logging
import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.errors import UnavailableError
from plimsoll.kernel.ids import new_span_id, new_trace_id
from plimsoll.storage import Database
from plimsoll.storage.migrations.traces import TRACES
from plimsoll.tracing import EVALUATION, REPLAY, BatchedRecorder, Span, Trace, TraceMissingError, Traces
from plimsoll.tracing._errors import TraceAmbiguousError

NOW = utc_now()


@pytest.fixture
def traces(tmp_path: Path) -> Iterator[Traces]:
    database = Database(tmp_path / "traces.db", TRACES)
    yield Traces(database)
    database.close()


def a_trace(number: int = 0, trace_id: str = "") -> Trace:
    root, child = new_span_id(), new_span_id()
    return Trace(
        id=trace_id or new_trace_id(),
        app="app",
        endpoint="ask",
        environment="staging",
        release="sha256:abc",
        release_name="r-abc",
        started_at=NOW + timedelta(seconds=number),
        latency_ms=12.5,
        time_to_first_token_ms=None,
        status="ok",
        error="",
        model="builtin/reader",
        prompt="answer v1",
        input_tokens=7,
        output_tokens=3,
        tokens_estimated=False,
        cost_usd=None,
        question=f"question {number}?",
        request={"messages": [{"role": "user", "content": "question?"}], "parameters": {}},
        answer="yes\u2028<script>",
        answered=True,
        passages=({"id": "p1", "score": 0.5, "text": "…"},),
        messages=({"role": "user", "content": "…"},),
        citations=({"marker": 1, "document": "a.pdf"},),
        spans=(
            Span(root, None, "invoke_workflow app/ask", NOW, NOW + timedelta(milliseconds=12)),
            Span(child, root, "chat", NOW + timedelta(milliseconds=1), NOW, {"gen_ai.usage.input_tokens": 7}, "Error"),
        ),
    )


def test_a_trace_reads_back_whole(traces: Traces) -> None:
    trace = a_trace()
    traces.write([trace])
    assert traces.get("app", trace.id) == trace
    assert traces.get("app", f"chatcmpl-{trace.id}") == trace
    assert traces.get("app", trace.id[:10]) == trace


def test_the_latest_come_first(traces: Traces) -> None:
    traces.write([a_trace(number) for number in (1, 3, 2)])
    assert [found.question for found in traces.latest("app", 2)] == ["question 3?", "question 2?"]
    assert traces.latest("other", 5) == ()


@pytest.mark.parametrize("name", ["", "0" * 32, "zzz", "%", "chatcmpl-"])
def test_an_unknown_trace_is_said(traces: Traces, name: str) -> None:
    traces.write([a_trace()])
    with pytest.raises(TraceMissingError):
        traces.get("app", name)


def test_too_few_digits_are_said(traces: Traces) -> None:
    traces.write([a_trace(trace_id="ab" + "0" * 30), a_trace(trace_id="ab" + "1" * 30)])
    with pytest.raises(TraceAmbiguousError):
        traces.get("app", "ab")


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


def test_a_full_disk_is_logged_and_later_traces_are_written(caplog: pytest.LogCaptureFixture) -> None:
    written: list[Trace] = []

    def full_once(batch: Sequence[Trace]) -> None:
        if not caplog.records:
            raise UnavailableError("the disk is full")
        written.extend(batch)

    recorder = BatchedRecorder(full_once)
    with caplog.at_level(logging.ERROR):
        recorder.record(a_trace())
        recorder.flush()
    later = dataclasses.replace(a_trace(), question="later?")
    recorder.record(later)
    recorder.close()
    assert written == [later]
    assert "lost (1 so far): the disk is full" in caplog.text
    assert recorder.lost == 1


def test_one_hostile_trace_takes_no_other_with_it(traces: Traces) -> None:
    """Tokens beyond 64 bits and lone surrogates cannot be written; what was recorded beside them must be."""
    good = [a_trace(number) for number in range(3)]
    bad = [dataclasses.replace(a_trace(), input_tokens=10**30), dataclasses.replace(a_trace(), question="\udcff")]
    recorder = BatchedRecorder(traces.write)
    for trace in (good[0], bad[0], good[1], bad[1], good[2]):
        recorder.record(trace)
    recorder.close()
    assert {found.id for found in traces.latest("app", 10)} == {trace.id for trace in good}
    assert recorder.lost == 2


def test_a_full_queue_never_blocks_a_request() -> None:
    disk, writing = threading.Event(), threading.Event()

    def wait(_: Sequence[Trace]) -> None:
        writing.set()
        disk.wait()

    recorder = BatchedRecorder(wait, pending=3)
    recorder.record(a_trace())
    assert writing.wait(20)
    for number in range(19):
        recorder.record(a_trace(number))
    assert recorder.lost == 19 - 3
    disk.set()
    recorder.close()


def test_suites_and_replays_are_listed_only_when_asked_for(traces: Traces) -> None:
    served = a_trace()
    traces.write([served, *(dataclasses.replace(a_trace(), environment=name) for name in (EVALUATION, REPLAY))])
    assert [found.id for found in traces.latest("app", 10)] == [served.id]
    assert len(traces.latest("app", 10, tests_too=True)) == 3


def test_applications_do_not_see_each_other(traces: Traces) -> None:
    trace = a_trace()
    traces.write([trace])
    assert traces.latest("other", 10) == ()
    with pytest.raises(TraceMissingError):
        traces.get("other", trace.id)
