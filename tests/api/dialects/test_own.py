"""The two calls that are Plimsoll's own: feedback and predictions."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from tests.api.dialects.made import TRACE, body, started

from plimsoll.api._errors import FieldError
from plimsoll.api.own import read_feedback, read_predictions, write_feedback, write_predictions
from plimsoll.flows.serve import Predictions


@pytest.mark.parametrize("given", [TRACE, f"chatcmpl-{TRACE}", f"resp_{TRACE}", f"msg_{TRACE}"])
def test_an_answer_is_named_by_its_trace_or_its_id(given: str) -> None:
    assert read_feedback(body(trace=given, label="good")).trace == TRACE


@pytest.mark.parametrize(("score", "number"), [(True, 1.0), (False, -1.0), (0, 0.0), (-1, -1.0), (0.5, 0.5)])
def test_scores_become_numbers(score: Any, number: float) -> None:
    assert read_feedback(body(trace=TRACE, score=score)).score == number


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"score": 1.1}, "score"),
        ({"score": "good"}, "score"),
        ({"trace": "x"}, "trace"),
        ({"trace": TRACE.upper()}, "trace"),
        ({"score": None}, "score"),
        ({"comment": "x" * 10_001}, "comment"),
    ],
)
def test_what_is_wrong_with_feedback_is_named(change: dict[str, Any], param: str) -> None:
    with pytest.raises(FieldError) as refused:
        read_feedback(body(**{"trace": TRACE, "score": 1, **change}))
    assert refused.value.param == param


def test_a_field_that_nobody_knows_is_refused() -> None:
    with pytest.raises(FieldError, match="sc0re"):
        read_feedback(body(trace=TRACE, score=1, sc0re=1))


def test_feedback_is_confirmed() -> None:
    told = json.loads(write_feedback(read_feedback(body(trace=f"resp_{TRACE}", score=True))))
    assert told == {"trace": TRACE, "object": "feedback", "accepted": True}


@dataclass(frozen=True)
class Row:
    label: str | None
    score: float
    scores: dict[str, float]


def test_rows_and_what_is_said_about_them() -> None:
    asked = read_predictions("contracts/topic", body(inputs=[{"text": "a"}, {"text": "b"}], user="u"))
    assert (asked.target, asked.users) == ("contracts/topic", (("user", "u"),))
    assert asked.body == {"messages": (), "inputs": [{"text": "a"}, {"text": "b"}]}
    rows: Any = (Row("lease", 0.75, {"lease": 0.75, "loan": 0.25}), Row(None, 0.5, {"lease": 0.5, "loan": 0.5}))
    told = json.loads(write_predictions(asked, Predictions(started(name="contracts/topic"), rows, 2.5)))
    assert [row["label"] for row in told["predictions"]] == ["lease", None]
    assert told["predictions"][0]["scores"] == {"lease": 0.75, "loan": 0.25}
    assert (told["model"], told["plimsoll"]["trace"]) == ("contracts/topic", TRACE)


@pytest.mark.parametrize("wrong", [[], [3], None, {"text": "a"}])
def test_what_is_no_row_is_refused(wrong: Any) -> None:
    with pytest.raises(FieldError) as refused:
        read_predictions("topic", body(inputs=wrong))
    assert (refused.value.param or "").startswith("inputs")
