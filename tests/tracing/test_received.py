"""Spans that others send: durable, each once, in any order, and the sums stay right."""

import gzip
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.tracing.test_traces import NOW, a_trace

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.errors import InvalidError
from plimsoll.kernel.ids import new_trace_id
from plimsoll.tracing import Capture, TraceFilter, TraceMissingError, Traces
from plimsoll.tracing.otlp import SpanFacts
from plimsoll.tracing.received import Outcome, Received, Sender, Shipment, _store, _unpack

DAY = datetime(2026, 11, 20, tzinfo=UTC)
START = int(DAY.timestamp()) * 10**9
TRACE = "5b8efff798038103d269b633813fc60c"


def span(number: int, parent: int | None = None, trace: str = TRACE, **attributes: Any) -> dict[str, Any]:
    """A span; its attributes with two underscores for a dot."""
    said = {key.replace("__", "."): value for key, value in attributes.items()}
    kinds: dict[type, str] = {str: "stringValue", int: "intValue", float: "doubleValue", bool: "boolValue"}
    return {
        "traceId": trace,
        "spanId": f"{number:016x}",
        "parentSpanId": "" if parent is None else f"{parent:016x}",
        "name": f"span {number}",
        "startTimeUnixNano": START + number * 10**6,
        "endTimeUnixNano": START + number * 10**6 + 10**9,
        "attributes": [{"key": key, "value": {kinds[type(value)]: value}} for key, value in said.items()],
    }


def call(number: int, parent: int | None, tokens: int, cost: float | None = None, **more: Any) -> dict[str, Any]:
    used: dict[str, Any] = {"gen_ai__usage__input_tokens": tokens, "gen_ai__request__model": "m"}
    if cost is not None:
        used["llm__cost__total"] = cost
    return span(number, parent, gen_ai__operation__name="chat", **used, **more)


def shipped(*spans: dict[str, Any], app: str = "app", sender: Sender = Sender(), **resource: str) -> Shipment:  # noqa: B008  # it never changes
    about = [{"key": key.replace("__", "."), "value": {"stringValue": value}} for key, value in resource.items()]
    body = {"resourceSpans": [{"resource": {"attributes": about}, "scopeSpans": [{"spans": list(spans)}]}]}
    return Shipment(json.dumps(body).encode(), app, is_json=True, sender=sender)


@pytest.fixture
def received(traces: Traces) -> Received:
    return Received(traces)


def sums(traces: Traces) -> tuple[int, int, float | None, dict[str, int]]:
    day = traces.day("app", DAY)
    models = {
        line.key: line.requests for line in traces.costs("app", "model", since=DAY, until=DAY + timedelta(days=1))
    }
    return day.requests, day.input_tokens, day.cost_usd, models


def test_a_trace_that_was_sent_is_listed_and_read_like_any_other(traces: Traces, received: Received) -> None:
    sender = Sender("s-1", "harbour", "leases", "plim_ab")
    root = span(1, None, user__id="u-7", gen_ai__agent__name="clerk", input__value="When?", output__value="Tomorrow.")
    shipment = shipped(
        root, call(2, 1, 7, 0.5), service__name="shop", deployment__environment="production", sender=sender
    )
    assert received.take([shipment]) == [Outcome(2)]
    (line,) = traces.latest("app", 5)
    assert (line.id, line.endpoint, line.environment, line.user_id) == (TRACE, "clerk", "production", "u-7")
    assert (line.input_tokens, line.cost_usd, line.model, line.question) == (7, 0.5, "m", "When?")
    assert (line.team, line.project, line.key, line.source, line.surface) == (
        "harbour",
        "leases",
        "plim_ab",
        "sent",
        "otlp",
    )
    trace = traces.get("app", TRACE[:8])
    assert (trace.question, trace.answer, trace.latency_ms) == ("When?", "Tomorrow.", 1000.0)
    first, second = trace.spans
    assert (first.name, first.parent_id, second.parent_id) == ("span 1", None, first.id)
    assert first.attributes["gen_ai.agent.name"] == "clerk"
    assert first.more["resource"] == {"service.name": "shop", "deployment.environment": "production"}
    assert first.more["start_ns"] == START + 10**6
    found = traces.page("app", TraceFilter(text="tomorrow", user="u-7")).traces
    assert [one.id for one in found] == [TRACE]


SPANS = [span(1), call(2, 1, 10, 0.25), call(3, 2, 10, 0.25), call(4, 1, 5), span(5, 4)]
WHOLE = (1, 15, 0.25, {"m": 2})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(st.permutations(range(len(SPANS))), st.lists(st.integers(1, 3), max_size=4))
def test_spans_may_come_in_any_order_in_any_number_of_requests_and_twice(
    traces: Traces, order: list[int], cuts: list[int]
) -> None:
    """Another trace each time, in the same store: the sums grow by the same."""
    received, before = Received(traces), sums(traces)
    trace = new_trace_id()
    left: Sequence[int] = order
    for cut in [*cuts, len(order)]:
        some, left = left[:cut], left[cut:]
        sent = [{**SPANS[place], "traceId": trace} for place in some]
        received.take([shipped(*sent)] * 2)
    after = sums(traces)
    assert after[0] - before[0] == 1
    assert after[1] - before[1] == WHOLE[1]
    assert round(((after[2] or 0) - (before[2] or 0)) * 10**12) == 25 * 10**10
    assert after[3]["m"] - before[3].get("m", 0) == 2
    line = next(one for one in traces.latest("app", 1000) if one.id == trace)
    assert (line.input_tokens, line.cost_usd) == (15, None)
    assert len(traces.get("app", trace).spans) == len(SPANS)


def test_a_root_that_comes_late_takes_its_place(traces: Traces, received: Received) -> None:
    received.take([shipped(call(2, 1, 10))])
    assert [line.endpoint for line in traces.latest("app", 5)] == ["span 2"]
    received.take([shipped(span(1, None, user__id="u-7", gen_ai__workflow__name="ask"))])
    (line,) = traces.latest("app", 5)
    assert (line.endpoint, line.user_id, line.input_tokens) == ("ask", "u-7", 10)
    lines = traces.costs("app", "endpoint", since=DAY, until=DAY + timedelta(days=1))
    assert [(one.key, one.requests) for one in lines] == [("ask", 1)]


def test_requests_that_wait_together_are_one_transaction_and_none_spoils_the_others(
    traces: Traces, received: Received
) -> None:
    zipped = gzip.compress(shipped(span(1, trace="aa" * 16)).body)
    cut = Shipment(zipped[:20], "app", is_json=True, is_gzip=True)
    outcomes = received.take(
        [
            Shipment(b"{", "app", is_json=True),
            Shipment(zipped, "app", is_json=True, is_gzip=True),
            cut,
            Shipment(b"no gzip", "app", is_gzip=True),
            shipped(span(2, trace="bb" * 16), span(3, trace="00" * 16)),
            Shipment(b"\x0a\x01", "app"),
        ]
    )
    assert [type(outcome).__name__ for outcome in outcomes] == [
        "SentInvalidError",
        "Outcome",
        "SentInvalidError",
        "SentInvalidError",
        "Outcome",
        "SentInvalidError",
    ]
    told = outcomes[4]
    assert isinstance(told, Outcome)
    assert (told.spans, told.rejected) == (1, 1)
    assert "valid ids" in told.message
    assert len(traces.latest("app", 5)) == 2


def test_what_unpacks_to_too_much_is_refused_before_it_is_unpacked(
    traces: Traces, received: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_unpack, "MOST_BYTES", 1 << 20)
    bomb = Shipment(gzip.compress(bytes(2 << 20)), "app", is_gzip=True)
    (outcome,) = received.take([bomb])
    assert isinstance(outcome, InvalidError)
    assert outcome.code == "otlp_too_large"
    assert traces.latest("app", 5) == ()


def test_a_trace_has_room_for_so_many_spans(
    traces: Traces, received: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_store, "MOST_SPANS", 3)
    assert received.take([shipped(*(span(number) for number in (1, 2)))]) == [Outcome(2)]
    (outcome,) = received.take([shipped(*(span(number) for number in (2, 3, 4, 5)))])
    assert isinstance(outcome, Outcome)
    assert (outcome.spans, outcome.rejected) == (2, 2)
    assert len(traces.get("app", TRACE).spans) == 3


def test_nobody_writes_into_the_trace_of_another_application(traces: Traces, received: Received) -> None:
    served = a_trace()
    traces.write([served])
    theirs = span(9, None, trace=served.id)
    (outcome,) = received.take([shipped(theirs, app="other")])
    assert isinstance(outcome, Outcome)
    assert (outcome.spans, outcome.rejected) == (0, 1)
    with pytest.raises(TraceMissingError):
        traces.get("other", served.id)
    assert traces.get("app", served.id) == served


def test_spans_for_a_request_that_was_served_join_it_and_change_no_sum(traces: Traces, received: Received) -> None:
    served = a_trace()
    traces.write([served])
    before = traces.costs("app", "model", since=NOW - timedelta(days=1), until=NOW + timedelta(days=1))
    received.take([shipped({**call(9, 1, 1000, 5.0), "traceId": served.id})])
    assert traces.costs("app", "model", since=NOW - timedelta(days=1), until=NOW + timedelta(days=1)) == before
    trace = traces.get("app", served.id)
    assert trace.spans[:2] == served.spans
    assert trace.spans[2].name == "span 9"
    assert (trace.question, trace.source) == (served.question, "served")


@pytest.mark.parametrize("served_first", [True, False])
def test_a_call_that_passed_through_this_server_costs_once(
    traces: Traces, received: Received, served_first: bool
) -> None:

    joined = f"{TRACE}-{2:016x}"
    served = replace(a_trace(), started_at=DAY, joined=joined, cost_usd=0.5, model="m")
    told = shipped(span(1), call(2, 1, 1000, 0.6), call(3, 1, 4, 0.125))
    if served_first:
        traces.write([served])
        received.take([told])
    else:
        received.take([told])
        traces.write([served])
    lines = {line.key: line.cost_usd for line in traces.costs("app", "model", since=DAY, until=DAY + timedelta(days=1))}
    assert lines == {"m": 0.625}
    sent = traces.costs("app", "day", since=DAY, until=DAY + timedelta(days=1), source="sent")
    assert [line.cost_usd for line in sent] == [0.125]
    assert [line.id for line in traces.page("app", TraceFilter(joined=TRACE)).traces] == [served.id]
    received.take([shipped(call(4, 1, 8, 0.25))])
    again = traces.costs("app", "day", since=DAY, until=DAY + timedelta(days=1))
    assert [line.cost_usd for line in again] == [0.875]


def test_a_price_is_looked_up_where_none_is_told(traces: Traces) -> None:
    def price(facts: SpanFacts) -> int | None:
        return 1000 * (facts.input_tokens or 0) if facts.model == "m" else None

    Received(traces, price).take([shipped(call(2, None, 5), call(3, None, 7, 0.5), call(4, None, 7, model="x"))])
    (line,) = traces.costs("app", "day", since=DAY, until=DAY + timedelta(days=1))
    assert line.cost_usd == 0.5 + 12e-9


def test_off_keeps_facts_and_no_content(traces: Traces) -> None:
    off = Traces(traces.database, Capture("off"))
    said: dict[str, Any] = {
        "input__value": "When does Ada leave?",
        "custom__note": "Ada",
        "gen_ai__request__model": "m",
        "n": 7,
    }
    failed = {**span(1, None, **said), "status": {"code": 2, "message": "Ada is gone"}}
    failed["events"] = [{"name": "exception", "attributes": [{"key": "m", "value": {"stringValue": "Ada"}}]}]
    Received(off).take([shipped(failed, call(2, 1, 9))])
    trace = traces.get("app", TRACE)
    assert "Ada" not in repr(trace)
    assert trace.spans[0].attributes == {"gen_ai.request.model": "m", "n": 7}
    assert (trace.question, trace.status, trace.input_tokens, trace.error) == ("", "error", 9, "")
    assert traces.page("app", TraceFilter(text="Ada")).traces == ()


def test_redacted_changes_every_text_that_may_be_content(traces: Traces) -> None:
    capture = Capture("redacted", redact=lambda text: text.replace("Ada", "[NAME]"))
    Received(Traces(traces.database, capture)).take([shipped(span(1, None, input__value="Is Ada in?", x="Ada"))])
    trace = traces.get("app", TRACE)
    assert trace.question == "Is [NAME] in?"
    assert trace.spans[0].attributes == {"input.value": "Is [NAME] in?", "x": "[NAME]"}
    assert traces.latest("app", 1)[0].question == "Is [NAME] in?"


MAIL = "bob@example.org"


def told_everywhere(trace: str = TRACE) -> dict[str, Any]:
    """A span that names somebody wherever OTLP has room for it, but in its own name."""
    said = [{"key": "note", "value": {"stringValue": MAIL}}, {"key": MAIL, "value": {"intValue": "1"}}]
    link = {"traceId": "ab" * 16, "spanId": "cd" * 8, "traceState": f"x={MAIL}", "attributes": said}
    event = {"timeUnixNano": START, "name": f"told {MAIL}", "attributes": said}
    asked = span(1, None, trace, input__value=f"Is {MAIL} in?")
    return {
        **asked,
        "attributes": [*asked["attributes"], *said],
        "traceState": f"vendor={MAIL}",
        "status": {"code": 2, "message": MAIL},
        "events": [event, {"timeUnixNano": START, "name": "gen_ai.choice", "attributes": []}],
        "links": [link],
    }


def sent_by(told: dict[str, Any]) -> Shipment:
    """The span, from a process and a library that name somebody too."""
    about = [
        {"key": "service.name", "value": {"stringValue": "shop"}},
        {"key": "process.command_args", "value": {"stringValue": f"--for {MAIL}"}},
    ]
    scope = {"name": "@shop/agent", "version": MAIL, "attributes": about[1:]}
    body = {"resourceSpans": [{"resource": {"attributes": about}, "scopeSpans": [{"scope": scope, "spans": [told]}]}]}
    return Shipment(json.dumps(body).encode(), "app", is_json=True)


def everything_in(database: Any) -> bytes:
    """What the database holds of traces, in the clear."""
    with database.read() as connection:
        tables = ("trace", "piece", "origin", "usage_hour")
        rows = [row for table in tables for row in connection.exec_driver_sql(f"SELECT * FROM {table}")]  # noqa: S608  # names of ours
    return b"".join(cell if isinstance(cell, bytes) else str(cell).encode() for row in rows for cell in row)


@pytest.mark.parametrize("content", ["off", "redacted"])
def test_nobody_is_named_where_content_may_not_be_kept(traces: Traces, content: Any) -> None:
    capture = Capture(content, redact=lambda text: text.replace(MAIL, "[EMAIL]"))
    assert Received(Traces(traces.database, capture)).take([sent_by(told_everywhere())]) == [Outcome(1)]
    assert MAIL.encode() not in everything_in(traces.database)
    (kept,) = traces.get("app", TRACE).spans
    more: dict[str, Any] = dict(kept.more)
    assert (kept.name, more["resource"]["service.name"], more["scope"]) == ("span 1", "shop", "@shop/agent")
    assert [event[1] for event in more["events"]] == ["" if content == "off" else "told [EMAIL]", "gen_ai.choice"]


def test_the_rest_of_a_share_keeps_nothing_of_where_spans_came_from(traces: Traces) -> None:
    capture = Capture("full", {"": 0.0})
    Received(Traces(traces.database, capture)).take([sent_by(told_everywhere())])
    assert MAIL.encode() not in everything_in(traces.database)


def test_what_is_sealed_is_sealed_with_where_it_came_from(traces: Traces) -> None:
    def turned(_who: str, content: bytes) -> bytes:
        return bytes(byte ^ 85 for byte in content)

    sealed = Traces(traces.database, Capture("sealed", seal=turned, unseal=turned))
    Received(sealed).take([sent_by(told_everywhere())])
    assert MAIL.encode() not in everything_in(traces.database)
    more: dict[str, Any] = dict(sealed.get("app", TRACE).spans[0].more)
    assert more["resource"]["process.command_args"] == f"--for {MAIL}"
    assert sealed.count_subject(MAIL) == 1


def tokens(traces: Traces) -> dict[str, int]:
    lines = traces.costs("app", "model", since=DAY, until=DAY + timedelta(days=1))
    return {line.key: line.input_tokens for line in lines}


AGENT = span(1, None, gen_ai__operation__name="invoke_agent")
CURL = {**span(5, 4, http__request__method="POST"), "kind": 3}
SERVED = replace(a_trace(), started_at=DAY, team="a", model="ours", target="ours", input_tokens=3)


@pytest.mark.parametrize("served_first", [True, False])
@pytest.mark.parametrize(
    ("parent", "team", "counted"),
    [
        (1, "a", 100 + 20),  # the agent itself: what else it called was not served here
        (2, "b", 100 + 20),  # another team, who may only know the ids
        (2, "a", 20),
        (4, "a", 100),
        (5, "a", 100),  # the HTTP call below the model's
        (9, "a", 100 + 20),  # a span that nobody sent
    ],
)
def test_only_a_call_of_the_same_team_that_was_served_takes_its_cost_away(
    traces: Traces, received: Received, parent: int, team: str, counted: int, served_first: bool
) -> None:
    served = replace(SERVED, team=team, joined=f"{TRACE}-{parent:016x}")
    told = shipped(AGENT, call(2, 1, 100), call(4, 1, 20), CURL, sender=Sender(team="a"))
    for step in (0, 1) if served_first else (1, 0):
        if step:
            received.take([told])
        else:
            traces.write([served])
    assert tokens(traces) == {"m": counted, "ours": 3}


def test_a_call_that_is_made_again_takes_its_cost_away_once(traces: Traces, received: Received) -> None:
    """A client that tries again names the same span for both requests."""
    served = replace(SERVED, joined=f"{TRACE}-{2:016x}")
    received.take([shipped(AGENT, call(2, 1, 100), call(4, 1, 20), sender=Sender(team="a"))])
    traces.write([served])
    traces.write([replace(served, id=new_trace_id()), replace(served, id=new_trace_id())])
    assert tokens(traces) == {"m": 20, "ours": 9}


def test_spans_that_are_older_than_what_is_kept_are_rejected(traces: Traces) -> None:
    """They may have been forgotten: counted they were already."""
    received = Received(traces, keeps_days=30)
    now = int(utc_now().timestamp()) * 10**9
    young, old = call(1, None, 7), call(2, None, 7, trace="cd" * 16)
    young |= {"startTimeUnixNano": now, "endTimeUnixNano": now}
    old |= {"startTimeUnixNano": now - 31 * 86_400 * 10**9, "endTimeUnixNano": now}
    (outcome,) = received.take([shipped(old, young)])
    assert isinstance(outcome, Outcome)
    assert (outcome.spans, outcome.rejected) == (1, 1)
    assert "too old" in outcome.message
    assert [line.id for line in traces.latest("app", 5)] == [TRACE]


def test_a_key_of_a_team_adds_nothing_to_the_trace_of_another(traces: Traces, received: Received) -> None:
    served = replace(a_trace(), team="a")
    traces.write([served])
    strange = shipped(span(8, None, trace=served.id), sender=Sender(team="b"))
    mixed = [shipped(span(1), sender=Sender(team="a")), shipped(span(2), span(3), sender=Sender(team="b"))]
    outcomes = [outcome for outcome in received.take([strange, *mixed]) if isinstance(outcome, Outcome)]
    assert [(one.spans, one.rejected) for one in outcomes] == [(0, 1), (1, 0), (0, 2)]
    allowed = [shipped(span(8, trace=served.id), sender=Sender(team=team)) for team in ("a", "")]
    assert received.take(allowed) == [Outcome(1), Outcome(1)]
    assert traces.get("app", served.id).spans[2].name == "span 8"
    assert [one.name for one in traces.get("app", TRACE).spans] == ["span 1"]
