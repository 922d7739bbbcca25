"""Comparing versions and releases gathers their contents, and asks both indexes the same questions."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from plimsoll.flows.compare import MOST_PROBES, CompareParts, compare_releases, compare_versions
from plimsoll.kernel.digest import Digest, Json, digest_json
from plimsoll.kernel.errors import IntegrityError, NotFoundError, UnavailableError
from plimsoll.models import Passage
from plimsoll.registry import Kind, Version, VersionRef
from plimsoll.releases import Manifest
from plimsoll.retrieval import Hit
from plimsoll.retrieval.search import Paraphraser, Retrieval, Scope

AT = datetime(2026, 3, 1, tzinfo=UTC)
SEARCH: dict[str, Json] = {
    "mode": "hybrid",
    "top_k": 3,
    "candidates": 50,
    "fusion": "weighted",
    "vector_weight": 0.3,
}


@dataclass
class FakeIndex:
    """Finds the documents that its content names, for any question."""

    found: Sequence[str]
    depths: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    closed: bool = False
    failure: UnavailableError | None = None

    async def retrieve(self, question: str, scope: Scope, paraphraser: Paraphraser | None = None) -> Retrieval:
        assert (scope, paraphraser) == (Scope(groups=frozenset({"crew"})), None)
        if self.failure is not None:
            raise self.failure
        self.asked.append(question)
        passages = [
            Passage(id=name, document=name, title="", page=1, start=0, end=1, text="", score=1.0) for name in self.found
        ]
        hits = tuple(Hit(passage, None, None, None, None) for passage in passages)
        return Retrieval(hits, (1.0,) * len(hits), 1.0, (question,))

    async def close(self) -> None:
        self.closed = True


class Records:
    """Contents, parents and indexes as the platform would hand them in."""

    def __init__(self) -> None:
        self.kept: dict[Digest, Json] = {}
        self.parents: dict[Digest, tuple[VersionRef, ...]] = {}
        self.datasets: list[Digest] = []
        self.indexes: dict[Digest, FakeIndex] = {}
        self.opened: list[str] = []
        self.failure: Exception | None = None

    def put(self, content: Json) -> Digest:
        digest = digest_json(content)
        self.kept[digest] = content
        return digest

    def dataset(self, *questions: str) -> None:
        self.datasets.append(self.put({"rows": [{"id": text, "question": text} for text in questions]}))

    def index(self, documents: str, *, embedder: str = "builtin/static", top_k: int = 3) -> Version:
        """A version of the index `texts`, made with a knowledge version of its own."""
        digest = self.put({"documents": documents})
        knowledge = self.put({"embed": {"model": embedder}, "search": {**SEARCH, "top_k": top_k}})
        self.parents[digest] = (VersionRef("source", "texts", digest), VersionRef("knowledge", "texts", knowledge))
        self.indexes[digest] = FakeIndex(documents)
        return version("index", digest, len(self.indexes))

    def manifest(self, index: Version) -> Manifest:
        return Manifest("app", {"index:texts": index.digest, "knowledge:texts": self.parents[index.digest][1].digest})

    def content(self, digest: Digest) -> Json:
        if digest not in self.kept:
            raise NotFoundError(f"{digest} is gone")
        return self.kept[digest]

    def open_index(self, content: Json, knowledge: Json, variants_by: Json = None, /) -> FakeIndex:
        assert variants_by is None, "comparing asks no model"
        said = cast("dict[str, Any]", knowledge)
        self.opened.append(said["embed"]["model"])
        if self.failure is not None:
            raise self.failure
        index = self.indexes[digest_json(content)]
        index.depths.append(said["search"]["top_k"])
        return index

    @property
    def parts(self) -> CompareParts:
        return CompareParts(
            content=self.content,
            run=self.content,
            open_index=self.open_index,
            parents=lambda _, ref: self.parents.get(ref.digest, ()),
            datasets=lambda _: self.datasets,
            groups=frozenset({"crew"}),
        )


def version(kind: Kind, digest: Digest, number: int) -> Version:
    return Version("app", kind, "texts", number, digest, AT, "s-0", "", number)


@pytest.fixture
def records() -> Records:
    return Records()


def test_versions_of_other_kinds_are_compared_by_content_alone(records: Records) -> None:
    old, new = (version("prompt", records.put({"system": text}), 1) for text in ("One.", "Two."))
    found = compare_versions(old, new, records.parts)
    assert [change.place for change in found.diff.changes] == ["system"]
    assert (found.index, records.opened) == (None, [])


def test_index_versions_are_asked_the_questions_of_the_datasets(records: Records) -> None:
    records.dataset("A?", "B?", "C?")
    records.dataset("B?", "D?")
    old, new = records.index("abc"), records.index("abd", embedder="other/large", top_k=2)
    found = compare_versions(old, new, records.parts)
    assert found.index is not None
    assert found.index.neighbours is not None
    assert [probe.probe for probe in found.index.neighbours.probes] == ["A?", "B?", "D?", "C?"]
    assert (found.index.neighbours.top_k, found.index.neighbours.document_overlap) == (2, 1.0)
    assert records.opened == ["builtin/static", "other/large"]
    assert {depth for index in records.indexes.values() for depth in index.depths} == {2}
    assert all(index.closed for index in records.indexes.values())


def test_probes_that_are_given_take_the_place_of_the_datasets(records: Records) -> None:
    records.dataset("A?")
    found = compare_versions(records.index("abc"), records.index("xyz"), records.parts, probes=["Mine?", "Mine?"])
    assert found.index is not None
    assert found.index.neighbours is not None
    assert [probe.probe for probe in found.index.neighbours.probes] == ["Mine?"]
    assert found.index.neighbours.worst[0].documents.gained == ("x", "y", "z")


def test_no_more_questions_are_asked_than_may_be(records: Records) -> None:
    records.dataset(*(f"{number}?" for number in range(MOST_PROBES + 20)))
    found = compare_versions(records.index("a"), records.index("b"), records.parts)
    assert found.index is not None
    assert found.index.neighbours is not None
    assert len(found.index.neighbours.probes) == MOST_PROBES


def test_the_same_index_is_not_opened(records: Records) -> None:
    index = records.index("abc")
    assert compare_versions(index, replace(index, number=9), records.parts).index is None
    assert records.opened == []


def test_without_questions_the_reason_is_said(records: Records) -> None:
    found = compare_versions(records.index("a"), records.index("b"), records.parts)
    assert found.index is not None
    assert (found.index.neighbours, records.opened) == (None, [])
    assert "add a dataset, or give one with --probe" in found.index.note


def test_an_index_that_cannot_be_opened_is_one_sentence(records: Records) -> None:
    records.failure = IntegrityError("a segment is damaged")
    found = compare_versions(records.index("a"), records.index("b"), records.parts, probes=["Why?"])
    assert found.index is not None
    assert found.index.neighbours is None
    assert found.index.note == (
        "neighbours were not compared: the index texts v1 cannot be opened any more: a segment is damaged"
    )


def test_an_index_of_unknown_making_is_one_sentence(records: Records) -> None:
    old, new = records.index("a"), records.index("b")
    records.parents.clear()
    found = compare_versions(old, new, records.parts, probes=["Why?"])
    assert found.index is not None
    assert "the knowledge version that it was made from is not known" in found.index.note


def test_an_embedder_that_does_not_answer_is_one_sentence_and_closes_both(records: Records) -> None:
    old, new = records.index("a"), records.index("b")
    records.indexes[new.digest].failure = UnavailableError("the embedder does not answer")
    found = compare_versions(old, new, records.parts, probes=["Why?"])
    assert found.index is not None
    assert found.index.note == "neighbours were not compared: the embedder does not answer"
    assert all(index.closed for index in records.indexes.values())


def test_releases_are_compared_with_the_neighbours_of_their_indexes(records: Records) -> None:
    records.dataset("A?")
    old, new = records.manifest(records.index("abc")), records.manifest(records.index("abx"))
    found = compare_releases(old, new, records.parts)
    assert [change.key for change in found.diff.artifacts] == ["index:texts"]
    (index,) = found.indexes
    assert index.neighbours is not None
    assert index.neighbours.worst[0].documents.lost == ("c",)
    assert found.to_json()["indexes"] == [index.to_json()]


def test_an_index_that_only_one_release_has_is_not_asked(records: Records) -> None:
    records.dataset("A?")
    found = compare_releases(Manifest("app", {}), records.manifest(records.index("abc")), records.parts)
    assert (found.indexes, records.opened) == ((), [])
