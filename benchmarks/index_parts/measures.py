"""Building, searching and changing an index, with what each costs."""

import asyncio
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plimsoll.models import Embedder
from plimsoll.models.catalogue import make_embedder
from plimsoll.retrieval import (
    Filter,
    Index,
    IndexedDocument,
    SegmentRef,
    Snapshot,
    open_index,
    plan_segments,
    write_segment,
)
from plimsoll.retrieval.engines import Candidates, Query
from plimsoll.retrieval.engines.embedded import EmbeddedIndexes
from plimsoll.retrieval.search import Aids, Retriever, WordLikeness
from plimsoll.storage import BlobFolder

FILTER = Filter.from_json({"kind": "even"})
DEPTH = 10
CANDIDATES = 100
WARM_UP = 20
_EMBED_AT_ONCE = 256
_SAY_EVERY = 2000


@dataclass
class Shelf:
    """A folder with segments and derived indexes, and which segments were written, by their keys."""

    place: Path
    embedder: Embedder
    known: dict[str, SegmentRef] = field(default_factory=dict)
    embedded: int = 0

    def __post_init__(self) -> None:
        self.blobs = BlobFolder(self.place / "blobs")

    @property
    def derived(self) -> Path:
        """Where what is searched is kept."""
        return self.place / "indexes"

    def snapshot(
        self, keys: Mapping[str, str], make: Callable[[str], IndexedDocument], kept: "VectorCache"
    ) -> Snapshot:
        """The snapshot of some documents; a segment that was written before is not made again."""
        refs = []
        plans = plan_segments(keys)
        for done, plan in enumerate(plans, 1):
            if plan.key not in self.known:
                members = [make(path) for path in plan.paths]
                vectors = [kept.of(keys[member.path], member) for member in members]
                self.known[plan.key] = write_segment(self.blobs, members, np.concatenate(vectors))
            refs.append(self.known[plan.key])
            if done % _SAY_EVERY == 0:
                print(f"{done} of {len(plans)} segments", file=sys.stderr)
        return Snapshot(self.embedder.fingerprint, self.embedder.dimension, "benchmark", tuple(refs))

    def open(self, snapshot: Snapshot) -> Index:
        """The index, made ready where it is not yet."""
        return open_index(snapshot, self.blobs, EmbeddedIndexes(self.derived, self.embedder.embed), self.embedder)

    def bytes(self) -> dict[str, int]:
        """Sizes on the disk."""
        return {"segments": tree_bytes(self.place / "blobs"), "derived": tree_bytes(self.derived)}


class VectorCache:
    """Vectors by the key of their document, as the stage cache of a build keeps them; none where it keeps none."""

    def __init__(self, embedder: Embedder, *, keep: bool) -> None:
        self._embedder = embedder
        self._known: dict[str, NDArray[np.float32]] | None = {} if keep else None

    def of(self, key: str, document: IndexedDocument) -> NDArray[np.float32]:
        """The vectors of a document's chunks."""
        if self._known is not None and key in self._known:
            return self._known[key]
        texts = document.embedding_texts()
        made = np.concatenate([self._embedder.embed(some) for some in _some(texts)])
        if self._known is not None:
            self._known[key] = made
        return made


def _some(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(texts), _EMBED_AT_ONCE):
        yield texts[first : first + _EMBED_AT_ONCE]


def tree_bytes(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def resident_mb() -> float:
    """Memory of this process, with the pages of mapped files that it touched."""
    return _status_mb("VmRSS")


def most_resident_mb() -> float:
    """The most that `resident_mb` was at any moment since `forget_most`."""
    return _status_mb("VmHWM")


def forget_most() -> None:
    """Begin `most_resident_mb` anew."""
    Path("/proc/self/clear_refs").write_text("5", "utf-8")


def _status_mb(name: str) -> float:
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return round(int(line.split()[1]) / 1000, 1)
    return float("nan")


def forget_pages(folder: Path) -> None:
    """Ask the system to drop the cached pages of some files, so that opening them is measured from the disk."""
    for path in folder.rglob("*"):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(handle)


def latencies(one: Callable[[str], object], questions: Sequence[str]) -> dict[str, float]:
    """Milliseconds of one search after the other."""
    for question in questions[:WARM_UP]:
        one(question)
    took = []
    for question in questions:
        started = time.perf_counter()
        one(question)
        took.append((time.perf_counter() - started) * 1000)
    return {"p50_ms": round(float(np.median(took)), 2), "p99_ms": round(float(np.quantile(took, 0.99)), 2)}


def hybrid(index: Index, embedder: Embedder, *, filtered: bool = True) -> Callable[[str], Candidates]:
    """A search by words and vector together, as a request does it, with the texts of the best."""

    def search(question: str) -> Candidates:
        vector = embedder.embed([question])[0]
        query = Query(question, vector, CANDIDATES, FILTER) if filtered else Query(question, vector, CANDIDATES)
        found = index.find(query)
        best = np.argsort(-found.vector_scores, kind="stable")[:DEPTH]
        index.read([int(found.rows[place]) for place in best])
        return found

    return search


def ranked(index: Index, embedder: Embedder, questions: Sequence[str]) -> dict[str, float]:
    """Milliseconds of a whole search as a request does it, with the ranker, and how much of a processor each takes."""
    aids = Aids(likeness=WordLikeness(make_embedder("builtin/static")))
    retriever = Retriever(index, embedder, aids=aids)
    with asyncio.Runner() as runner:
        for question in questions[: len(questions) // 2]:
            runner.run(retriever.retrieve(question))
        cpu = time.process_time()
        found = latencies(lambda question: runner.run(retriever.retrieve(question)), questions[len(questions) // 2 :])
        cpu = time.process_time() - cpu
    searches = len(questions) - len(questions) // 2 + WARM_UP
    return {**found, "cpu_ms": round(cpu / searches * 1000, 2)}


def remove(place: Path) -> None:
    """Delete a folder."""
    shutil.rmtree(place, ignore_errors=True)
