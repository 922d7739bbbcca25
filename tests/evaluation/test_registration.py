from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plimsoll.evaluation import Threshold
from plimsoll.evaluation.registration import registered_before, thresholds_of
from plimsoll.kernel.clock import to_text
from plimsoll.kernel.digest import digest_json

PUBLISHED = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONTENT: dict[str, Any] = {
    "dataset": "ask",
    "dataset_version": "sha256:rows",
    "endpoint": "ask",
    "scorers": ["token_f1"],
    "confidence": 0.9,
    "thresholds": {"token_f1": {"at_least": 0.5, "may_lose": 0.02}},
    "slices": {"long": {"token_f1": {"at_least": 0.4, "confidence": "estimate"}}},
}


def run(**changed: Any) -> dict[str, Any]:
    conditions = [
        {"measure": "token_f1", "slice": "", "at_least": 0.5, "at_most": None, "confidence": 0.9, "may_lose": 0.02},
        {"measure": "token_f1", "slice": "long", "at_least": 0.4, "at_most": None, "confidence": None},
    ]
    return {
        "suite_digest": digest_json(CONTENT),
        "dataset_digest": "sha256:rows",
        "started_at": to_text(PUBLISHED + timedelta(seconds=1)),
        "conditions": conditions,
        **changed,
    }


def problems(**changed: Any) -> tuple[str, ...]:
    return registered_before(run(**changed), CONTENT, PUBLISHED).problems


def test_the_thresholds_of_a_version_are_those_that_were_written() -> None:
    assert thresholds_of(CONTENT) == (
        Threshold("token_f1", 0.5, None, 0.9, "", 0.02),
        Threshold("token_f1", 0.4, None, None, "long"),
    )


def test_what_was_written_down_first_is_proved() -> None:
    found = registered_before(run(), CONTENT, PUBLISHED)
    assert found.is_proved
    assert (found.published_at, found.problems) == (to_text(PUBLISHED), ())


def test_a_run_before_its_suite_is_not() -> None:
    (problem,) = problems(started_at=to_text(PUBLISHED - timedelta(seconds=1)))
    assert "may have seen the figures" in problem


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"suite_digest": "sha256:other"}, "names the suite's version sha256:other"),
        ({"dataset_digest": "sha256:fewer"}, "asked the rows of sha256:fewer"),
        ({"conditions": run()["conditions"][:1]}, "was not held against token_f1 (long) at least 0.4"),
        ({"conditions": [{**run()["conditions"][0], "at_least": 0.1}, run()["conditions"][1]]}, "another threshold"),
        ({"conditions": [{**run()["conditions"][0], "may_lose": 0.5}, run()["conditions"][1]]}, "another threshold"),
        ({"conditions": [*run()["conditions"], {**run()["conditions"][0], "measure": "easy"}]}, "nobody wrote down"),
    ],
)
def test_other_thresholds_than_those_of_the_version_are_found(change: dict[str, Any], said: str) -> None:
    (problem,) = problems(**change)
    assert said in problem
