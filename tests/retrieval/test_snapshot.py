import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plimsoll.kernel.digest import digest_json
from plimsoll.kernel.errors import InvalidError
from plimsoll.retrieval import SegmentRef, Snapshot

if TYPE_CHECKING:
    from tests.retrieval.conftest import Library

_paths = st.sampled_from([f"doc{number}.txt" for number in range(90)])
_changes = st.lists(st.tuples(_paths, st.one_of(st.none(), st.sampled_from(["red rope", "blue sea", ""]))), max_size=25)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_changes, st.integers(0, 80))
def test_any_history_ends_in_the_snapshot_of_a_fresh_build(
    new_library: "Callable[[], Library]", changes: list[tuple[str, str | None]], first: int
) -> None:
    lived, fresh = new_library(), new_library()
    lived.texts = {f"doc{number}.txt": f"text {number}" for number in range(first)}
    lived.snapshot()
    for path, text in changes:
        if text is None:
            lived.texts.pop(path, None)
        else:
            lived.texts[path] = text
        lived.snapshot()
    fresh.texts = dict(sorted(lived.texts.items(), reverse=True))
    assert fresh.snapshot() == lived.snapshot()
    assert fresh.snapshot().digest == lived.snapshot().digest


def test_one_change_writes_one_segment_and_a_removal_takes_the_rows_away(library: "Library") -> None:
    library.texts = {f"doc{number}.txt": f"text number {number}" for number in range(200)}
    before = library.snapshot()
    assert (library.written, before.documents, before.chunks) == (32, 200, 200)
    library.texts["doc7.txt"] = "something else"
    library.snapshot()
    assert library.written == 33
    del library.texts["doc7.txt"]
    after = library.snapshot()
    assert (library.written, after.documents, after.chunks) == (34, 199, 199)
    assert len(set(before.segments) & set(after.segments)) == 31


def test_a_snapshot_survives_json(ships: "Library") -> None:
    snapshot = ships.snapshot()
    again = Snapshot.from_json(json.loads(json.dumps(snapshot.to_json())))
    assert again == snapshot
    assert again.digest == snapshot.digest


@given(
    st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(["[]", '"segments":[]}', "\\u0000\x00"]),
    st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(["[]}", "é😀"]),
    st.lists(st.tuples(st.integers(0, 2**40), st.integers(0, 2**40)), max_size=5),
    st.sampled_from([None, "sha256:" + "c" * 64]),
)
def test_the_digest_is_that_of_the_content(
    embedder: str, chunker: str, sizes: list[tuple[int, int]], canary: str | None
) -> None:
    refs = tuple(SegmentRef(f"sha256:{number:064x}", *size) for number, size in enumerate(sizes))
    snapshot = Snapshot(embedder, 3, chunker, refs, canary)
    assert snapshot.digest == digest_json(snapshot.to_json())
    assert Snapshot.from_json(snapshot.to_json()) == snapshot


def test_everything_in_a_snapshot_is_in_its_digest() -> None:
    ref = SegmentRef("sha256:" + "1" * 64, 1, 2)
    variants = [
        Snapshot("e", 3, "c", (ref,)),
        Snapshot("f", 3, "c", (ref,)),
        Snapshot("e", 4, "c", (ref,)),
        Snapshot("e", 3, "d", (ref,)),
        Snapshot("e", 3, "c", ()),
        Snapshot("e", 3, "c", (ref,), "sha256:" + "2" * 64),
        Snapshot("e", 3, "c", (ref,), "sha256:" + "3" * 64),
    ]
    assert len({snapshot.digest for snapshot in variants}) == len(variants)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"format": "1"},
        {"dimension": 0},
        {"documents": 7},
        {"chunks": 7},
        {"surprise": 1},
        {"canary": "sha256:../../etc/passwd"},
        {"segments": [{"digest": "sha256:../../etc/passwd", "documents": 1, "chunks": 2}]},
        {"segments": [{"digest": "sha256:" + "1" * 64, "documents": -1, "chunks": 2}]},
    ],
)
def test_what_is_no_snapshot_is_refused(change: dict[str, Any]) -> None:
    good = Snapshot("e", 3, "c", (SegmentRef("sha256:" + "1" * 64, 1, 2),)).to_json()
    with pytest.raises(InvalidError) as caught:
        Snapshot.from_json({**good, **change})
    assert caught.value.code == "snapshot_format"
