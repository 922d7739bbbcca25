from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plimsoll.kernel.errors import IntegrityError, InvalidError
from plimsoll.retrieval import Chunk, IndexedDocument, plan_segments, write_segment
from plimsoll.retrieval._segments import decode_segment, encode_segment

if TYPE_CHECKING:
    from tests.retrieval.conftest import Library

_keys = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), st.just("k"), max_size=300)


def _document(path: str, chunks: int = 2) -> IndexedDocument:
    rows = tuple(Chunk(number, number, number + 1, 1, "x") for number in range(chunks))
    text = "x" * (chunks + 1)
    return IndexedDocument(path, "sha256:" + "0" * 64, "t", "text/plain", text, (), rows)


@settings(max_examples=60, deadline=None)
@given(_keys, st.randoms(use_true_random=False))
def test_a_plan_holds_every_path_once_whatever_the_order(keys: dict[str, str], random: Random) -> None:
    plans = plan_segments(keys)
    assert sorted(path for plan in plans for path in plan.paths) == sorted(keys)
    shuffled = list(keys.items())
    random.shuffle(shuffled)
    assert plan_segments(dict(shuffled)) == plans


@pytest.mark.parametrize(("documents", "most"), [(0, 0), (1, 1), (8, 1), (9, 2), (16, 2), (17, 4), (1000, 128)])
def test_the_number_of_partitions_follows_the_number_of_documents(documents: int, most: int) -> None:
    plans = plan_segments({f"d{number}.txt": "k" for number in range(documents)})
    assert len(plans) == most
    assert all(plan.paths for plan in plans)


def test_changing_one_document_changes_one_segment() -> None:
    keys = {f"d{number}.txt": "k" for number in range(500)}
    before = {plan.key for plan in plan_segments(keys)}
    after = {plan.key for plan in plan_segments(keys | {"d7.txt": "other"})}
    assert len(before - after) == len(after - before) == 1


def test_a_segment_comes_back_as_it_was_and_in_one_order(library: "Library") -> None:
    documents = [_document("a", 1), _document("b", 3), _document("empty", 0), _document("c", 2)]
    vectors = np.arange(6 * 4, dtype=np.float32).reshape(6, 4)
    ref = write_segment(library.blobs, documents, vectors)
    assert (ref.documents, ref.chunks) == (4, 6)
    stored = decode_segment(ref.digest, library.blobs.get(ref.digest))
    found, rows = stored.documents, stored.vectors
    given_rows = {"a": vectors[0:1], "b": vectors[1:4], "empty": vectors[:0], "c": vectors[4:6]}
    assert sorted(found, key=lambda document: document.path) == sorted(documents, key=lambda document: document.path)
    assert np.array_equal(rows, np.concatenate([given_rows[document.path] for document in found]))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(5)))
def test_the_order_of_documents_does_not_change_the_bytes(order: list[int]) -> None:
    documents = [_document(f"d{number}", number) for number in range(5)]
    vectors = [np.full((number, 3), number, np.float32) for number in range(5)]
    shuffled = encode_segment(
        [documents[place] for place in order], np.concatenate([vectors[place] for place in order])
    )
    assert shuffled == encode_segment(documents, np.concatenate(vectors))


def test_the_bytes_do_not_depend_on_the_machine() -> None:
    native = np.linspace(0, 1, 6, dtype=np.float32).reshape(2, 3)
    swapped = native.astype(">f4")
    assert encode_segment([_document("a")], swapped) == encode_segment([_document("a")], native)


@pytest.mark.parametrize(
    "vectors",
    [np.zeros((1, 3)), np.zeros((3, 3)), np.zeros(2), np.zeros((2, 0)), np.zeros((2, 3, 1)), np.full((2, 3), np.nan)],
)
def test_vectors_that_do_not_fit_are_refused(vectors: "np.typing.NDArray[np.float64]") -> None:
    with pytest.raises(InvalidError) as caught:
        encode_segment([_document("a")], vectors.astype(np.float32))
    assert caught.value.code == "vector_shape"


def test_a_path_twice_is_refused() -> None:
    with pytest.raises(InvalidError) as caught:
        encode_segment([_document("a", 1), _document("a", 1)], np.zeros((2, 3), np.float32))
    assert caught.value.code == "duplicate_path"


def test_text_that_is_not_unicode_is_refused() -> None:
    for document in (_document("a\udcff", 1), replace(_document("a", 1), title="\ud800")):
        with pytest.raises(InvalidError) as caught:
            encode_segment([document], np.zeros((1, 3), np.float32))
        assert caught.value.code == "not_unicode"
    with pytest.raises(InvalidError):
        plan_segments({"a\udcff": "k"})


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60))
def test_foreign_bytes_are_no_segment(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        decode_segment("sha256:0", data)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_shortened_segment_is_refused(data: st.DataObject) -> None:
    whole = encode_segment([_document("a")], np.ones((2, 3), np.float32))
    with pytest.raises(IntegrityError):
        decode_segment("sha256:0", whole[: data.draw(st.integers(0, len(whole) - 1))])


def test_another_format_is_refused_by_number() -> None:
    whole = encode_segment([_document("a")], np.ones((2, 3), np.float32))
    with pytest.raises(IntegrityError, match="format is 3"):
        decode_segment("sha256:0", whole.replace(b"\xa6format\x02", b"\xa6format\x03", 1))
