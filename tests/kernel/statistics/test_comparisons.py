import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from plimsoll.kernel.statistics import holm, lower_bound, paired_interval, paired_lower_bound, paired_test
from plimsoll.kernel.statistics.power import (
    detectable_difference,
    detectable_loss,
    detectable_share,
    rows_for_difference,
    rows_for_loss,
    rows_for_margin,
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


def _fit(better: int, worse: int, same: int, difference: float) -> float:
    """Tango's statistic by its definition: the likelihood is maximised where the true difference is a given one."""
    rows = better + worse + same

    def unlikely(share: float) -> float:
        shares = (share + difference, share, 1 - 2 * share - difference)
        return -sum(n * math.log(max(p, 1e-300)) for n, p in zip((better, worse, same), shares, strict=True))

    ends = (max(0.0, -difference), (1 - difference) / 2)
    share = optimize.minimize_scalar(unlikely, bounds=ends, method="bounded", options={"xatol": 1e-12}).x
    error = math.sqrt((2 * share + difference - difference**2) / rows)
    return float((better - worse) / rows - difference) / error


@pytest.mark.parametrize("counts", [(8, 2, 90), (2, 8, 90), (12, 7, 31), (1, 0, 43), (30, 1, 9)])
def test_a_difference_of_shares_has_the_interval_of_tango(counts: tuple[int, int, int]) -> None:
    low, high = paired_interval(_pairs(*counts))
    assert _fit(*counts, low) == pytest.approx(1.959964, abs=1e-3)
    assert _fit(*counts, high) == pytest.approx(-1.959964, abs=1e-3)


def test_rows_that_all_agree_are_not_taken_for_certainty() -> None:
    low, high = paired_interval([0.0] * 50)
    assert low == pytest.approx(-high)
    assert 0.05 < high < 0.08
    almost = paired_interval([0.0] * 49 + [1e-6])
    assert list(almost) == pytest.approx([low, high], abs=1e-3)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=30), st.booleans())
def test_swapping_old_and_new_negates(differences: list[float], in_pairs: bool) -> None:  # drawn
    groups = [place // 2 for place in range(len(differences))] if in_pairs else None
    found = paired_test(differences, groups=groups)
    other = paired_test([-one for one in differences], groups=groups)
    assert other.difference == pytest.approx(-found.difference, abs=1e-12)
    assert other.interval == pytest.approx((-found.interval.high, -found.interval.low), abs=1e-9)
    assert (other.better, other.worse, other.same) == (found.worse, found.better, found.same)
    assert other.p_value == pytest.approx(found.p_value, abs=1e-9)
    assert found.interval.low - 1e-9 <= found.difference <= found.interval.high + 1e-9


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_a_correction_keeps_the_order_and_makes_nothing_more_certain(chances: list[float]) -> None:
    adjusted = holm(chances)
    assert all(one <= other <= 1 for one, other in zip(chances, adjusted, strict=True))
    order = sorted(range(len(chances)), key=chances.__getitem__)
    assert [adjusted[place] for place in order] == sorted(adjusted)
    assert all(holm([*chances, 1.0])[place] >= adjusted[place] for place in range(len(chances)))


@given(st.lists(st.integers(-100, 100).map(lambda one: one / 100), min_size=3, max_size=40))
def test_what_the_test_says_fits_the_interval(differences: list[float]) -> None:
    found = paired_test(differences)
    if not {-1.0, 0.0, 1.0}.issuperset(differences):
        assert (found.p_value < 0.05) == (not found.interval.low <= 0 <= found.interval.high)
    assert found.interval.low - 0.3 <= paired_lower_bound(differences, 0.975) <= found.interval.low


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


@pytest.mark.parametrize(("count", "margin", "changed"), [(20, 0.2, 0.2), (50, 0.05, 0.2), (200, 0.03, 0.03)])
def test_what_loses_just_too_much_is_let_through_as_rarely_as_said(count: int, margin: float, changed: float) -> None:
    chance = 0.0
    for worse in range(count + 1):
        for better in range(count - worse + 1):
            shares = ((changed - margin) / 2, (changed + margin) / 2, 1 - changed)
            seen = stats.multinomial.pmf((better, worse, count - better - worse), count, shares)
            if seen > 1e-7 and paired_lower_bound(_pairs(better, worse, count - better - worse)) >= -margin:
                chance += float(seen)
    assert 0.001 < chance <= 0.0505


def test_a_loss_that_can_be_seen_needs_the_rows_that_there_are() -> None:
    differences = _pairs(6, 6, 108)
    loss = detectable_loss(differences)
    assert rows_for_loss(differences, loss) == pytest.approx(120, abs=1)
    assert rows_for_loss(differences, loss / 2) > 400
    assert detectable_loss(differences * 4) < loss
    assert rows_for_margin(differences, 0.05) > rows_for_margin(differences, 0.1)
    with pytest.raises(ValueError, match="one row"):
        detectable_loss([0.5])


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
