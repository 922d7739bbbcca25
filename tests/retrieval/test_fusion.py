from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.kernel.errors import InvalidError
from plimsoll.retrieval import SearchSettings
from plimsoll.retrieval._fusion import Candidates, fuse

_FOUND = Candidates(
    rows=np.array([2, 5, 9]),
    text_scores=np.array([8.0, 4.0, 0.0]),
    text_ranks=np.array([1, 2, 0]),
    vector_scores=np.array([0.0, 0.25, 0.5]),
    vector_ranks=np.array([0, 2, 1]),
)


def test_weighted_fusion_adds_shares_of_the_best() -> None:
    assert fuse(_FOUND, "weighted", vector_weight=0.25).tolist() == [0.75, 0.375 + 0.125, 0.25]


def test_rrf_adds_reciprocal_ranks() -> None:
    expected = [0.5 / 61, 0.5 / 62 + 0.5 / 62, 0.5 / 61]
    assert fuse(_FOUND, "rrf", vector_weight=0.5) == pytest.approx(expected)


def test_scores_without_any_likeness_stay_zero() -> None:
    nothing = Candidates(
        _FOUND.rows, np.zeros(3), np.zeros(3, np.int64), np.array([-0.5, -0.1, 0.0]), np.zeros(3, np.int64)
    )
    assert fuse(nothing, "weighted", vector_weight=0.5).tolist() == [0.0, 0.0, 0.0]
    assert fuse(nothing, "rrf", vector_weight=0.5).tolist() == [0.0, 0.0, 0.0]


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=20), st.floats(0.001, 1000), st.floats(0, 1))
def test_the_unit_of_bm25_does_not_matter(scores: list[float], unit: float, weight: float) -> None:
    count = len(scores)
    rows, cosines = np.arange(count), np.linspace(0.1, 0.9, count)
    plain = Candidates(rows, np.array(scores), rows + 1, cosines, rows + 1)
    scaled = Candidates(rows, np.array(scores) * unit, rows + 1, cosines, rows + 1)
    expected = fuse(plain, "weighted", vector_weight=weight)
    assert fuse(scaled, "weighted", vector_weight=weight) == pytest.approx(expected)


@pytest.mark.parametrize("wrong", [{"top_k": 0}, {"candidates": 0}, {"vector_weight": -0.1}, {"vector_weight": 1.1}])
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidError):
        SearchSettings(**wrong)
