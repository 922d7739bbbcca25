import itertools
import math
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from plimsoll.kernel.statistics import (
    lower_bound,
    mean_interval,
    number_interval,
    percentile,
    quantile_interval,
    upper_bound,
    wilson_interval,
)
from plimsoll.kernel.statistics._shares import mid_p_interval

SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=60)


def _binary(successes: int, count: int) -> list[float]:
    return [1.0] * successes + [0.0] * (count - successes)


def test_wilson_known_value() -> None:
    # 81 of 263 (Wilson's interval as worked out in Newcombe 1998, table I): 0.2553 to 0.3662.
    assert list(wilson_interval(81, 263)) == pytest.approx([0.2553, 0.3662], abs=1e-4)


@given(st.integers(1, 500), st.data())
def test_wilson_holds_the_share_and_stays_a_share(count: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, count))
    low, high = wilson_interval(successes, count)
    assert 0 <= low <= successes / count + 1e-12
    assert successes / count - 1e-12 <= high <= 1


def test_nothing_has_no_interval() -> None:
    with pytest.raises(ValueError, match="nothing"):
        wilson_interval(0, 0)
    with pytest.raises(ValueError, match="no scores"):
        mean_interval([])
    with pytest.raises(ValueError, match="no values"):
        number_interval([])
    with pytest.raises(ValueError, match="no values"):
        quantile_interval([], 0.5)


@pytest.mark.parametrize("score", [-0.1, 1.1, math.nan])
def test_what_is_no_score_has_no_mean(score: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        mean_interval([0.5, score])


@pytest.mark.parametrize(
    ("successes", "count", "low", "high"),
    # Mid-P intervals of Newcombe 1998, table I, method 6: 81/263, 15/148, 0/20, 1/29.
    [(81, 263, 0.2544, 0.3658), (15, 148, 0.0601, 0.1581), (0, 20, 0.0, 0.1391), (1, 29, 0.0017, 0.1585)],
)
def test_a_share_has_its_mid_p_interval(successes: int, count: int, low: float, high: float) -> None:
    assert list(mid_p_interval(successes, count)) == pytest.approx([low, high], abs=1e-4)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 60), st.sampled_from([0.8, 0.9, 0.95, 0.99]), st.data())
def test_an_interval_of_few_rows_holds_what_was_seen_and_its_mirror(
    count: int, level: float, data: st.DataObject
) -> None:
    right = data.draw(st.integers(0, count))
    low, high = mean_interval(_binary(right, count), level)
    assert 0 <= low <= right / count <= high <= 1
    other = mean_interval(_binary(count - right, count), level)
    assert list(other) == pytest.approx([1 - high, 1 - low])
    if right:
        less = mean_interval(_binary(right - 1, count), level)
        assert less.low <= low
        assert less.high <= high


@pytest.mark.parametrize("count", [20, 50, 100])
def test_no_interval_of_few_rows_comes_nearer_to_what_it_says(count: int) -> None:
    """Wherever a range of numbers of right rows has a coverage within 1.5 points, what is accepted has one too."""
    ends = [mean_interval(_binary(right, count)) for right in range(count + 1)]
    for share in [percent / 100 for percent in range(2, 99)]:
        chances = [float(stats.binom.pmf(right, count, share)) for right in range(count + 1)]
        covers = sum(chances[right] for right, (low, high) in enumerate(ends) if low <= share <= high)
        up_to = [0.0, *itertools.accumulate(chances)]
        best = min(abs(high - low - 0.95) for low, high in itertools.combinations(up_to, 2))
        assert abs(covers - 0.95) <= 0.015 or best > 0.015


@given(st.integers(1, 200), st.floats(0.6, 0.999), st.data())
def test_the_bound_of_a_share_is_exact(count: int, level: float, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, count))
    exact = 0.0 if not successes else float(stats.beta.ppf(1 - level, successes, count - successes + 1))
    assert lower_bound(_binary(successes, count), level) == pytest.approx(exact, abs=1e-9)


@given(SCORES)
def test_an_interval_of_scores_holds_their_mean_and_mirrors(scores: list[float]) -> None:
    low, high = mean_interval(scores)
    mean = math.fsum(scores) / len(scores)
    assert 0 <= low <= mean + 1e-9
    assert mean - 1e-9 <= high <= 1
    mirrored = mean_interval([1 - score for score in scores])
    assert [1 - mirrored.high, 1 - mirrored.low] == pytest.approx([low, high], abs=1e-6)
    assert lower_bound(scores, 0.975) <= mean + 1e-9
    assert upper_bound(scores, 0.975) >= mean - 1e-9


def test_scores_that_lie_together_say_more_than_right_and_wrong() -> None:
    together = mean_interval([0.4, 0.6] * 25)
    apart = mean_interval([0.0, 1.0] * 25)
    assert together.high - together.low < (apart.high - apart.low) / 2


def test_scores_that_are_alike_by_chance_are_not_believed() -> None:
    low, high = mean_interval([0.5] * 20)
    assert 0.3 < low < 0.48
    assert 0.52 < high < 0.7


def test_rows_that_belong_together_say_less() -> None:
    scores = [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0] * 10
    alone = mean_interval(scores)
    in_groups = mean_interval(scores, groups=[place // 4 for place in range(80)])
    assert in_groups.high - in_groups.low > 1.7 * (alone.high - alone.low)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50), st.floats(0.5, 0.99))
def test_numbers_have_students_interval(values: list[float], level: float) -> None:
    low, high = number_interval(values, level)
    mean, error = math.fsum(values) / len(values), statistics.stdev(values) / math.sqrt(len(values))
    margin = float(stats.t.ppf((1 + level) / 2, len(values) - 1)) * error
    assert [low, high] == pytest.approx([mean - margin, mean + margin], rel=1e-6, abs=1e-5)


def test_one_number_says_nothing_of_a_mean() -> None:
    assert number_interval([3.0]) == (-math.inf, math.inf)


@pytest.mark.parametrize(("share", "value"), [(0, 1), (0.5, 2.5), (0.95, 3.85), (1, 4)])
def test_percentile_between_neighbours(share: float, value: float) -> None:
    assert percentile([4, 1, 3, 2], share) == pytest.approx(value)


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_of_few_values_none_need_lie_above_a_high_quantile() -> None:
    assert quantile_interval([float(value) for value in range(20)], 0.95) == (16.0, math.inf)


@given(st.integers(1, 300), st.floats(0.05, 0.95))
def test_a_quantile_lies_in_its_interval_as_often_as_it_says(count: int, share: float) -> None:
    # For ordered values 0, 1, …: the interval from place i to j misses where at most i values, or at least j + 1, lie
    # below the quantile; how many do is binomial.
    low, high = quantile_interval([float(value) for value in range(count)], share)
    too_high = stats.binom.cdf(low, count, share) if low >= 0 else 0.0
    too_low = stats.binom.sf(high, count, share) if high < count else 0.0
    assert too_high <= 0.025 + 1e-9
    assert too_low <= 0.025 + 1e-9
