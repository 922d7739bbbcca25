import math
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.kernel.statistics.resampling import Drawn, draw_again


def mean_of(values: list[float], groups: list[int] | None = None) -> Drawn:
    return draw_again(
        len(values), lambda places: statistics.fmean(values[at] for at in places), groups=groups, times=400
    )


def test_the_same_rows_give_the_same_interval() -> None:
    values = [float(at % 7) for at in range(60)]
    found = mean_of(values)
    assert found == mean_of(values)
    low, high = found.interval()
    error = statistics.pstdev(values) / math.sqrt(60)
    assert low == pytest.approx(statistics.fmean(values) - 1.96 * error, abs=0.4 * error)
    assert high == pytest.approx(statistics.fmean(values) + 1.96 * error, abs=0.4 * error)
    assert low < found.bound(0.95) < statistics.fmean(values)


def test_rows_that_belong_together_are_drawn_together() -> None:
    values = [float(at // 10) for at in range(60)]
    alone, together = mean_of(values).interval(), mean_of(values, [at // 10 for at in range(60)]).interval()
    assert together.high - together.low > 2 * (alone.high - alone.low)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(-10, 10), min_size=1, max_size=15))
def test_turning_every_value_round_turns_the_interval_round(values: list[float]) -> None:
    there, back = mean_of(values), mean_of([-one for one in values])
    assert back.interval() == pytest.approx((-there.interval().high, -there.interval().low))
    assert back.p_value == pytest.approx(there.p_value)
    assert 0 < there.p_value <= 1


def test_a_figure_that_is_often_not_defined_has_no_interval() -> None:
    found = draw_again(10, lambda places: 1.0 if 0 in places else None, times=200)
    assert found.interval() == (-math.inf, math.inf)
    assert found.p_value == 1.0


def test_no_rows_cannot_be_drawn_again() -> None:
    with pytest.raises(ValueError, match="no rows"):
        mean_of([])
