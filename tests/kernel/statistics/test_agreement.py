import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, cohen_kappa_score  # type: ignore[import-untyped]  # it has none

from plimsoll.kernel.statistics.agreement import (
    balanced_accuracy,
    cohen_kappa,
    krippendorff_alpha,
    powered_mean,
    squared,
)

LABELS = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=4, max_size=40)


@settings(max_examples=30)
@given(LABELS)
def test_kappa_is_that_of_the_library(pairs: list[tuple[int, int]]) -> None:
    one, other = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    if len({*one, *other}) == 1:
        assert cohen_kappa(one, other).value is None
        return
    assert cohen_kappa(one, other).value == pytest.approx(cohen_kappa_score(one, other))
    weighted = cohen_kappa_score(one, other, labels=[1, 2, 3, 4], weights="quadratic")
    assert cohen_kappa(one, other, distance=squared).value == pytest.approx(weighted)


def test_an_interval_of_kappa_holds_it_and_is_the_same_again() -> None:
    one, other = [1, 1, 0, 0, 1, 0, 1, 1] * 5, [1, 1, 0, 1, 1, 0, 0, 1] * 5
    found = cohen_kappa(one, other)
    assert found.value is not None
    assert found.interval is not None
    assert found.interval.low < found.value < found.interval.high
    assert found == cohen_kappa(one, other)
    assert found.rows == 40


def test_balanced_accuracy_is_that_of_the_library() -> None:
    truth, said = ["a"] * 30 + ["b"] * 10, ["a"] * 25 + ["b"] * 5 + ["b"] * 4 + ["a"] * 6
    found = balanced_accuracy(truth, said)
    assert found.value == pytest.approx(balanced_accuracy_score(truth, said))
    assert found.interval is not None
    assert found.interval.low < 0.6167 < found.interval.high


def test_one_true_label_cannot_be_told_apart() -> None:
    assert balanced_accuracy(["a", "a"], ["a", "b"]).value is None


def test_alpha_of_the_published_example() -> None:
    # Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", example C: nominal .743, interval .849.
    columns = [
        "1 1 1",
        "2 2 3 2",
        "3 3 3 3",
        "3 3 3 3",
        "2 2 2 2",
        "1 2 3 4",
        "4 4 4 4",
        "1 1 2 1",
        "2 2 2 2",
        "5 5 5",
        "1 1",
        "3",
    ]
    rows = [[int(label) for label in column.split()] for column in columns]
    assert krippendorff_alpha(rows).value == pytest.approx(0.743, abs=1e-3)
    assert krippendorff_alpha(rows, distance=squared).value == pytest.approx(0.849, abs=1e-3)
    assert krippendorff_alpha(rows).rows == 11


def test_annotators_who_say_one_thing_have_no_agreement_to_measure() -> None:
    assert krippendorff_alpha([[1, 1], [1, 1]]).value is None
    assert krippendorff_alpha([]).value is None


def test_a_judge_that_is_always_right_is_believed_and_one_that_is_noise_is_not() -> None:
    draw = random.Random(3)
    truth = [float(draw.random() < 0.7) for _ in range(2200)]
    right = powered_mean(truth[:200], truth[:200], truth[200:])
    assert right.weight == pytest.approx(1 / (1 + 200 / 2000), abs=0.05)
    noise = [draw.random() for _ in truth]
    wrong = powered_mean(truth[:200], noise[:200], noise[200:])
    assert abs(wrong.weight) < 0.2
    people_alone = 2 * 1.96 * math.sqrt(0.7 * 0.3 / 200)
    assert right.interval.high - right.interval.low < 0.5 * people_alone
    assert wrong.interval.high - wrong.interval.low == pytest.approx(people_alone, rel=0.15)


def test_one_row_mends_nothing() -> None:
    with pytest.raises(ValueError, match="three rows"):
        powered_mean([1.0], [1.0], [1.0, 0.0])
