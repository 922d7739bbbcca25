"""Figures of whole runs: known values, intervals that depend on no order, and what is not measured."""

import math
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.datasets import Row
from plimsoll.evaluation import Observation
from plimsoll.evaluation.figures import CHOSEN, FIGURES, Asked, Found, make_figure
from plimsoll.evaluation.scorers import ScorerOptionsError
from plimsoll.kernel.statistics import lower_bound

LABELS = ("a", "b", "c")


def asked(number: int, wanted: str = "", said: str = "", *, group: str = "", **more: Any) -> Asked:
    scores = more.pop("scores", {})
    answers = (wanted,) if wanted else ()
    row = Row(f"row-{number}", "?", answers, (), answerable=bool(wanted), tags=(), group=group)
    return Asked(row, Observation(said, **more), scores)


def labelled(pairs: list[tuple[str, str]]) -> list[Asked]:
    return [asked(number, wanted, said) for number, (wanted, said) in enumerate(pairs)]


def found(figure: str, rows: list[Asked], **options: Any) -> Found:
    return make_figure(figure, options=options).of(rows)


PAIRS = [("a", "a")] * 8 + [("a", "b")] * 2 + [("b", "b")] * 3 + [("b", "none")] + [("c", "a")] * 2
# a: 8 right of 10, said 10 times; b: 3 of 4, said 5 times; c: 0 of 2, never said.


@pytest.mark.parametrize(
    ("figure", "options", "value"),
    [
        ("macro_f1", {}, (16 / 20 + 6 / 9 + 0) / 3),
        ("macro_f1", {"labels": ["a", "b"]}, (16 / 20 + 6 / 9) / 2),
        ("balanced_accuracy", {}, (0.8 + 0.75 + 0) / 3),
        ("class_f1", {"label": "B"}, 6 / 9),
        ("class_precision", {"label": "a"}, 0.8),
        ("class_recall", {"label": "b"}, 0.75),
        ("class_recall", {"label": "c"}, 0),
    ],
)
def test_known_values_of_labels(figure: str, options: dict[str, Any], value: float) -> None:
    result = found(figure, labelled(PAIRS), **options)
    assert result.value == pytest.approx(value)
    assert result.interval is not None
    assert 0 <= result.interval.low <= value <= result.interval.high <= 1


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=40))
def test_labels_have_the_values_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    true, said = zip(*pairs, strict=True)
    everywhere = sorted({*true, *said})
    macro = metrics.f1_score(true, said, labels=everywhere, average="macro", zero_division=0)
    assert found("macro_f1", labelled(pairs), labels=everywhere).value == pytest.approx(macro)
    recall = metrics.recall_score(true, said, labels=sorted(set(true)), average="macro")
    assert found("balanced_accuracy", labelled(pairs)).value == pytest.approx(recall)


def test_what_is_not_defined_is_not_measured() -> None:
    rows = labelled(PAIRS)
    assert found("class_precision", rows, label="c").value is None
    assert "'d'" in found("class_f1", rows, label="d").why
    assert found("macro_f1", [asked(1, said="a")]).why == "no row has a label"
    assert found("bleu_corpus", [asked(1, said="a")]).why == "no row has an accepted answer"
    assert found("energy_wh_mean", [asked(1, "a", energy_wh=1.0), asked(2, "a")]).value is None
    assert found("cost_per_success", rows, of="token_f1").why == "the price of 16 of 16 answers is not known"
    paid = [asked(1, "a", cost_usd=0.1)]
    assert "name it in `scorers`" in found("cost_per_success", paid, of="token_f1").why
    assert "name it in `scorers`" in found("hallucination_rate", paid).why
    failed = [asked(1, "a", cost_usd=0.1, scores={"token_f1": 0.2})]
    assert found("cost_per_success", failed, of="token_f1").value is None
    assert found("tokens_per_s", paid).value is None


def test_scores_that_could_not_be_measured_are_not_left_out() -> None:
    rows = [asked(at, "a", cost_usd=0.1, scores={"grounded_answer": 1.0}) for at in range(9)]
    rows.append(asked(9, "a", cost_usd=0.1)._replace(missed=("grounded_answer",)))
    why = "1 row was not measured by `grounded_answer`"
    assert found("hallucination_rate", rows)[:3] == (None, None, why)
    words = [asked(1, "a", scores={"answer_length": 7.0})]
    assert "is no share" in found("hallucination_rate", words, of="answer_length").why
    assert found("cost_per_success", rows, of="grounded_answer")[:3] == (None, None, why)


RUN = [
    asked(
        number,
        "the harbour opens at nine" if number % 4 else "",
        "the harbour opens at nine" if number % 3 else "a",
        group=f"g{number % 7}" if number % 2 else "",
        answered=number % 5 != 0,
        latency_ms=100.0 + number,
        first_token_ms=20.0 + number % 3,
        output_tokens=number,
        cost_usd=0.1 * (1 + number % 4) / 3,
        energy_wh=0.2 + number / 7,
        scores={"good": float(number % 3 > 0), "grounded_answer": float(number % 6 > 0)},
    )
    for number in range(40)
]
OPTIONS: dict[str, dict[str, Any]] = {
    "cost_per_success": {"of": "good"},
    **{f"class_{name}": {"label": "a"} for name in ("f1", "precision", "recall")},
}


@pytest.mark.parametrize("figure", [*FIGURES, *CHOSEN])
def test_the_order_of_rows_changes_nothing(figure: str) -> None:
    rows = [*RUN, *(one._replace(row=one.row) for one in RUN[:5])]  # some were asked twice
    made = make_figure(figure, options=OPTIONS.get(figure, {}))
    first = made.of(rows)
    for seed in range(3):
        random.Random(seed).shuffle(rows)
        again = made.of(rows)
        assert (again.value, again.interval) == (first.value, first.interval)
        if first.bound is not None and again.bound is not None:
            assert again.bound(0.95, True) == first.bound(0.95, True)
    assert made.version
    assert (made.unit, made.better) in {("share", "more"), ("share", "less"), ("number", "less"), ("number", "more")}


def test_cost_of_a_good_answer_is_what_all_cost_over_the_good_ones() -> None:
    rows = [asked(at, "x", cost_usd=0.1 * at, scores={"good": float(at % 2)}) for at in range(6)]
    result = found("cost_per_success", rows, of="good")
    assert result.value == pytest.approx(1.5 / 3)
    assert found("cost_per_success", rows, of="good", at_least=-1).value == pytest.approx(1.5 / 6)
    assert result.interval is not None
    assert 0 < result.interval.low < 0.5 < result.interval.high


def test_a_row_that_was_asked_several_times_counts_once() -> None:
    once = labelled([("a", "a"), ("b", "a"), ("b", "b")])
    again = [*once, once[0], once[0], once[1]]
    for figure in ("macro_f1", "balanced_accuracy"):
        assert found(figure, again)[:2] == found(figure, once)[:2]
    assert found("answer_rate", again).values == (1, 1, 1)


def test_rows_that_are_all_right_are_no_certainty() -> None:
    rows = labelled([("a", "a")] * 20)
    result = found("class_recall", rows, label="a")
    assert result.value == 1
    assert result.interval is not None
    assert 0.82 < result.interval.low < 0.92
    assert result.bound is not None
    # The bound of a share is that of Clopper and Pearson, as far as 2,000 draws show it.
    assert result.bound(0.95, True) == pytest.approx(lower_bound([1.0] * 20), abs=0.015)
    assert result.bound(0.95, False) == 1


def test_rows_that_belong_together_say_less() -> None:
    pairs = [(label, label if number % 4 else "c") for number in range(40) for label in ("a", "b")]
    apart = found("balanced_accuracy", labelled(pairs), labels=["a", "b"])
    rows = [asked(at, *pair, group=f"g{at // 8 % 5}") for at, pair in enumerate(sorted(pairs, key=lambda one: one[1]))]
    together = found("balanced_accuracy", rows, labels=["a", "b"])
    assert together.value == pytest.approx(apart.value)
    assert apart.interval is not None
    assert together.interval is not None
    assert together.interval.high - together.interval.low > 1.5 * (apart.interval.high - apart.interval.low)


def test_answers_and_what_of_them_is_not_borne_out() -> None:
    rows = [
        asked(1, "x", answered=True, scores={"grounded_answer": 1.0, "groundedness": 1.0}),
        asked(2, "x", answered=True, scores={"grounded_answer": 0.0, "groundedness": 0.75}),
        asked(3, "x", answered=False),
        asked(4, "x", answered=None, scores={"grounded_answer": 1.0, "groundedness": 1.0}),
    ]
    assert found("answer_rate", rows).value == 0.75
    assert found("hallucination_rate", rows).value == pytest.approx(1 / 3)
    assert found("hallucination_rate", rows, of="groundedness").value == pytest.approx(0.25 / 3)


def test_tokens_come_after_the_first_one() -> None:
    rows = [asked(1, "x", latency_ms=1100.0, first_token_ms=100.0, output_tokens=51), asked(2, "x", output_tokens=9)]
    assert found("tokens_per_s", rows).value == pytest.approx(50)


@pytest.mark.parametrize(
    ("figure", "options", "message", "hint"),
    [
        ("latncy", {}, "figure latncy: there is no such figure", "did you mean `latency`?"),
        ("latency", {"share": 1}, "`share` must be a number from 0.01 to 0.999", "share: 0.95"),
        ("latency", {"p": 0.9}, "it has no option 'p'", "options: share"),
        ("latency_p95_ms", {"share": 0.9}, "it has no options", "take them away"),
        ("answer_rate", {"of": "x"}, "it has no option 'of'", "this figure has no options"),
        ("cost_per_success", {}, "`of` is missing", "of: answer_contains"),
        ("class_f1", {"label": " "}, "`label` must be text", "label: billing"),
    ],
)
def test_what_cannot_be_is_told(figure: str, options: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(ScorerOptionsError) as raised:
        make_figure(figure, options=options)
    assert message in raised.value.message
    assert hint in raised.value.hint


def test_a_figure_that_is_set_says_so_in_its_version() -> None:
    made = [make_figure("latency", options=options) for options in ({}, {"share": 0.9}, {"share": 0.99})]
    assert len({one.version for one in made}) == 3
    assert make_figure("latency_p95_ms", name="slow").name == "slow"
    assert math.isclose(made[0].of(RUN).value or 0, FIGURES["latency_p95_ms"].of(RUN).value or 1)


@pytest.mark.parametrize("figure", [*FIGURES, *CHOSEN])
def test_samples_hold_a_row_as_often_as_it_was_drawn(figure: str) -> None:
    made = make_figure(figure, options=OPTIONS.get(figure, {}))
    value = made.of_samples([[one, one] if at % 3 else [one] for at, one in enumerate(RUN)])
    places = [1, 1, 2, 7, 7, 7, 30, 11, 17, 29]
    drawn = [RUN[place]._replace(row=replace(RUN[place].row, id=f"{at}")) for at, place in enumerate(places)]
    twice = [one for at, place in enumerate(places) for one in [drawn[at]] * (2 if place % 3 else 1)]
    wanted = made.of(twice).value
    assert value(places) == (None if wanted is None else pytest.approx(wanted))
