import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.kernel.statistics import percentile, wilson_interval


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


@pytest.mark.parametrize(("share", "value"), [(0, 1), (0.5, 2.5), (0.95, 3.85), (1, 4)])
def test_percentile_between_neighbours(share: float, value: float) -> None:
    assert percentile([4, 1, 3, 2], share) == pytest.approx(value)


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)
