"""Signs of vectors: what is chosen by them is what differs least, in however many parts the rows lie."""

import numpy as np
import pytest

from plimsoll.retrieval.engines.embedded import _codes
from plimsoll.retrieval.engines.embedded._codes import least_differing, to_signs

ROWS = 500


@pytest.mark.parametrize("dimension", [3, 64, 200, 256, 257, 700])
@pytest.mark.parametrize("looks", [1, 40, ROWS, 2 * ROWS])
def test_the_rows_that_differ_least_are_chosen_with_all_that_equal_the_last(
    monkeypatch: pytest.MonkeyPatch, dimension: int, looks: int
) -> None:
    monkeypatch.setattr(_codes, "_BLOCK", 64)
    chosen = np.random.default_rng(dimension)
    vectors = chosen.standard_normal((ROWS, dimension)).astype(np.float32)
    wanted = vectors[7] + chosen.standard_normal(dimension).astype(np.float32)
    allowed = chosen.random(ROWS) < 0.6
    apart = ((vectors > 0) != (wanted > 0)).sum(axis=1)
    least = np.sort(apart[allowed])[min(looks, int(allowed.sum())) - 1]
    signs = np.ascontiguousarray(to_signs(vectors).T)
    cuts = ((0, 170), (170, 170), (170, ROWS))
    pairs = [(np.ascontiguousarray(signs[:, first:last]), allowed[first:last]) for first, last in cuts]
    found = least_differing(pairs, to_signs(wanted[None])[0], looks)
    together = np.concatenate([rows + first for (first, _), rows in zip(cuts, found, strict=True)])
    assert together.tolist() == np.flatnonzero(allowed & (apart <= least)).tolist()


def test_without_a_mask_all_rows_count_and_of_no_rows_none_is_chosen() -> None:
    vectors = np.array([[1, 1], [1, -1], [-1, -1]], np.float32)
    signs = np.ascontiguousarray(to_signs(vectors).T)
    assert [rows.tolist() for rows in least_differing([(signs, None)], to_signs(vectors[:1])[0], 2)] == [[0, 1]]
    assert [len(rows) for rows in least_differing([(signs[:, :0], None)], to_signs(vectors[:1])[0], 2)] == [0]
    assert least_differing([], to_signs(vectors[:1])[0], 2) == []


def test_a_row_with_256_opposite_signs_is_not_taken_for_a_near_one() -> None:
    asked = np.ones(256, np.float32)
    near = asked.copy()
    near[:3] = -1
    signs = np.ascontiguousarray(to_signs(np.array([-asked, near, asked])).T)
    assert [rows.tolist() for rows in least_differing([(signs, None)], to_signs(asked[None])[0], 2)] == [[1, 2]]
