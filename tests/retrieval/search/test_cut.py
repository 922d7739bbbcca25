import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.retrieval.search._cut import worthwhile

_LENGTHS = np.full(10, 400.0)


def test_a_sure_best_hit_is_given_alone() -> None:
    sure = np.array([0.95, *[0.01] * 9])
    assert worthwhile(sure, _LENGTHS, 1.5) == 1


def test_where_nothing_is_sure_everything_is_given() -> None:
    unsure = np.full(10, 0.1)
    assert worthwhile(unsure, _LENGTHS, 1.0) == 10


def test_without_focus_everything_is_given() -> None:
    assert worthwhile(np.array([0.9, 0.0]), np.array([10.0, 10.0]), 0.0) == 2
    assert worthwhile(np.empty(0), np.empty(0), 2.0) == 0


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=20), st.floats(0.1, 50), st.floats(1, 4))
def test_more_focus_never_gives_more(relevances: list[float], focus: float, factor: float) -> None:
    first = np.sort(np.array(relevances))[::-1]
    lengths = np.full(len(first), 100.0)
    assert 1 <= worthwhile(first, lengths, focus * factor) <= worthwhile(first, lengths, focus)
