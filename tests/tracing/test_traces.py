from datetime import timedelta

import pytest
from msgspec.structs import replace

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.ids import new_span_id, new_trace_id
from plimsoll.storage import Database
from plimsoll.tracing import EVALUATION, REPLAY, Span, Trace, TraceMissingError, Traces
from plimsoll.tracing._errors import TraceAmbiguousError

NOW = utc_now()


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


def test_suites_and_replays_are_listed_only_when_asked_for(traces: Traces) -> None:
    served = a_trace()
    traces.write([served, *(replace(a_trace(), environment=name) for name in (EVALUATION, REPLAY))])
    assert [found.id for found in traces.latest("app", 10)] == [served.id]
    assert len(traces.latest("app", 10, tests_too=True)) == 3


def test_applications_do_not_see_each_other(traces: Traces) -> None:
    trace = a_trace()
    traces.write([trace])
    assert traces.latest("other", 10) == ()
    with pytest.raises(TraceMissingError):
        traces.get("other", trace.id)


def test_the_same_beginning_in_another_application_is_in_nobodys_way(traces: Traces) -> None:
    ours, theirs = a_trace(trace_id="ab" + "0" * 30), replace(a_trace(trace_id="ab" + "1" * 30), app="other")
    traces.write([ours, theirs])
    assert traces.get("app", "ab") == ours
    assert traces.get("other", "ab") == theirs


def test_a_prompt_that_is_what_was_sent_is_kept_once(database: Database, traces: Traces) -> None:
    sent = [{"role": "user", "content": "a long question"}]
    trace = replace(a_trace(), question="?", messages=tuple(sent), request={"messages": sent, "parameters": {}})
    traces.write([trace])
    assert traces.get("app", trace.id) == trace
    with database.read() as connection:
        body = bytes(connection.exec_driver_sql("SELECT body FROM piece").scalar_one())
    assert body.count(b"a long question") == 1
