"""Marking what triggered, and what is known of how often checks act and are right."""

from dataclasses import replace

import pytest
from tests.flows.guard.yard import APP, DAY, Yard, note, policy, rule

from plimsoll.flows.guard import Desk, MarkWish, Rates, mark, rates
from plimsoll.flows.guard._errors import MarkUnfitError, TriggerMissingError
from plimsoll.ledger import By
from plimsoll.tracing import EVALUATION, TraceMissingError
from plimsoll.tracing.triggers import NO_ANSWER, Dimension, TriggerFilter

ANNA, BEN = By("s-00000000000000aa"), By("s-00000000000000bb")


def wish(trace: str, said: str = "right", check: str = "alpha", by: By = ANNA, **more: str) -> MarkWish:
    return MarkWish(trace, check, said, by=by, **more)


def test_everything_that_a_check_found_in_a_request_is_marked(yard: Yard) -> None:
    one = yard.request(0, note(), note(kind="two", stage="output"), note("beta"))
    marks = mark(wish(one.id), yard.parts)
    assert [(mark.about.check, mark.about.kind, mark.about.stage) for mark in marks] == [
        ("alpha", "one", "input"),
        ("alpha", "two", "output"),
    ]
    assert (marks[0].about.score, marks[0].about.version, marks[0].about.endpoint) == (0.9, "1", "ask")
    narrowly = mark(wish(one.id, stage="output", kind="two"), yard.parts)
    assert [mark.about.kind for mark in narrowly] == ["two"]


def test_a_request_is_named_by_its_first_digits_or_by_its_answer(yard: Yard) -> None:
    one = yard.request(0, note())
    for name in (one.id[:8], f"chatcmpl-{one.id}"):
        assert mark(wish(name), yard.parts)[0].about.trace == one.id
    with pytest.raises(TraceMissingError):
        mark(wish("ffff"), yard.parts)


def test_what_did_not_trigger_cannot_be_right_or_wrong(yard: Yard) -> None:
    one = yard.request(0, note("beta"), note(kind=NO_ANSWER))
    for said in ("right", "wrong", "withdrawn"):
        with pytest.raises(TriggerMissingError) as refused:
            mark(wish(one.id, said), yard.parts)
        assert "beta.one on input" in refused.value.hint
    assert list(yard.parts.marks.all(APP)) == []


def test_what_was_missed_is_said_with_its_stage_and_can_be_taken_back(yard: Yard) -> None:
    one = yard.request(0)
    with pytest.raises(MarkUnfitError, match="where it was missed"):
        mark(wish(one.id, "missed"), yard.parts)
    (missed,) = mark(wish(one.id, "missed", stage="input"), yard.parts)
    assert (missed.said, missed.about.check, missed.about.score) == ("missed", "alpha", 0.0)
    assert rates(DAY, ["check"], yard.parts).rates[0].missed == 1
    mark(wish(one.id, "withdrawn"), yard.parts)
    assert rates(DAY, ["check"], yard.parts).rates[0].missed == 0


@pytest.mark.parametrize(
    "changes", [{"said": "maybe"}, {"stage": "middle"}, {"check": " "}, {"check": "x" * 201}, {"note": "x" * 2_001}]
)
def test_marks_that_say_nothing_that_can_be_counted_are_refused(yard: Yard, changes: dict[str, str]) -> None:
    one = yard.request(0, note())
    with pytest.raises(MarkUnfitError):
        mark(replace(wish(one.id), **changes), yard.parts)  # type: ignore[arg-type]  # what a caller may send


def by_check(yard: Yard, *by: Dimension) -> dict[tuple[str, ...], tuple[int, int, int]]:
    found = rates(DAY, by or ("check",), yard.parts)
    return {tuple(one.by.values()): (one.asked, one.triggered, one.failed) for one in found.rates}


def test_a_rate_is_a_share_of_the_requests_whose_policy_asked_the_check(yard: Yard) -> None:
    yard.with_policy(rule("alpha", "input", "output"), rule("beta", "output"))
    yard.requests([note(), note(kind="two")], [note()], [])
    yard.request(5, endpoint="talk")
    yard.request(6, note(), environment=EVALUATION)
    assert by_check(yard) == {("alpha",): (3, 2, 0), ("beta",): (3, 0, 0)}
    assert by_check(yard, "check", "stage") == {
        ("alpha", "input"): (3, 2, 0),
        ("alpha", "output"): (3, 0, 0),
        ("beta", "output"): (3, 0, 0),
    }
    assert by_check(yard, "endpoint") == {("ask",): (3, 2, 0)}
    assert rates(DAY, ["check"], yard.parts).requests == 4


def test_a_check_that_gave_no_answer_counts_neither_as_a_trigger_nor_as_a_pass(yard: Yard) -> None:
    yard.requests([note(kind=NO_ANSWER, score=0.0)], [note()])
    (found,) = rates(DAY, ["check"], yard.parts).rates
    assert (found.triggered, found.failed, found.asked) == (1, 1, 2)


def test_precision_is_of_what_was_marked_and_agreed_on(yard: Yard) -> None:
    some = yard.requests([note()], [note()], [note()], [note()])
    for trace, said in zip(some, ("right", "right", "wrong"), strict=False):
        mark(wish(trace.id, said), yard.parts)
    mark(wish(some[1].id, "wrong", by=BEN), yard.parts)
    (found,) = rates(DAY, ["check"], yard.parts).rates
    assert (found.right, found.wrong, found.disputed) == (1, 1, 1)
    assert found.precision.value == 0.5
    low, high = found.precision.interval or (1.0, 0.0)
    assert low < 0.5 < high
    assert found.rate is not None
    assert found.rate.value == 1.0


def test_marks_stay_when_their_traces_are_gone(yard: Yard) -> None:
    one = yard.request(0, note())
    mark(wish(one.id, "wrong"), yard.parts)
    yard.home.traces.purge_before(DAY.until)
    (found,) = rates(DAY, ["check"], yard.parts).rates
    assert (found.triggered, found.wrong, found.asked) == (0, 1, 0)
    assert found.rate is None


def test_requests_of_releases_that_cannot_be_read_are_in_no_rate(yard: Yard) -> None:
    yard.request(0, note())
    yard.request(1, note(), release="sha256:" + "0" * 64)
    found = rates(DAY, ["check"], yard.parts)
    assert (found.requests, found.unread) == (2, 1)
    # Twice triggered, and only once is it known to have been asked: no share can be told.
    assert found.rates[0].rate is None


def test_only_requests_of_the_window_and_the_endpoint_count(yard: Yard) -> None:
    inside = yard.request(0, note())
    outside = yard.request(60 * 30, note())
    for trace in (inside, outside):
        mark(wish(trace.id), yard.parts)

    def counted(found: Rates) -> list[tuple[int, int]]:
        return [(one.triggered, one.right) for one in found.rates]

    assert counted(rates(DAY, ["check"], yard.parts)) == [(1, 1)]
    assert counted(rates(replace(DAY, endpoint="talk"), ["check"], yard.parts)) == []


def test_the_desk_tells_triggers_with_what_people_say(yard: Yard) -> None:
    first, second = yard.requests([note()], [note()])
    desk = Desk(lambda: yard.parts)
    desk.mark(wish(first.id, "wrong"))
    found = desk.triggers(TriggerFilter(), limit=10)
    assert {one.trace: found.said_of(one) for one in found.page.triggers} == {first.id: "wrong", second.id: ""}
    assert desk.rates(DAY, ["check"]).rates[0].wrong == 1
    assert desk.matrix() == ()


def test_versions_of_a_check_are_told_apart(yard: Yard) -> None:
    yard.policy = policy()
    yard.requests([note()], [note(version="2")], [note(version="2")])
    assert by_check(yard, "check", "version") == {("alpha", "2"): (3, 2, 0), ("alpha", "1"): (3, 1, 0)}
