"""What guardrails found: listed and counted from the notes in traces."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import text
from tests.tracing.test_traces import a_trace

from plimsoll.kernel.ids import new_trace_id
from plimsoll.tracing import EVALUATION, Capture, Trace, Traces
from plimsoll.tracing._errors import PlaceOfPageError
from plimsoll.tracing.triggers import NO_ANSWER, Asked, TriggerFilter, Triggers

BEGAN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def note(check: str = "pii", kind: str = "email", **changes: Any) -> Mapping[str, Any]:
    given = {"stage": "input", "action": "redact", "count": 2, "score": 0.9, "version": "1a"}
    return {**given, "check": check, "kind": kind, **changes}


def request(minute: int, *notes: Mapping[str, Any], **changes: Any) -> Trace:
    began = BEGAN + timedelta(minutes=minute)
    trace = replace(a_trace(0, new_trace_id()), started_at=began, guardrails=notes, endpoint="ask")
    return replace(trace, **changes)


@pytest.fixture
def triggers(traces: Traces) -> Triggers:
    return Triggers(traces)


def test_every_note_of_a_trace_is_a_trigger_the_newest_first(traces: Traces, triggers: Triggers) -> None:
    first, second = request(0, note()), request(1, note("injection", "override", score=0.7, action="block"), note())
    traces.write([first, request(2), second])
    found = triggers.page(first.app, TriggerFilter()).triggers
    assert [(one.trace, one.check, one.kind, one.action) for one in found] == [
        (second.id, "pii", "email", "redact"),
        (second.id, "injection", "override", "block"),
        (first.id, "pii", "email", "redact"),
    ]
    assert (found[0].count, found[0].score, found[0].version, found[0].at) == (2, 0.9, "1a", second.started_at)
    assert (found[0].endpoint, found[0].release) == ("ask", second.release)


def test_what_came_since_is_read_before_anything_is_told(traces: Traces, triggers: Triggers) -> None:
    one = request(0, note())
    traces.write([one])
    assert len(triggers.page(one.app, TriggerFilter()).triggers) == 1
    traces.write([request(1, note())])
    assert len(triggers.page(one.app, TriggerFilter()).triggers) == 2
    seen: list[tuple[int, int]] = []
    traces.write([request(2, note())])
    triggers.catch_up(lambda done, total: seen.append((done, total)))
    assert seen[-1] == (3, 3)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (TriggerFilter(check="pii"), 2),
        (TriggerFilter(version="2b"), 1),
        (TriggerFilter(stage="output"), 1),
        (TriggerFilter(action="block"), 1),
        (TriggerFilter(endpoint="ask"), 3),
        (TriggerFilter(endpoint="talk"), 0),
        (TriggerFilter(environment="production"), 0),
        (TriggerFilter(since=BEGAN + timedelta(minutes=1)), 2),
        (TriggerFilter(until=BEGAN + timedelta(minutes=1)), 1),
        (TriggerFilter(tests_too=True), 4),
    ],
)
def test_triggers_are_narrowed(traces: Traces, triggers: Triggers, wanted: TriggerFilter, found: int) -> None:
    ask = [
        request(0, note()),
        request(1, note(stage="output")),
        request(2, note("injection", "override", action="block", version="2b")),
    ]
    traces.write([*ask, request(3, note("other", "x"), environment=EVALUATION)])
    assert len(triggers.page(ask[0].app, wanted).triggers) == found
    assert triggers.page("another", wanted).triggers == ()


def test_pages_follow_one_another_and_lose_nothing(traces: Traces, triggers: Triggers) -> None:
    some = [request(number // 3, note("a", str(number)), note("b", str(number))) for number in range(7)]
    traces.write(some)
    app, after, kinds = some[0].app, "", list[str]()
    for _ in range(20):
        page = triggers.page(app, TriggerFilter(), limit=3, after=after)
        kinds += [f"{one.check}{one.kind}" for one in page.triggers]
        after = page.next
        if not after:
            break
    assert sorted(kinds) == sorted([f"a{number}" for number in range(7)] + [f"b{number}" for number in range(7)])
    assert [f"{one.check}{one.kind}" for one in triggers.all(app, TriggerFilter())] == kinds


@pytest.mark.parametrize("after", ["x", "1-2", "1-2-3-4", "-1-2-3", "1-2-99999999999999999999"])
def test_a_place_that_no_page_said_is_refused(triggers: Triggers, after: str) -> None:
    with pytest.raises(PlaceOfPageError):
        triggers.page("app", TriggerFilter(), after=after)


def test_requests_are_counted_once_for_each_combination(traces: Traces, triggers: Triggers) -> None:
    both = request(0, note(), note(kind="iban", count=3))
    failed = request(1, note("judge", NO_ANSWER, action="block", score=0.0))
    traces.write([both, request(1, note()), failed, request(2)])
    by_check = {one.by["check"]: one for one in triggers.counts(both.app, ["check"], TriggerFilter())}
    assert (by_check["pii"].requests, by_check["pii"].found, by_check["pii"].failed) == (2, 7, 0)
    assert (by_check["judge"].requests, by_check["judge"].found, by_check["judge"].failed) == (0, 0, 1)
    by_kind = triggers.counts(both.app, ["check", "kind"], TriggerFilter())
    assert {(one.by["kind"], one.requests) for one in by_kind} == {("email", 2), ("iban", 1), (NO_ANSWER, 0)}
    assert triggers.asked(both.app, TriggerFilter()) == (Asked(both.release, "ask", 4),)


def test_a_check_that_gave_no_answer_is_told_apart(traces: Traces, triggers: Triggers) -> None:
    one = request(0, note("judge", NO_ANSWER, score=0.0))
    traces.write([one])
    assert [found.answered for found in triggers.page(one.app, TriggerFilter()).triggers] == [False]


def test_triggers_go_with_their_traces(traces: Traces, triggers: Triggers) -> None:
    old, kept = request(0, note()), request(60, note())
    traces.write([old, kept])
    triggers.catch_up()
    traces.purge_before(BEGAN + timedelta(minutes=30))
    assert [one.trace for one in triggers.page(old.app, TriggerFilter()).triggers] == [kept.id]
    traces.write([request(61)])
    triggers.catch_up()
    with traces.database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM guard_trigger")) == 1


def test_notes_of_sealed_traces_are_read_while_they_can_be(traces: Traces) -> None:
    sealed = Capture("sealed", seal=lambda _, body: body[::-1], unseal=lambda _, body: body[::-1])
    open_traces = Traces(traces.database, sealed)
    one = request(0, note(), user_id="u-1")
    open_traces.write([one])
    assert len(Triggers(open_traces).page(one.app, TriggerFilter()).triggers) == 1


def test_a_body_that_is_damaged_keeps_no_other_from_being_counted(traces: Traces, triggers: Triggers) -> None:
    broken, whole = request(0, note()), request(1, note())
    traces.write([broken, whole])
    with traces.database.write() as connection:
        connection.execute(text("UPDATE piece SET body = :body WHERE number = 1"), {"body": b'{"guardrails": ['})
    assert [one.trace for one in triggers.page(whole.app, TriggerFilter()).triggers] == [whole.id]


def test_notes_of_older_versions_have_no_score(traces: Traces, triggers: Triggers) -> None:
    one = request(0, {"stage": "input", "check": "pii", "kind": "email", "action": "flag", "count": 1})
    traces.write([one])
    found = triggers.page(one.app, TriggerFilter()).triggers[0]
    assert (found.score, found.version) == (0.0, "")
