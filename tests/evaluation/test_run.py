import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.datasets import Row
from plimsoll.evaluation import Measure, Observation, Run, RunLimits, RunParts, Runs, Suite, Threshold, run_suite
from plimsoll.evaluation.cases import Cases, CaseStore, KeptCase
from plimsoll.evaluation.scorers import Better, RuleScorer, Score, Unit, make_scorer
from plimsoll.kernel.digest import digest_json
from plimsoll.storage import BlobFolder

ROWS = tuple(
    Row(id=str(at), question=f"q{at}", answers=("yes",), documents=("a",), answerable=True, tags=()) for at in range(6)
)
SUITE = Suite(
    name="ask",
    endpoint="ask",
    scorers=(make_scorer("answer_contains"), make_scorer("refusal_correct")),
    thresholds=(Threshold("answer_contains", at_least=0.5, confidence=None),),
    rows=ROWS,
    digest="sha256:suite",
)
UNHURRIED = RunLimits()


class KeptCases:
    """Keeps cases in memory, and says how often it was asked to."""

    def __init__(self) -> None:
        self.cases: dict[str, KeptCase] = {}
        self.writes = 0

    def find(self, keys: Sequence[str]) -> Mapping[str, KeptCase]:
        return {key: self.cases[key] for key in keys if key in self.cases}

    def keep(self, cases: Iterable[KeptCase]) -> None:
        self.writes += 1
        self.cases.update({case.key: case for case in cases})


class Asked:
    """Answers by question, and notes what was asked."""

    def __init__(self, observations: Mapping[str, Observation] | None = None, cost: float | None = 0.5) -> None:
        self.observations = observations or {}
        self.cost = cost
        self.questions: list[str] = []

    async def __call__(self, row: Row) -> Observation:
        self.questions.append(row.question)
        await asyncio.sleep(0)
        default = Observation(answer="yes", latency_ms=100, cost_usd=self.cost)
        return self.observations.get(row.question, default)


def run(
    observations: Mapping[str, Observation] | None = None,
    *,
    suite: Suite = SUITE,
    ask: Callable[[Row], Awaitable[Observation]] | None = None,
    cost: float | None = 0.5,
    cases: Cases | None = None,
    limits: RunLimits = UNHURRIED,
) -> Run:
    parts = RunParts(ask or Asked(observations, cost), "sha256:all" if cases else "", cases, limits)
    return asyncio.run(run_suite(suite, "sha256:draft", parts))


def measure(made: Run, name: str) -> Measure:
    found = made.measure(name)
    assert found is not None
    return found


def test_figures_of_a_run() -> None:
    made = run({"q0": Observation(answer="no", latency_ms=1100, cost_usd=0.5)})
    assert measure(made, "answer_contains").value == pytest.approx(5 / 6)
    assert measure(made, "latency_p95_ms").value == pytest.approx(850)
    assert measure(made, "cost_usd_mean").value == pytest.approx(0.5)
    assert [row.row.id for row in made.rows] == [row.id for row in ROWS]
    assert made.verdict.outcome == "pass"
    assert made.cost_usd == pytest.approx(3)


def test_a_scorer_that_applies_to_no_row_is_not_measured() -> None:
    assert measure(run(), "refusal_correct").value is None


def test_a_row_without_an_answer_is_missing_not_wrong() -> None:
    made = run({"q1": Observation(error="the model is down")})
    found = measure(made, "answer_contains")
    assert (found.value, found.count, found.missing) == (1.0, 5, 1)
    assert found.why == "row 1: the model is down"
    assert made.verdict.outcome == "not measured"


def test_a_scorer_that_does_not_apply_misses_no_answer() -> None:
    made = run({"q1": Observation(error="the model is down")})
    assert measure(made, "refusal_correct").missing == 0


def test_one_unknown_price_makes_the_cost_unknown() -> None:
    made = run({"q1": Observation(answer="yes", cost_usd=None)})
    found = measure(made, "cost_usd_mean")
    assert found.value is None
    assert found.why == "the price of 1 of 6 answers is not known"
    assert made.cost_usd is None


def test_a_dataset_without_rows_measures_nothing() -> None:
    made = run(suite=replace(SUITE, rows=()))
    assert (made.verdict.outcome, made.verdict.why) == ("not measured", "the dataset has no rows")


def test_one_row_shows_little() -> None:
    suite = replace(SUITE, rows=ROWS[:1], thresholds=(Threshold("answer_contains", at_least=0.5),))
    made = run(suite=suite)
    (condition,) = made.verdict.conditions
    assert condition.outcome == "not measured"
    assert condition.why == "1.000 is at least 0.5, but of 1 row the true value may be 0.050: about 26 rows would tell"
    assert condition.bound == pytest.approx(0.05)


@dataclass(frozen=True)
class Fails:
    """Fails on one row, and says numbers that are none on others."""

    name: str = "fails"
    version: str = "1"
    unit: Unit = "share"
    better: Better = "more"

    def applies(self, row: Row) -> bool:
        return row.id != "5"

    def score(self, row: Row, _seen: Observation) -> Score | None:
        if row.id == "1":
            msg = "row 1 is odd"
            raise LookupError(msg)
        numbers = {"2": float("nan"), "3": 1.5, "4": float("inf")}
        return None if row.id == "5" else Score(numbers.get(row.id, 1.0))


def test_a_scorer_that_fails_or_says_no_number_leaves_rows_not_measured() -> None:
    made = run(
        suite=replace(SUITE, scorers=(Fails(),), thresholds=(Threshold("fails", at_least=0.1, confidence=None),))
    )
    found = measure(made, "fails")
    assert (found.value, found.count, found.missing) == (1.0, 1, 4)
    assert found.why == "row 1: fails failed: LookupError: row 1 is odd"
    assert [row.told["fails"].why for row in made.rows[2:5]] == [
        "fails said nan, which is not from 0 to 1",
        "fails said 1.5, which is not from 0 to 1",
        "fails said inf, which is not from 0 to 1",
    ]
    assert made.verdict.outcome == "not measured"
    assert len(made.rows) == 6


def test_nothing_is_asked_twice() -> None:
    cases, asked = KeptCases(), Asked()
    first = run(ask=asked, cases=cases)
    second = run(ask=asked, cases=cases)
    assert len(asked.questions) == 6
    assert [row.scores for row in second.rows] == [row.scores for row in first.rows]
    assert (second.cost_usd, [row.kept for row in second.rows]) == (0.0, [True] * 6)


def test_what_failed_is_asked_again_and_nothing_else() -> None:
    cases = KeptCases()
    run({"q1": Observation(error="the model is down")}, cases=cases)
    asked = Asked()
    made = run(ask=asked, cases=cases)
    assert asked.questions == ["q1"]
    assert made.verdict.outcome == "pass"


def test_a_corrected_row_is_scored_anew_without_asking() -> None:
    cases, asked = KeptCases(), Asked()
    run(ask=asked, cases=cases)
    corrected = replace(SUITE, rows=(replace(ROWS[0], answers=("no",)), *ROWS[1:]))
    made = run(suite=corrected, ask=asked, cases=cases)
    assert len(asked.questions) == 6
    assert measure(made, "answer_contains").value == pytest.approx(5 / 6)


def test_another_version_of_a_scorer_scores_anew_without_asking() -> None:
    cases, asked = KeptCases(), Asked()
    run(suite=replace(SUITE, scorers=(RuleScorer("mine", lambda _row, _seen: 0.25),)), ask=asked, cases=cases)
    made = run(
        suite=replace(SUITE, scorers=(RuleScorer("mine", lambda _row, _seen: 0.75, "2"),)), ask=asked, cases=cases
    )
    assert len(asked.questions) == 6
    assert measure(made, "mine").value == 0.75


def test_what_is_kept_survives_the_process_and_reads_back(case_store: CaseStore) -> None:
    asked = Asked()
    first = run(ask=asked, cases=case_store)
    second = run(ask=asked, cases=case_store)
    assert len(asked.questions) == case_store.count() == 6
    assert [row.observation for row in second.rows] == [row.observation for row in first.rows]
    assert case_store.forget(before="9999") == 6


class _DiesError(Exception):
    pass


def test_a_run_that_dies_keeps_what_was_finished() -> None:
    cases = KeptCases()

    async def ask(row: Row) -> Observation:
        if row.id == "4":
            # Long enough for what is finished to be written.
            while not cases.writes:  # noqa: ASYNC110  # the store is asked in a thread
                await asyncio.sleep(0.01)
            raise _DiesError
        return Observation(answer="yes")

    with pytest.raises(_DiesError):
        run(ask=ask, cases=cases, limits=RunLimits(at_once=1))
    asked = Asked()
    run(ask=asked, cases=cases)
    assert asked.questions == ["q4", "q5"]


def test_a_store_that_fails_ends_the_run_with_its_error() -> None:
    class Full(KeptCases):
        def keep(self, cases: Iterable[KeptCase]) -> None:
            msg = f"no room for {len(list(cases))}"
            raise OSError(msg)

    with pytest.raises(OSError, match="no room"):
        run(cases=Full())


def test_a_cap_on_cost_ends_a_run_and_keeps_what_was_answered() -> None:
    cases, asked = KeptCases(), Asked()
    made = run(ask=asked, cases=cases, limits=RunLimits(at_once=1, cost_usd=1.2))
    assert asked.questions == ["q0", "q1", "q2"]
    assert made.rows[3].observation.error == "not asked: the run has cost 1.5 USD, and may cost 1.2"
    assert made.verdict.outcome == "not measured"
    again = run(ask=asked, cases=cases, limits=RunLimits(cost_usd=5))
    assert again.verdict.outcome == "pass"
    assert sorted(asked.questions) == [f"q{at}" for at in range(6)]


def test_a_run_that_stopped_has_not_passed_though_no_threshold_is_about_what_is_missing() -> None:
    rows = (ROWS[0], replace(ROWS[1], answers=(), answerable=False))
    suite = replace(SUITE, scorers=(make_scorer("answer_contains"),), rows=rows)
    made = run(suite=suite, limits=RunLimits(at_once=1, cost_usd=0.4))
    assert made.verdict.conditions[0].outcome == "pass"
    assert (made.verdict.outcome, made.verdict.why) == ("not measured", "1 of 2 rows were not asked")


def test_rows_under_way_count_as_dear_as_the_dearest() -> None:
    asked = Asked()
    run(ask=asked, limits=RunLimits(at_once=3, cost_usd=2.0))
    # Three are begun before any price is known; then no more than fit are under way at once.
    assert len(asked.questions) <= 4


def test_repeated_rows_count_once_and_tell_their_noise() -> None:
    draws = iter([1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    scorer = RuleScorer("mine", lambda _row, _seen: next(draws))
    made = run(suite=replace(SUITE, scorers=(scorer,), repeats=2), limits=RunLimits(at_once=1))
    draws = iter([0.0] * 100)
    found = measure(made, "mine")
    assert len(made.rows) == 12
    assert (found.count, found.value) == (6, 0.75)
    assert found.values == (0.5, 1.0, 1.0, 0.0, 1.0, 1.0)
    assert found.noise == pytest.approx((0.5 / 6) ** 0.5)


def test_slices_have_their_own_figures() -> None:
    rows = tuple(replace(row, tags=("even",) if int(row.id) % 2 == 0 else ("odd",)) for row in ROWS)
    thresholds = (Threshold("answer_contains", at_least=0.9, confidence=None, slice="odd"),)
    made = run({"q0": Observation(answer="no")}, suite=replace(SUITE, rows=rows, thresholds=thresholds))
    even = made.measure("answer_contains", "even")
    assert even is not None
    assert even.value == pytest.approx(2 / 3)
    assert even.count == 3
    assert made.verdict.outcome == "pass"
    assert made.verdict.conditions[0].threshold.place == "answer_contains (odd)"


def test_rows_of_one_group_have_a_wider_interval() -> None:
    answers = {f"q{at}": Observation(answer="no") for at in (0, 1, 2)}
    alone = measure(run(answers), "answer_contains")
    grouped_rows = tuple(replace(row, group="a" if int(row.id) < 3 else "b") for row in ROWS)
    grouped = measure(run(answers, suite=replace(SUITE, rows=grouped_rows)), "answer_contains")
    assert None not in (alone.low, grouped.low, alone.high, grouped.high)
    assert (grouped.high or 0) - (grouped.low or 0) > (alone.high or 0) - (alone.low or 0)


def test_no_more_rows_begin_in_a_second_than_may() -> None:
    made = run(limits=RunLimits(per_s=1000))
    assert made.verdict.outcome == "pass"


def test_the_evidence_reads_back(blobs: BlobFolder) -> None:
    made = run()
    runs = Runs(blobs)
    digest = runs.keep(made)
    content = runs.get(digest)
    assert digest == digest_json(made.to_json())
    assert (content["suite_digest"], content["subject"], content["verdict"]) == ("sha256:suite", "sha256:draft", "pass")
    assert [row["scores"] for row in content["rows"]] == [dict(row.scores) for row in made.rows]
    assert content["scorers"] == {"answer_contains": "1", "refusal_correct": "1"}


@settings(max_examples=30, deadline=None)
@given(
    st.permutations(range(8)),
    st.integers(1, 9),
    st.sets(st.integers(0, 7)),
    st.sets(st.integers(0, 7)),
    st.integers(1, 2),
)
def test_order_parallelism_what_was_kept_and_a_resumed_run_change_no_score(
    order: list[int], at_once: int, before: set[int], failed_first: set[int], repeats: int
) -> None:
    words = ("yes", "no", "perhaps yes", "a yes and a no")
    rows = [Row(str(at), f"q{at}", ("yes",), (), answerable=True, tags=("t",) if at % 3 else ()) for at in range(8)]
    answers = {f"q{at}": Observation(answer=words[at % 4], latency_ms=10.0 * at, cost_usd=0.01) for at in range(8)}
    suite = replace(SUITE, scorers=(make_scorer("token_f1"), make_scorer("answer_contains")), repeats=repeats)

    class Slowly(Asked):
        async def __call__(self, row: Row) -> Observation:
            for _ in range(random.Random(row.id).randrange(4)):
                await asyncio.sleep(0)
            return await super().__call__(row)

    plain = run(answers, suite=replace(suite, rows=tuple(rows)))
    cases = KeptCases()
    broken = {f"q{at}": Observation(error="down") for at in failed_first}
    run({**answers, **broken}, suite=replace(suite, rows=tuple(rows[at] for at in sorted(before))), cases=cases)
    shuffled = replace(suite, rows=tuple(rows[at] for at in order))
    other = run(suite=shuffled, ask=Slowly(answers), cases=cases, limits=RunLimits(at_once=at_once))
    scores = {(row.row.id, row.repeat): row.scores for row in plain.rows}
    assert {(row.row.id, row.repeat): row.scores for row in other.rows} == scores
    for one in plain.measures:
        same = other.measure(one.name, one.slice)
        assert same is not None
        assert (same.value, same.low, same.high) == pytest.approx((one.value, one.low, one.high), nan_ok=True)
