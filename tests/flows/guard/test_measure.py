"""Figures of a policy on labelled rows."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.checks.outside.fakes import FakeOutside
from tests.flows.guard.yard import policy, rule

from plimsoll.datasets import DatasetInvalidError, DatasetMissingError
from plimsoll.flows.guard.measure import (
    Evaluation,
    GuardRow,
    Measured,
    MeasureWish,
    Said,
    evaluate,
    explain,
    read_guard_rows,
)
from plimsoll.flows.guard.measure._figures import f_measure, figures
from plimsoll.guardrails import Policy


def rows_of(tmp_path: Path, *rows: dict[str, Any]) -> tuple[GuardRow, ...]:
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return read_guard_rows(file)


def of(found: Evaluation, what: str = "", name: str = "") -> Measured:
    return next(one for one in found.measured if (one.what, one.slice) == (what, name))


def test_a_policy_and_each_check_are_measured(tmp_path: Path) -> None:
    rows = rows_of(
        tmp_path,
        {"text": "alpha:one=0.9", "label": ["alpha"]},
        {"text": "alpha:one=0.5", "label": ["alpha"]},
        {"text": "alpha:one=0.6", "label": []},
        {"text": "beta:one=0.9", "label": ["beta"]},
        {"text": "nothing", "label": []},
    )
    found = evaluate(policy(rule("alpha", at_least=0.6), rule("beta", action="flag")), rows)
    alpha = of(found, "alpha").figures
    assert (alpha.rows, alpha.due) == (5, 2)
    assert (alpha.precision.count, alpha.precision.of) == (1, 2)
    assert (alpha.recall.count, alpha.recall.of) == (1, 2)
    assert (alpha.false_positives.count, alpha.false_positives.of) == (1, 3)
    whole = of(found).figures
    assert (whole.recall.count, whole.recall.of, whole.false_positives.count) == (2, 3, 1)
    assert of(found, "beta").figures.f1 is not None
    assert found.not_asked == ()


def test_slices_are_told_apart(tmp_path: Path) -> None:
    rows = rows_of(
        tmp_path,
        {"text": "alpha:one=1", "label": True, "slice": "mail"},
        {"text": "nothing", "label": True, "slice": "chat"},
        {"text": "nothing", "label": False},
    )
    found = evaluate(policy(), rows)
    assert of(found, "", "mail").figures.recall.value == 1.0
    assert of(found, "", "chat").figures.recall.value == 0.0
    assert [one.slice for one in found.measured if not one.what] == ["", "mail", "chat"]


def test_a_check_that_gives_no_answer_is_no_pass(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, {"text": "alpha!", "label": False}, {"text": "nothing", "label": False})
    stopped = evaluate(policy(rule("alpha")), rows)
    assert (of(stopped, "alpha").figures.failed, of(stopped).figures.failed) == (1, 1)
    assert of(stopped).figures.false_positives.count == of(stopped, "alpha").figures.false_positives.count == 1
    flagged = evaluate(policy(rule("alpha", on_error="flag")), rows)
    assert (of(flagged, "alpha").figures.failed, of(flagged, "alpha").figures.false_positives.count) == (1, 0)


def test_a_check_that_looks_at_the_stage_of_no_row_is_told(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, {"text": "x", "label": False, "stage": "output"})
    found = evaluate(policy(rule("alpha", "input"), rule("beta", "output")), rows)
    assert found.not_asked == ("alpha",)
    assert of(found, "beta").figures.rows == 1


def test_a_label_that_names_no_check_of_the_policy_is_told(tmp_path: Path) -> None:
    rows = rows_of(
        tmp_path,
        {"text": "alpha:one=1", "label": ["alpha.one", "alpah"]},
        {"text": "nothing", "label": ["alpha.three"]},
        {"text": "nothing", "label": True},
    )
    assert evaluate(policy(), rows).unknown == ("alpah", "alpha.three")


def test_somebody_else_is_asked_once_about_each_row(tmp_path: Path) -> None:
    outside = FakeOutside('{"reason": "", "verdict": "yes", "score": 0.9}')
    options: Any = {"route": "small", "question": "Is it rude?"}
    rules: Any = [
        {"check": "judge", "name": "rude", "on": ["input"], "action": action, "at_least": least, "options": options}
        for action, least in (("flag", 0.5), ("block", 0.95))
    ]
    judged = Policy.from_json("p", {"checks": rules}, outside=outside)
    rows = rows_of(tmp_path, {"text": "Go away!", "label": True}, {"text": "Come here!", "label": False})
    found = evaluate(judged, rows)
    assert len(outside.questions) == 2
    assert of(found).figures.recall.value == 1.0
    told = explain(judged, Said("Go away!", "input"), date(2027, 1, 1))
    assert (told.review.action, len(outside.questions)) == ("flag", 3)


def test_two_rules_of_one_check_are_told_apart(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, {"text": "alpha:one=0.5", "label": True})
    found = evaluate(policy(rule("alpha", at_least=0.9), rule("alpha", at_least=0.1)), rows)
    assert [of(found, name).figures.recall.value for name in ("alpha (1)", "alpha (2)")] == [0.0, 1.0]


def test_stretches_are_found_where_they_are_met(tmp_path: Path) -> None:
    text = "see alpha:one=0.9 and alpha:two=0.8 and more"
    spans = [{"start": 4, "end": 10, "kind": "one"}, {"start": 40, "end": 44}]
    rows = rows_of(tmp_path, {"text": text, "spans": spans})
    told = of(evaluate(policy(rule(action="flag")), rows), "alpha").spans
    assert told is not None
    assert (told.precision.count, told.precision.of) == (1, 2)
    assert (told.recall.count, told.recall.of) == (1, 2)
    assert told.f_measure(1) == 0.5


def test_time_is_measured_by_the_clock_that_is_given(tmp_path: Path) -> None:
    ticks = iter(range(1000))
    rows = rows_of(tmp_path, {"text": "x" * 100, "label": False})
    found = of(evaluate(policy(), rows, MeasureWish(clock=lambda: next(ticks) / 1000)))
    assert found.latency is not None
    assert found.latency.texts == 1
    assert found.latency.p50_ms == pytest.approx(1.0)
    assert found.latency.characters_per_s == pytest.approx(100_000)


def test_progress_is_told_row_by_row(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    rows = rows_of(tmp_path, {"text": "x", "label": False}, {"text": "y", "label": True})
    evaluate(policy(), rows, MeasureWish(on_progress=lambda done, total: seen.append((done, total))))
    assert seen == [(1, 2), (2, 2)]


BAD_ROWS = [
    b'{"label": true}',
    b'{"text": "x"}',
    b'{"text": "x", "label": "maybe", "labels": 1}',
    b'{"text": "x", "label": [1]}',
    b'{"text": "x", "label": true, "stage": "middle"}',
    b'{"text": "x", "spans": [{"start": 0, "end": 5}]}',
    b'{"text": "x", "spans": [{"start": 1, "end": 1}]}',
    b'{"text": "x", "spans": {"start": 0}}',
    b'{"text": "x", "label": false, "spans": [{"start": 0, "end": 1}]}',
    b'{"text": "x", "label": true, "passages": "one"}',
    b"[1]",
    b"{",
    b"\xff\xfe",
    b"[" * 100_000,
]


@pytest.mark.parametrize("line", BAD_ROWS)
def test_what_is_no_row_is_named_with_its_line(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b'{"text": "x", "label": true}\n\n' + line)
    with pytest.raises(DatasetInvalidError) as refused:
        read_guard_rows(file)
    assert [mistake.line for mistake in refused.value.mistakes] == [3]


def test_a_file_without_rows_and_one_that_is_not_there_are_refused(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("\n")
    with pytest.raises(DatasetInvalidError, match="no rows"):
        read_guard_rows(tmp_path / "rows.jsonl")
    with pytest.raises(DatasetMissingError):
        read_guard_rows(tmp_path / "none.jsonl")


@pytest.mark.parametrize("text", ["", "\x00\x00", "\ud800", "\u202efdp.exe", "é" * 100_000])
def test_texts_of_any_kind_are_rows(tmp_path: Path, text: str) -> None:
    assert evaluate(policy(), rows_of(tmp_path, {"text": text, "label": False})).rows == 1


def test_figures_of_a_small_example_are_those_worked_out_by_hand() -> None:
    due = [True, True, True, False, False, False]
    scores = [0.9, 0.8, 0.3, 0.7, 0.2, 0.1]
    acts = [score >= 0.5 for score in scores]
    found = figures(due, acts, list(scores), at_recall=1.0, resamples=100)
    assert found.auroc is not None
    assert found.average_precision is not None
    assert found.fpr_at_recall is not None
    assert found.f1 is not None
    assert found.f2 is not None
    # 8 of the 9 pairs are in order; precision at the hits is 1, 1 and 3/4.
    assert found.auroc.value == pytest.approx(8 / 9)
    assert found.average_precision.value == pytest.approx((1 + 1 + 3 / 4) / 3)
    assert found.fpr_at_recall.value == pytest.approx(1 / 3)
    assert found.f1.value == pytest.approx(2 / 3)
    assert found.f2.value == pytest.approx(2 / 3)


def test_equal_scores_count_half() -> None:
    found = figures([True, False], [True, True], [0.5, 0.5], resamples=10)
    assert found.auroc is not None
    assert (found.auroc.value, found.auroc.low) == (0.5, None)


def test_without_anything_to_tell_apart_there_is_no_figure() -> None:
    found = figures([False, False], [False, True], [0.1, None], resamples=10)
    assert (found.auroc, found.average_precision, found.fpr_at_recall, found.failed) == (None, None, None, 1)
    assert found.recall.value is None
    assert f_measure(0, 0, 0, 1) is None


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.2, 0.4, 0.4, 0.8, 1.0])), min_size=2, max_size=40).filter(
        lambda rows: len({due for due, _ in rows}) == 2
    )
)
def test_auroc_is_the_share_of_pairs_in_order(rows: list[tuple[bool, float]]) -> None:
    found = figures([due for due, _ in rows], [True] * len(rows), [score for _, score in rows], resamples=1)
    high = [score for due, score in rows if due]
    low = [score for due, score in rows if not due]
    pairs = [1.0 if one > other else 0.5 if one == other else 0.0 for one in high for other in low]
    assert found.auroc is not None
    assert found.auroc.value == pytest.approx(sum(pairs) / len(pairs))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(0, 1)), min_size=60, max_size=80))
def test_intervals_hold_their_figure(rows: list[tuple[bool, bool, float]]) -> None:
    due, acts, scores = zip(*rows, strict=True)
    found = figures(due, acts, scores, resamples=200)
    for interval in (found.auroc, found.f1, found.f2):
        if interval is not None and interval.low is not None and interval.high is not None:
            assert 0 <= interval.low <= interval.high <= 1
