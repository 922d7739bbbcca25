"""What every embedder is held to."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from plimsoll.kernel.errors import IntegrityError
from plimsoll.models.embedders import GuardedEmbedder, VectorsWrongError, check_vectors, embed_query

TEXTS = ["the lease", "!!", "rent"]


class Given:
    """Gives what a test wants it to give."""

    name = "given"
    fingerprint = "given-1"
    dimension = 2

    def __init__(self, vectors: Any) -> None:
        self._vectors = np.array(vectors)

    def embed(self, _texts: Sequence[str]) -> Any:
        return self._vectors


def test_good_vectors_go_through() -> None:
    embedder = GuardedEmbedder(Given([[1.0, 0.0], [0.0, 0.0], [0.6, 0.8]]))
    assert embedder.embed(TEXTS).tolist() == [[1, 0], [0, 0], [0.6, 0.8]]
    assert (embedder.name, embedder.fingerprint, embedder.dimension) == ("given", "given-1", 2)
    embedder.close()


@pytest.mark.parametrize(
    ("vectors", "said"),
    [
        ([[1.0, 0.0]] * 2, "2 vectors for 3 texts"),
        ([[1.0, 0.0]] * 4, "4 vectors for 3 texts"),
        ([[1.0, 0.0, 0.0]] * 3, "vectors of 3 numbers, and not of 2"),
        ([1.0, 0.0, 0.0], "no rows"),
        ([[1, 0]] * 3, "no rows"),
        ([[1.0, 0.0], [1.0, 0.0], [np.nan, 0.0]], "no number for 'rent'"),
        ([[np.inf, 0.0], [1.0, 0.0], [1.0, 0.0]], "no number for 'the lease'"),
        ([[1.0, 0.0], [1.0, 0.0], [2.0, 0.0]], "length 2, and not 1, for 'rent'"),
        ([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0]], "zero vector for 'the lease'"),
    ],
)
def test_wrong_vectors_are_stopped_and_told(vectors: Any, said: str) -> None:
    with pytest.raises(VectorsWrongError, match=said) as caught:
        GuardedEmbedder(Given(vectors)).embed(TEXTS)
    assert isinstance(caught.value, IntegrityError)
    assert "the index is unchanged" in caught.value.hint


def test_questions_are_checked_too() -> None:
    assert GuardedEmbedder(Given([[1.0, 0.0]])).embed_query("rent").tolist() == [1, 0]
    assert embed_query(Given([[1.0, 0.0]]), "rent").tolist() == [1, 0]
    with pytest.raises(VectorsWrongError, match="zero vector"):
        GuardedEmbedder(Given([[0.0, 0.0]])).embed_query("rent")


floats = st.floats(width=32)


@given(arrays.arrays(np.float32, st.tuples(st.integers(0, 4), st.integers(1, 3)), elements=floats))
def test_whatever_passes_is_unit_or_zero(vectors: Any) -> None:
    texts = ["word"] * len(vectors)
    try:
        check_vectors("any", texts, vectors, 2)
    except VectorsWrongError:
        return
    assert len(vectors) == 0 or vectors.shape[1] == 2
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max(initial=0) <= 1.1e-3


@pytest.mark.parametrize("huge", [3e38, 1e300])
def test_huge_numbers_are_no_vector(huge: float) -> None:
    with pytest.raises(VectorsWrongError, match="length"):
        GuardedEmbedder(Given([[huge, huge]] * 3)).embed(TEXTS)
