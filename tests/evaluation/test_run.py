import asyncio

import pytest

from plimsoll.datasets import Row
from plimsoll.evaluation import Observation, Run, Runs, Suite, Threshold, run_suite
from plimsoll.kernel.digest import digest_json
from plimsoll.storage import BlobFolder

ROWS = tuple(
    Row(id=str(at), question=f"q{at}", answers=("yes",), documents=("a",), answerable=True, tags=()) for at in range(6)
)
SUITE = Suite(
    name="ask",
    endpoint="ask",
    scorers=("answer_contains", "refusal_correct"),
    thresholds=(Threshold("answer_contains", at_least=0.5),),
    rows=ROWS,
    digest="sha256:suite",
)


def run(observations: dict[str, Observation], *, cost: float | None = 0.5) -> Run:
    async def ask(row: Row) -> Observation:
        await asyncio.sleep(0)
        return observations.get(row.question, Observation(answer="yes", latency_ms=100, cost_usd=cost))

    return asyncio.run(run_suite(SUITE, "sha256:draft", ask))


def value(made: Run, name: str) -> float | None:
    return next(measure.value for measure in made.measures if measure.name == name)


def test_figures_of_a_run() -> None:
    made = run({"q0": Observation(answer="no", latency_ms=1100, cost_usd=0.5)})
    assert value(made, "answer_contains") == pytest.approx(5 / 6)
    assert value(made, "latency_p95_ms") == pytest.approx(850)
    assert value(made, "cost_usd_mean") == pytest.approx(0.5)
    assert [row.row.id for row in made.rows] == [row.id for row in ROWS]
    assert made.verdict.outcome == "pass"


def test_a_scorer_that_applies_to_no_row_is_not_measured() -> None:
    assert value(run({}), "refusal_correct") is None


def test_a_row_without_an_answer_is_missing_not_wrong() -> None:
    made = run({"q1": Observation(error="the model is down")})
    measure = next(measure for measure in made.measures if measure.name == "answer_contains")
    assert (measure.value, measure.count, measure.missing) == (1.0, 5, 1)
    assert made.verdict.outcome == "not measured"


def test_one_unknown_price_makes_the_cost_unknown() -> None:
    made = run({"q1": Observation(answer="yes", cost_usd=None)})
    assert value(made, "cost_usd_mean") is None


def test_the_evidence_reads_back(blobs: BlobFolder) -> None:
    made = run({})
    runs = Runs(blobs)
    digest = runs.keep(made)
    content = runs.get(digest)
    assert digest == digest_json(made.to_json())
    assert (content["suite_digest"], content["subject"], content["verdict"]) == ("sha256:suite", "sha256:draft", "pass")
    assert [row["scores"] for row in content["rows"]] == [dict(row.scores) for row in made.rows]
