import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from plimsoll.kernel.statistics import holm, lower_bound, paired_interval, paired_lower_bound, paired_test
from plimsoll.kernel.statistics.power import (
    detectable_difference,
    detectable_share,
    rows_for_difference,
    rows_for_share,
)


def _pairs(better: int, worse: int, same: int) -> list[float]:
    return [1.0] * better + [-1.0] * worse + [0.0] * same


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 40))
def test_right_and_wrong_are_tested_exactly(better: int, worse: int, same: int) -> None:
    found = paired_test(_pairs(better, worse, same))
    count, fewer = better + worse, min(better, worse)
    expected = 2 * stats.binom.cdf(fewer, count, 0.5) - stats.binom.pmf(fewer, count, 0.5)
    assert found.p_value == pytest.approx(min(1.0, expected), abs=1e-9)
    assert (found.better, found.worse, found.same) == (better, worse, same)
    assert found.difference == pytest.approx((better - worse) / (count + same))


def test_a_difference_of_shares_has_its_known_interval() -> None:
    # Bonett and Price 2012 with two more rows: 8 better, 2 worse of 100.
    p = 6 / 102
    margin = 1.959964 * math.sqrt((12 / 102 - p * p) / 102)
    assert list(paired_interval(_pairs(8, 2, 90))) == pytest.approx([p - margin, p + margin], abs=1e-6)


def test_rows_that_all_agree_are_not_taken_for_certainty() -> None:
    low, high = paired_interval([0.0] * 50)
    assert low == pytest.approx(-high)
    assert 0.04 < high < 0.07


@given(st.lists(st.integers(-100, 100).map(lambda one: one / 100), min_size=3, max_size=40))
def test_what_the_test_says_fits_the_interval(differences: list[float]) -> None:
    found = paired_test(differences)
    if not {-1.0, 0.0, 1.0}.issuperset(differences):
        assert (found.p_value < 0.05) == (not found.interval.low <= 0 <= found.interval.high)
    assert paired_lower_bound(differences, 0.975) == pytest.approx(found.interval.low, abs=1e-9)


def test_rows_that_belong_together_count_once() -> None:
    differences = [0.3, 0.3, 0.3, 0.3, -0.1, -0.1, -0.1, -0.1] * 4
    alone = paired_test(differences)
    grouped = paired_test(differences, groups=[place // 4 for place in range(32)])
    assert grouped.difference == alone.difference
    assert grouped.p_value > alone.p_value


def test_no_differences_have_no_mean() -> None:
    with pytest.raises(ValueError, match="no differences"):
        paired_test([])


def test_many_comparisons_are_corrected_as_holm_did() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == ()
    assert holm([0.9, 0.8]) == (1.0, 1.0)


@pytest.mark.parametrize("count", [20, 120, 1000])
@pytest.mark.parametrize("limit", [0.5, 0.8])
def test_a_share_that_can_be_seen_is_seen_as_often_as_said(limit: float, count: int) -> None:
    share = detectable_share(limit, count)
    assert share is not None
    passing = [right for right in range(count + 1) if lower_bound([1.0] * right + [0.0] * (count - right)) >= limit]
    assert stats.binom.sf(passing[0] - 1, count, share) == pytest.approx(0.8, abs=1e-6)


def test_a_limit_can_be_out_of_reach() -> None:
    assert detectable_share(0.99, 50) is None
    assert rows_for_share(0.8, 0.8) is None


def test_the_rows_that_are_asked_for_are_enough_and_no_more_than_it_takes() -> None:
    count = rows_for_share(0.8, 0.85)
    assert count is not None
    needed = detectable_share(0.8, count)
    assert needed is not None
    assert needed <= 0.85
    few = detectable_share(0.8, count // 2)
    assert few is not None
    assert few > 0.85


@given(st.floats(0.01, 1), st.floats(0.01, 0.5))
def test_rows_for_a_difference_see_it(spread: float, difference: float) -> None:
    count = rows_for_difference(spread, difference)
    assert detectable_difference(spread, count) <= difference
    assert count == 2 or detectable_difference(spread, count - 1) > difference


def test_one_row_shows_no_difference_and_nothing_needs_no_rows() -> None:
    with pytest.raises(ValueError, match="one row"):
        detectable_difference(1.0, 1)
    with pytest.raises(ValueError, match="no difference"):
        rows_for_difference(1.0, 0.0)
