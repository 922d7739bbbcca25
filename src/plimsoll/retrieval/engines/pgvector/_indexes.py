"""The snapshots of one knowledge base and embedder in a PostgreSQL server."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from plimsoll.kernel.digest import Digest, hex_part

from ..._segments import Segment
from ..._snapshot import Snapshot
from ..._types import SegmentRef
from .._errors import IndexOvertakenError
from .._names import own_name
from .._store import DocumentRow, PgvectorStore, PgvectorWriter
from ._index import PgvectorIndex
from ._rows import ROWS_FORMAT, rows_of

SCHEMA_PREFIX: Final = "plimsoll_index_"
"""What the names of all schemas of indexes begin with."""

_CHUNKS_AT_ONCE: Final = 4_096

ReadSegment = Callable[[SegmentRef], Segment]


@dataclass(frozen=True, slots=True)
class PgvectorSettings:
    """When an index of vectors is made."""

    indexed_above: int = 20_000
    """Chunks up to which every vector is compared."""


_USUAL = PgvectorSettings()


def schema_name(knowledge: str, snapshot: Snapshot) -> str:
    """The schema for the snapshots of a knowledge base that were made by the embedder of this one."""
    return f"{SCHEMA_PREFIX}{own_name(knowledge, snapshot, ROWS_FORMAT)}"


class PgvectorIndexes:
    """The place of the snapshots of one knowledge base and embedder: tables in a schema of their own."""

    def __init__(self, store: PgvectorStore, settings: PgvectorSettings = _USUAL) -> None:
        self._store = store
        self._settings = settings

    def open(self, snapshot: Snapshot, read: ReadSegment) -> PgvectorIndex:
        """The snapshot, open for searches; `read` gives segments whose documents are not there.

        Raises UnavailableError when the server cannot be used, and whatever reading a segment raises.
        """
        digest = hex_part(snapshot.digest)
        record = self._store.snapshot(digest)
        if record is None:
            self._derive(snapshot, read)
            record = self._store.snapshot(digest)
        if record is None:
            raise IndexOvertakenError(str(self._store))
        # Also where it was there: who derived it may have been killed before this.
        self._store.index_vectors(self._settings.indexed_above)
        return PgvectorIndex(self._store, record, snapshot.dimension)

    def prune(self, keep: Collection[Digest], *, purge: bool = False) -> None:
        """Remove all snapshots but these, and what none of them needs. Who has one of those open finds nothing more.

        With `purge` the tables are written anew, so that nothing is left of it in their files either.
        """
        with self._store.writing() as writer:
            writer.prune([hex_part(digest) for digest in keep])
        if purge:
            self._store.scrub()

    def close(self) -> None:
        """Give back all connections."""
        self._store.close()

    def _derive(self, snapshot: Snapshot, read: ReadSegment) -> None:
        with self._store.writing() as writer:
            if self._store.snapshot(hex_part(snapshot.digest)) is not None:
                return  # somebody else derived it while we waited
            wanted = self._bring(writer, snapshot, read)
            chunks = writer.finish(hex_part(snapshot.digest), wanted)
            if chunks != snapshot.chunks:
                raise IndexOvertakenError(str(self._store))

    def _bring(self, writer: PgvectorWriter, snapshot: Snapshot, read: ReadSegment) -> set[bytes]:
        """Write the documents that are missing; the keys of all that the snapshot has."""
        names = [hex_part(ref.digest) for ref in snapshot.segments]
        known, there = writer.segments(names), writer.keys()
        wanted, new = set[bytes](), dict[str, list[bytes]]()
        batch = list[DocumentRow]()
        for name, ref in zip(names, snapshot.segments, strict=True):
            if name not in known or not there.issuperset(known[name]):
                documents = list(rows_of(read(ref)))
                known[name] = new[name] = [each.key for each in documents]
                batch += [each for each in documents if each.key not in there]
                there.update(known[name])
            wanted.update(known[name])
            if sum(len(each.chunks) for each in batch) >= _CHUNKS_AT_ONCE:
                writer.add(batch)
                batch = []
        writer.add(batch)
        writer.note(new)
        return wanted
