import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.retrieval.search._diverse import diverse_order

_VECTORS = np.array([[1, 0], [1, 0], [0, 1]], np.float32)


def test_what_is_said_twice_comes_later() -> None:
    scores = np.array([1.0, 0.9, 0.5])
    assert diverse_order(scores, _VECTORS, count=3, diversity=0.0) == [0, 1, 2]
    assert diverse_order(scores, _VECTORS, count=3, diversity=0.6) == [0, 2, 1]


def test_no_more_are_chosen_than_asked_for_or_there_are() -> None:
    scores = np.array([1.0, 0.9, 0.5])
    assert diverse_order(scores, _VECTORS, count=2, diversity=0.3) == [0, 1]
    assert diverse_order(np.empty(0), np.empty((0, 2), np.float32), count=5, diversity=0.5) == []


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=12), st.floats(0, 1))
def test_each_is_chosen_once_and_the_best_first(scores: list[float], diversity: float) -> None:
    vectors = np.eye(len(scores), dtype=np.float32)
    order = diverse_order(np.array(scores), vectors, count=len(scores), diversity=diversity)
    assert sorted(order) == list(range(len(scores)))
    if diversity < 1:
        assert scores[order[0]] >= max(scores) - 1e-9
