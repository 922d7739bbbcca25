from typing import Any

import pytest

from plimsoll.datasets import Row
from plimsoll.evaluation import Observation
from plimsoll.evaluation.scorers import Score, ScorerOptionsError, make_scorer
from plimsoll.testing.scorers import told

FIELDS = {"total": 80.9, "paid": True, "buyer": {"name": "Ada Lovelace", "vat": None}, "lines": [1, "two"]}


def row(fields: dict[str, Any] | None = None, *answers: str) -> Row:
    return Row("1", "What?", answers, (), answerable=True, tags=(), fields=fields or {})


def said(scorer: str, asked: Row, answer: str, **options: Any) -> Score | None:
    return told(make_scorer(scorer, options=options), asked, Observation(answer))


@pytest.mark.parametrize(
    ("answer", "options", "value"),
    [
        ('{"total": 80.90, "paid": true, "buyer": {"name": " ada  lovelace"}, "lines": [1, "TWO"]}', {}, 1),
        ('```json\n{"total": 80.9}\n```', {}, 2 / 5),  # the null that is left out is right too
        ('```json\n{"total": 80.9}\n```', {"fenced": False}, 0),
        ('{"total": "80.9", "paid": 1, "buyer": {"vat": "DE1"}, "lines": [1]}', {}, 0),
        ('{"total": 80.9}', {"only": ["total"]}, 1),
        ('{"total": 80.9, "tax": 7, "net": 70}', {"only": ["total"], "extra": "wrong"}, 1 / 3),
        ('{"buyer": {"name": "ada lovelace"}}', {"only": ["buyer"], "exact": True}, 1 / 2),
        ("[1]", {}, 0),
        ("It is 80.9.", {}, 0),
        ('{"total": 1, "total": 80.9}', {}, 0),
    ],
)
def test_fields_of_json(answer: str, options: dict[str, Any], value: float) -> None:
    score = said("json_fields", row(FIELDS), answer, **options)
    assert score is not None
    assert score.value == pytest.approx(value)


def test_rows_without_fields_are_not_scored_for_fields() -> None:
    assert said("json_fields", row(), "{}") is None
    assert said("json_fields", row(FIELDS), "{}", only=["other"]) is None


@pytest.mark.parametrize(
    ("answer", "options", "value"),
    [
        ('{"total": 1}', {}, 1),
        ("1", {}, 1),
        ("", {}, 0),
        ('{"total": NaN}', {}, 0),
        ("[" * 65 + "]" * 65, {}, 0),
        ('"' + "[" * 500 + '"', {}, 1),
        ('```json\n{"total": 1}\n```', {}, 0),
        ('```json\n{"total": 1}\n```', {"fenced": True}, 1),
        ('{"total": 1}', {"schema": {"type": "object", "required": ["total"]}}, 1),
        ('{"sum": 1}', {"schema": {"type": "object", "required": ["total"]}}, 0),
    ],
)
def test_json(answer: str, options: dict[str, Any], value: float) -> None:
    score = said("json_valid", row(), answer, **options)
    assert score is not None
    assert score.value == value
    assert bool(score.why) == (not value)


def test_a_schema_that_is_none_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(ScorerOptionsError, match="json_valid"):
        make_scorer("json_valid", options={"schema": {"type": "harbour"}})


@pytest.mark.parametrize(
    ("answer", "labels", "value"),
    [
        ("Spam.", [], 1),
        (" **SPAM** ", [], 1),
        ("It is spam", [], 0),
        ("It is spam", ["spam", "not spam"], 1),
        ("This is not spam.", ["spam", "not spam"], 0),
        ("spam, or ham", ["spam", "ham"], 0),
        ("spammer", ["spam", "ham"], 0),
        ("", ["spam", "ham"], 0),
    ],
)
def test_labels(answer: str, labels: list[str], value: float) -> None:
    score = said("label_correct", row(None, "spam"), answer, **({"labels": labels} if labels else {}))
    assert score is not None
    assert score.value == value
