"""Two versions or two releases side by side: what differs, and which neighbours the index versions find."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from plimsoll.governance.release_diff import ReleaseDiff, diff_releases
from plimsoll.kernel.digest import Digest, Json
from plimsoll.kernel.errors import NotFoundError, PlimsollError
from plimsoll.registry import Version, VersionRef
from plimsoll.registry.diff import VersionDiff, diff_versions
from plimsoll.releases import Manifest
from plimsoll.retrieval import Hit
from plimsoll.retrieval.compare import NeighbourChange, compare_indexes
from plimsoll.retrieval.search import Scope

from .serve.parts import OpenIndex, Searcher

MOST_PROBES = 50

_INDEX = "index"


class KnowledgeUnknownError(NotFoundError):
    """Nothing says with which embedder and settings an index is searched."""

    code = "knowledge_unknown"

    def __init__(self) -> None:
        super().__init__("the knowledge version that it was made from is not known", hint="build the index again")


class IndexGoneError(NotFoundError):
    """An index version cannot be searched any more."""

    code = "index_gone"

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"the index {what} cannot be opened any more: {reason}", hint="build it again to compare it")


@dataclass(frozen=True, slots=True)
class CompareParts:
    """Where contents are read, and how an index is opened."""

    content: Callable[[Digest], Json]
    """The content of a version."""
    run: Callable[[Digest], Json]
    """The content of a run that is a release's evidence."""
    open_index: OpenIndex
    """Without a route for variants: comparing asks no model."""
    parents: Callable[[str, VersionRef], Sequence[VersionRef]]
    """What a version of an application was made from."""
    datasets: Callable[[str], Sequence[Digest]]
    """The newest version of each dataset of an application."""
    groups: frozenset[str] | None = frozenset()
    """Of who compares: only documents for everybody or for one of them are neighbours. None is for who may build."""


@dataclass(frozen=True, slots=True)
class IndexComparison:
    """What became of the neighbours of questions between two versions of one index."""

    name: str
    neighbours: NeighbourChange | None
    note: str = ""
    """Why they could not be compared, in one sentence."""

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        found = None if self.neighbours is None else self.neighbours.to_json()
        return {"index": self.name, "neighbours": found, "note": self.note}


@dataclass(frozen=True, slots=True)
class VersionComparison:
    """Two versions of one artifact."""

    diff: VersionDiff
    index: IndexComparison | None = None
    """Only for two different versions of an index."""

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        return {**self.diff.to_json(), "index": None if self.index is None else self.index.to_json()}


@dataclass(frozen=True, slots=True)
class ReleaseComparison:
    """Two releases."""

    diff: ReleaseDiff
    indexes: tuple[IndexComparison, ...]
    """One for each index that both have in different versions."""

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        return {**self.diff.to_json(), "indexes": [index.to_json() for index in self.indexes]}


@dataclass(frozen=True, slots=True)
class _Side:
    """One index version, and the knowledge version that says how it is searched."""

    what: str
    """What a person calls it."""
    index: Digest
    knowledge: Digest | None


def compare_versions(
    old: Version, new: Version, parts: CompareParts, *, probes: Sequence[str] = ()
) -> VersionComparison:
    """The diff of two versions of one kind, and for an index also its neighbours. Raises what reading contents raises.

    `probes` are the questions to ask; without them those of the application's datasets are asked.
    """
    diff = diff_versions(new.kind, parts.content(old.digest), parts.content(new.digest))
    if new.kind != _INDEX or diff.empty:
        return VersionComparison(diff)
    sides = [_Side(version.label, version.digest, _knowledge_parent(version, parts)) for version in (old, new)]
    questions = _probes(new.app, probes, parts)
    return VersionComparison(diff, _compare_indexes(new.name, (sides[0], sides[1]), questions, parts))


def compare_releases(
    old: Manifest, new: Manifest, parts: CompareParts, *, probes: Sequence[str] = ()
) -> ReleaseComparison:
    """The diff of two releases, with the neighbours of every index that both have and that changed.

    `probes` as in `compare_versions`. Raises what reading contents raises.
    """
    diff = diff_releases(old, new, parts.content, run=parts.run)
    names = [
        change.key.partition(":")[2]
        for change in diff.artifacts
        if change.key.startswith(f"{_INDEX}:") and change.what == "changed"
    ]
    questions = _probes(new.app, probes, parts) if names else ()
    sides = {name: (_side_of(old, name), _side_of(new, name)) for name in names}
    return ReleaseComparison(
        diff, tuple(_compare_indexes(name, pair, questions, parts) for name, pair in sides.items())
    )


def _side_of(manifest: Manifest, name: str) -> _Side:
    artifacts = manifest.artifacts
    return _Side(f"{name} of {manifest.name}", artifacts[f"{_INDEX}:{name}"], artifacts.get(f"knowledge:{name}"))


def _knowledge_parent(version: Version, parts: CompareParts) -> Digest | None:
    parents = parts.parents(version.app, version.ref)
    return next((parent.digest for parent in parents if parent.kind == "knowledge"), None)


def _probes(app: str, given: Sequence[str], parts: CompareParts) -> tuple[str, ...]:
    """The questions that were given, or those of the application's datasets, taken in turn so that each has a say."""
    if given:
        return tuple(dict.fromkeys(given))
    rows = [_questions(parts.content(digest)) for digest in parts.datasets(app)]
    longest = max(map(len, rows), default=0)
    in_turn = [questions[place] for place in range(longest) for questions in rows if place < len(questions)]
    return tuple(dict.fromkeys(in_turn))[:MOST_PROBES]


def _questions(content: Json) -> list[str]:
    rows = cast("Mapping[str, Any]", content).get("rows", ()) if isinstance(content, Mapping) else ()
    return [row["question"] for row in rows if isinstance(row, Mapping) and isinstance(row.get("question"), str)]


def _compare_indexes(
    name: str, sides: tuple[_Side, _Side], probes: Sequence[str], parts: CompareParts
) -> IndexComparison:
    if not probes:
        why = "there is no question to compare neighbours with: add a dataset, or give one with --probe"
        return IndexComparison(name, None, why)
    try:
        old, new = (_Opened.of(side, parts) for side in sides)
        # Both are asked for as many passages as the new one gives, so that only which ones they are is compared.
        depth = new.top_k
        before, after = (_ask(side, depth, probes, parts) for side in (old, new))
    except PlimsollError as error:
        return IndexComparison(name, None, f"neighbours were not compared: {error.message}")
    return IndexComparison(name, compare_indexes(before.__getitem__, after.__getitem__, probes, depth))


@dataclass(frozen=True, slots=True)
class _Opened:
    """The contents of one side."""

    what: str
    index: Json
    knowledge: Mapping[str, Any]

    @classmethod
    def of(cls, side: _Side, parts: CompareParts) -> "_Opened":
        try:
            if side.knowledge is None:
                raise KnowledgeUnknownError
            knowledge = cast("dict[str, Any]", parts.content(side.knowledge))
            return cls(side.what, parts.content(side.index), knowledge)
        except PlimsollError as error:
            raise IndexGoneError(side.what, error.message) from error

    @property
    def top_k(self) -> int:
        """How many passages it gives."""
        return int(self.knowledge["search"]["top_k"])


def _ask(side: _Opened, depth: int, probes: Sequence[str], parts: CompareParts) -> dict[str, tuple[Hit, ...]]:
    """What one side finds for each question."""
    knowledge = {**side.knowledge, "search": {**side.knowledge["search"], "top_k": depth}}
    try:
        searcher = parts.open_index(side.index, knowledge)
    except PlimsollError as error:
        raise IndexGoneError(side.what, error.message) from error
    return asyncio.run(_all(searcher, probes, Scope(groups=parts.groups)))


async def _all(searcher: Searcher, probes: Sequence[str], scope: Scope) -> dict[str, tuple[Hit, ...]]:
    try:
        return {probe: (await searcher.retrieve(probe, scope)).hits for probe in probes}
    finally:
        await searcher.close()
