import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.datasets import Row
from plimsoll.evaluation import Observation
from plimsoll.evaluation.calibration import (
    Calibration,
    Floor,
    JudgedRow,
    Labelled,
    calibrate,
    corrected_mean,
    drift,
    judge_anchors,
    judge_rows,
    may_decide,
    refused_judges,
    rogan_gladen,
)
from plimsoll.evaluation.calibration._record import CalibrationInvalidError, calibration_of
from plimsoll.evaluation.judges import Asked, JudgeModel, PassJudge, Reply
from plimsoll.evaluation.scorers import Score, make_scorer
from plimsoll.kernel.digest import canonical_json

PASS = ("fail", "pass")
FIVE = tuple("12345")
VERSION = "v1"


def judged(truth: Sequence[float | None], said: Sequence[float | None], **more: object) -> list[JudgedRow]:
    return [
        JudgedRow(
            f"r{place}",
            f"sha256:{place}",
            () if one is None else (one, one),
            one,
            () if other is None else (other,),
            "prose" if other is None else "",
            **more,  # type: ignore[arg-type]  # its fields
        )
        for place, (one, other) in enumerate(zip(truth, said, strict=True))
    ]


def made(rows: Sequence[JudgedRow], labels: Sequence[str] = PASS, **more: object) -> Calibration:
    return calibrate(rows, judge="polite", version=VERSION, labels=labels, **more)  # type: ignore[arg-type]  # its options


def noisy(count: int, right: float, seed: int = 1) -> list[JudgedRow]:
    """A judge that is right so often, on as many good as bad answers."""
    random_ = random.Random(seed)
    truth = [float(place % 2) for place in range(count)]
    return judged(truth, [one if random_.random() < right else 1 - one for one in truth])


def test_agreement_is_printed_with_intervals() -> None:
    found = made(judged([1, 1, 1, 0, 0, 0, 1, 0], [1, 1, 0, 0, 0, 1, 1, 0]))
    kappa, balanced = found.values["kappa"], found.values["balanced_accuracy"]
    assert (kappa.value, balanced.value, found.rows) == (0.5, 0.75, 8)
    assert kappa.low is not None
    assert kappa.high is not None
    assert kappa.low < 0.5 < kappa.high
    assert found.confusion == {"fail": {"fail": 3, "pass": 1}, "pass": {"fail": 1, "pass": 3}}


def test_of_a_rubric_a_near_miss_counts_less_than_a_far_one() -> None:
    truth = [0.0, 0.25, 0.5, 0.75, 1.0] * 6
    near = made(judged(truth, [min(1.0, one + 0.25) for one in truth]), FIVE)
    far = made(judged(truth, [1.0 - one for one in truth]), FIVE)
    assert near.values["accuracy"].value == far.values["accuracy"].value == pytest.approx(0.2)
    assert (near.values["kappa"].value or 0) > 0.7
    assert (far.values["kappa"].value or 0) < 0


def test_rows_without_a_truth_are_left_out_and_rows_without_a_verdict_are_counted() -> None:
    found = made(judged([1, None, 0, 1, 0], [1, 1, 0, None, 0]))
    assert (found.rows, found.disputed, found.missing, found.why) == (3, 1, 1, "row r3: prose")


def test_no_rows_make_no_figures_and_may_not_decide() -> None:
    found = made([])
    assert found.values == {}
    assert not may_decide(VERSION, found, Floor(fewest_rows=0))


def test_people_that_always_say_the_same_define_no_agreement() -> None:
    found = made(judged([1.0] * 40, [1.0] * 40))
    assert found.values["kappa"].value is None
    assert "not defined" in may_decide(VERSION, found, Floor()).why_not


def test_two_rows_with_the_same_id_are_refused() -> None:
    rows = judged([1, 0], [1, 0])
    with pytest.raises(ValueError, match="same id"):
        made([rows[0], rows[0]])


def test_a_bias_is_found_in_its_slice_and_not_in_the_others() -> None:
    random_ = random.Random(3)
    rows = []
    for place, row in enumerate(noisy(400, 0.95)):
        long = place % 4 < 2
        said = 1.0 if long and random_.random() < 0.5 else row.judged[0]
        rows.append(replace(row, judged=(said,), slices=("long",) if long else ("short",)))
    found = {bias.slice: bias for bias in made(rows).biases}
    assert found["long"].low > 0.05
    assert found["long"].p_value < 0.001
    assert found["short"].p_value > 0.05
    assert found[""].rows == 400
    assert next(iter(made(rows).biases)).slice == ""


def test_slices_of_few_rows_have_no_bias_of_their_own() -> None:
    rows = [replace(row, slices=("rare",) if place < 9 else ()) for place, row in enumerate(noisy(50, 0.9))]
    assert [bias.slice for bias in made(rows).biases] == [""]


def test_of_many_slices_by_chance_few_look_biased() -> None:
    rejected = 0
    for seed in range(20):
        random_ = random.Random(seed)
        rows = [replace(row, slices=(f"s{random_.randrange(10)}",)) for row in noisy(300, 0.8, seed)]
        rejected += any(bias.slice and bias.p_value < 0.05 for bias in made(rows).biases)
    assert rejected <= 4


def test_consistency_between_orders_and_between_repeats_is_told() -> None:
    rows = [
        replace(row, consistent=place % 4 != 0, judged=(row.judged[0], 1.0)) for place, row in enumerate(noisy(40, 0.9))
    ]
    found = made(rows).values
    assert found["swap_consistency"].value == 0.75
    assert found["retest_agreement"].value == pytest.approx(sum(row.judged[0] for row in rows) / 40)
    assert found["retest_noise"].value is not None


def test_a_judge_that_prefers_answers_of_its_own_model_is_seen() -> None:
    random_ = random.Random(5)
    rows = []
    for place, row in enumerate(noisy(400, 0.9)):
        own = place % 2 == 0
        truth = float(random_.random() < 0.5)
        said = 1.0 if own and random_.random() < 0.4 else truth
        rows.append(replace(row, author="m" if own else "n", truth=truth, judged=(said,)))
    value = made(rows, model="m").values["self_preference"]
    assert value.low is not None
    assert value.low > 0.05
    assert "self_preference" not in made(rows, model="other").values
    assert "self_preference" not in made(rows).values


def test_agreement_between_people_is_that_of_krippendorff() -> None:
    rows = [
        replace(row, people=(0.0, 1.0) if place % 5 == 0 else row.people) for place, row in enumerate(noisy(50, 0.9))
    ]
    alpha = made(rows).values["people_alpha"]
    assert alpha.value is not None
    assert 0.4 < alpha.value < 0.8


def test_a_record_comes_back_as_it_was_kept_and_its_digest_is_of_all_of_it() -> None:
    found = made([replace(row, slices=("long",)) for row in noisy(60, 0.9)])
    again = calibration_of(json.loads(canonical_json(found.to_json())))
    assert again == found
    assert again.digest == found.digest
    assert replace(found, rows=61).digest != found.digest


@pytest.mark.parametrize("content", [None, [], {}, {"format": "plimsoll-calibration-1"}, {"format": "other"}])
def test_what_is_no_calibration_is_refused(content: object) -> None:
    with pytest.raises(CalibrationInvalidError):
        calibration_of(content)


@given(st.randoms(use_true_random=False))
@settings(max_examples=8, deadline=None)
def test_the_order_of_rows_and_of_annotators_changes_nothing(random_: random.Random) -> None:
    rows = [replace(row, people=(0.0, 1.0, row.people[0])) for row in noisy(40, 0.8)]
    base = made(rows)
    random_.shuffle(rows)
    other = made([replace(row, people=tuple(random_.sample(row.people, 3))) for row in rows])
    assert other.label_set == base.label_set
    assert other.anchors == base.anchors
    assert {name: value.value for name, value in other.values.items()} == pytest.approx(
        {name: value.value for name, value in base.values.items()}
    )


def test_another_label_is_another_label_set() -> None:
    rows = noisy(40, 0.8)
    assert made([replace(rows[0], truth=1 - (rows[0].truth or 0)), *rows[1:]]).label_set != made(rows).label_set


# The gate.


def test_a_judge_that_agrees_enough_may_decide() -> None:
    permission = may_decide(VERSION, made(noisy(300, 0.95)), Floor(at_least=0.7))
    assert permission
    assert permission.value is not None
    assert permission.value >= 0.7


def test_a_good_estimate_of_few_rows_may_not_decide() -> None:
    found = made(noisy(40, 0.9))
    estimate = found.values["kappa"].value
    assert estimate is not None
    permission = may_decide(VERSION, found, Floor(at_least=estimate - 0.01))
    assert not permission
    assert "may be as low as" in permission.why_not


def test_a_judge_that_was_never_calibrated_may_not_decide() -> None:
    assert "never held against" in may_decide(VERSION, None, Floor()).why_not


def test_another_version_of_a_judge_may_not_decide() -> None:
    assert "version v2" in may_decide("v2", made(noisy(300, 0.95)), Floor()).why_not


def test_few_rows_many_missing_and_old_calibrations_are_none() -> None:
    good = made(noisy(300, 0.95))
    assert "20 rows" in may_decide(VERSION, replace(good, rows=20), Floor()).why_not
    assert "could not judge 100 of 400" in may_decide(VERSION, replace(good, missing=100), Floor()).why_not
    old = replace(good, made_at="2026-01-01T00:00:00.000000Z")
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert "59 days ago" in may_decide(VERSION, old, Floor(days=30), now=now).why_not
    assert may_decide(VERSION, old, Floor(days=60), now=now)


def test_a_judge_at_chance_practically_never_may_decide() -> None:
    passed = sum(bool(may_decide(VERSION, made(noisy(100, 0.5, seed)), Floor(at_least=0.2))) for seed in range(30))
    assert passed == 0


def test_a_judge_whose_anchors_drifted_may_not_decide() -> None:
    rows = noisy(200, 0.95)
    found = made(rows)
    assert len(found.anchors) == 50
    same = {row.row: row for row in rows}
    assert may_decide(VERSION, found, Floor(), drifted=drift(found, same))
    turned = {row.row: replace(row, judged=(1.0,)) for row in rows}
    drifted = drift(found, turned)
    assert drifted.agreement == 0.5
    assert len(drifted.changed) == 25
    assert "drifted" in may_decide(VERSION, found, Floor(), drifted=drifted).why_not


def test_anchors_whose_rows_changed_or_that_nobody_could_judge_are_not_judged_again() -> None:
    rows = noisy(200, 0.95)
    found = made(rows)
    other = {row.row: replace(row, content="sha256:other") for row in rows}
    assert drift(found, other).agreement is None
    assert "0 of its 50" in may_decide(VERSION, found, Floor(), drifted=drift(found, other)).why_not
    silent = {row.row: replace(row, judged=()) for row in rows}
    assert drift(found, silent).again == 0


class Always:
    async def ask(self, asked: Asked) -> Reply:
        assert asked.messages
        return Reply('{"reason": "r", "verdict": "pass"}', 0.5)


def test_a_suite_is_told_which_of_its_judges_decide_nothing() -> None:
    judge = PassJudge("polite", "Is it polite?", JudgeModel(Always(), "judge", "sha256:0"))
    rules = make_scorer("token_f1")
    good = replace(made(noisy(300, 0.95)), version=judge.version)
    assert refused_judges([judge, rules], {judge.version: good}, Floor()) == {}
    assert set(refused_judges([judge, rules], {}, Floor())) == {"polite"}
    older = replace(good, version="old")
    assert "version old was calibrated" in refused_judges([judge], {"old": older}, Floor())["polite"]


# Asking.


def labelled(count: int) -> list[Labelled]:
    row = Row("", "Is it polite?", (), (), answerable=False, tags=("tag",), group="g")
    return [
        Labelled(replace(row, id=f"r{at}"), Observation(answer=f"Dear {at}"), (1.0, 1.0), 1.0, "m")
        for at in range(count)
    ]


def test_a_judge_is_asked_about_every_row_and_what_it_costs_is_summed() -> None:
    judge = PassJudge("polite", "Is it polite?", JudgeModel(Always(), "judge", "sha256:0"))
    seen: list[None] = []
    found = asyncio.run(judge_rows(judge, labelled(10), repeats=3, on_row=lambda: seen.append(None)))
    assert [row.row for row in found] == [f"r{at}" for at in range(10)]
    assert {row.judged for row in found} == {(1.0, 1.0, 1.0)}
    assert (len(seen), made(found).cost_usd) == (10, 15.0)
    assert (found[0].slices, found[0].group, found[0].author) == (("tag",), "g", "m")


def test_a_judge_that_raises_on_one_row_ends_nothing() -> None:
    class Raises:
        name, version, unit, better = "bad", "1", "share", "more"

        def applies(self, row: Row) -> bool:
            return bool(row.id)

        def score(self, row: Row, seen: Observation) -> Score | None:
            if row.id == "r3":
                raise RuntimeError("row 3")
            return Score(1.0) if seen.answer and row.id != "r4" else None

    found = asyncio.run(judge_rows(Raises(), labelled(6)))  # type: ignore[arg-type]  # its names are plain text
    assert [row.said for row in found] == [1.0, 1.0, 1.0, None, None, 1.0]
    assert "RuntimeError: row 3" in found[3].why
    assert "does not apply" in found[4].why


def test_only_anchors_are_judged_again_and_a_judge_that_turned_is_seen() -> None:
    judge = PassJudge("polite", "Is it polite?", JudgeModel(Always(), "judge", "sha256:0"))
    rows = labelled(60)
    found = made(asyncio.run(judge_rows(judge, rows)))
    same, cost = asyncio.run(judge_anchors(judge, found, rows))
    assert (same.agreement, same.again, cost) == (1.0, 50, 25.0)

    class Turned:
        async def ask(self, asked: Asked) -> Reply:
            assert asked.messages
            return Reply('{"reason": "r", "verdict": "fail"}', None)

    turned, unknown = asyncio.run(
        judge_anchors(replace(judge, model=replace(judge.model, asker=Turned())), found, rows)
    )
    assert (turned.agreement, unknown) == (0.0, None)


# Corrected estimates.


def test_a_corrected_mean_holds_the_truth_about_as_often_as_it_says() -> None:
    random_ = random.Random(11)
    held = {"ppi": 0, "rogan_gladen": 0}
    times = 200
    for _ in range(times):
        share = 0.7
        people = [float(random_.random() < share) for _ in range(1_100)]
        said = [one if random_.random() < (0.9 if one else 0.7) else 1 - one for one in people]
        rows = judged(people[:150], said[:150])
        alone = said[150:]
        one, other = corrected_mean(rows, alone), rogan_gladen(rows, alone)
        held["ppi"] += one.interval.low <= share <= one.interval.high
        held["rogan_gladen"] += other.interval.low <= share <= other.interval.high
    assert 0.90 <= held["ppi"] / times <= 0.99
    assert 0.90 <= held["rogan_gladen"] / times <= 0.995


def test_a_judge_at_chance_corrects_nothing() -> None:
    rows = judged([1, 1, 0, 0], [1, 0, 1, 0])
    with pytest.raises(ValueError, match="chance"):
        rogan_gladen(rows, [1.0, 0.0])
    with pytest.raises(ValueError, match="needed"):
        rogan_gladen(judged([1, 1], [1, 1]), [1.0])
