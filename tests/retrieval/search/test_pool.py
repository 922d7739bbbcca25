from collections.abc import Iterable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.retrieval.engines import Candidates
from plimsoll.retrieval.search._pool import fused, pooled, widened


def _found(text: dict[int, float], vector: dict[int, float]) -> Candidates:
    rows = np.array(sorted({*text, *vector}), np.int64)
    return Candidates(
        rows,
        np.array([text.get(int(row), 0.0) for row in rows]),
        _ranks(rows, text),
        np.array([vector.get(int(row), 0.0) for row in rows]),
        _ranks(rows, vector),
    )


def _ranks(rows: Iterable[int], scores: dict[int, float]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    order = sorted(scores, key=lambda row: -scores[row])
    return np.array([order.index(int(row)) + 1 if int(row) in scores else 0 for row in rows], np.int64)


_SCORES = st.dictionaries(st.integers(0, 30), st.floats(0.01, 100), min_size=1, max_size=10)


def test_scores_become_shares_of_the_best() -> None:
    pool = pooled([_found({1: 4.0, 2: 2.0}, {2: 0.5})], None, vector_weight=0.5)
    assert pool.text.tolist() == [1.0, 0.5]
    assert pool.vector.tolist() == [0.0, 1.0]
    assert fused(pool, "weighted", vector_weight=0.5).tolist() == [0.5, 0.75]


def test_a_question_weighs_as_much_as_its_variants_together() -> None:
    pool = pooled([_found({1: 3.0}, {}), _found({2: 9.0}, {}), _found({3: 1.0}, {})], None, vector_weight=0.5)
    assert pool.rows.tolist() == [1, 2, 3]
    assert pool.text.tolist() == [0.5, 0.25, 0.25]
    assert pool.own.text_ranks.tolist() == [1, 0, 0]


def test_a_first_place_in_both_searches_is_the_best_reciprocal_rank() -> None:
    pool = pooled([_found({7: 2.0, 8: 1.0}, {7: 0.4})], None, vector_weight=0.5)
    scores = fused(pool, "rrf", vector_weight=0.5)
    assert scores[0] == 1.0
    assert 0 < scores[1] < 0.5


def test_exact_cosines_take_the_place_of_those_that_were_found() -> None:
    found = [_found({1: 1.0}, {1: 0.2}), _found({2: 1.0}, {2: 0.2})]
    pool = pooled(found, np.array([[0.2, 0.1], [0.1, 0.2]]), vector_weight=0.5)
    assert pool.vector.tolist() == [0.75, 0.75]


def test_a_search_in_fewer_documents_adds_rows_and_changes_no_rank() -> None:
    both = widened(_found({1: 4.0, 2: 2.0}, {}), _found({2: 2.0, 3: 1.0}, {}))
    assert both.rows.tolist() == [1, 2, 3]
    assert both.text_scores.tolist() == [4.0, 2.0, 1.0]
    assert both.text_ranks.tolist() == [1, 2, 0]


@given(_SCORES, _SCORES, st.sampled_from(["weighted", "rrf"]), st.floats(0, 1))
def test_joined_scores_lie_between_0_and_1(
    text: dict[int, float], vector: dict[int, float], fusion: str, weight: float
) -> None:
    pool = pooled([_found(text, vector)], None, vector_weight=weight)
    scores = fused(pool, "rrf" if fusion == "rrf" else "weighted", vector_weight=weight)
    assert scores.shape == pool.rows.shape
    assert (scores >= 0).all()
    assert (scores <= 1 + 1e-9).all()
