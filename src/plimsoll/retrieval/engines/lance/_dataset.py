"""A dataset and its snapshots: derived from segments, each a tag, and each nearly as cheap as what changed.

    <place>/chunks.lance      rows of chunks, see `_rows`; a tag for each snapshot, named by its digest
    <place>/segments.lance    which documents each segment holds that was ever seen, so that none is read twice

A new snapshot begins with the newest version of the dataset: what does not belong to it is removed, and what is missing
is added. Before it gets its tag, its documents are held against those that it must have. So when two processes change
the dataset at once, neither can make the other's snapshot wrong: it sees that, and begins again.
"""

import contextlib
import fcntl
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, Any, Final, cast

from plimsoll.kernel.digest import Digest, hex_part

from ..._segments import Segment
from ..._snapshot import Snapshot
from ..._types import SegmentRef
from .._errors import EngineMissingError, IndexOvertakenError
from .._names import own_name
from ..embedded._part import document_key
from ._failures import explained
from ._index import LanceIndex
from ._indexing import MOST_ROWS_PER_FILE, LanceSettings, bring_up_to_date
from ._rows import ROWS_FORMAT, KeyedDocument, field_column, schema, table_of

if TYPE_CHECKING:
    from lance import LanceDataset

_ATTEMPTS: Final = 8
_PAUSE_S: Final = (0.05, 0.5)
_CONFLICTS: Final = (
    "conflict", "concurrent", "incompatible transaction", "already exists", "different schema", "duplicate",
)  # fmt: skip
_ROWS_AT_ONCE: Final = 32_768
_KEYS_AT_ONCE: Final = 4_000
_UNKNOWN: Final = ("",)
"""No document has this key."""

ReadSegment = Callable[[SegmentRef], Segment]


_USUAL = LanceSettings()
_jitter = SystemRandom()


def place_name(knowledge: str, snapshot: Snapshot) -> str:
    """The name of the folder for the snapshots of a knowledge base that were made by the embedder of this one."""
    return own_name(knowledge, snapshot, ROWS_FORMAT)


class LanceIndexes:
    """The place of the snapshots of one knowledge base and embedder.

    `place` is a folder, or the address of one in object storage, with the `options` that Lance knows for it (keys,
    endpoint, region; see its documentation): they are in no text that this class makes. Raises EngineMissingError.
    """

    def __init__(self, place: str, options: Mapping[str, str] | None = None, settings: LanceSettings = _USUAL) -> None:
        if find_spec("lance") is None:
            raise EngineMissingError("lance", "lance")
        self._place = place.rstrip("/")
        self._options = dict(options or {})
        self._settings = settings

    def open(self, snapshot: Snapshot, read: ReadSegment) -> LanceIndex:
        """The snapshot, open for searches; `read` gives segments whose documents are not there.

        Raises IndexPlaceError, IndexOvertakenError, and whatever reading a segment raises.
        """
        with self._explained():
            found = self._tagged(snapshot) or self._derive(snapshot, read)
            return LanceIndex(
                found,
                partitions=self._settings.partitions(found.count_rows()),
                exact_up_to=self._settings.indexed_above,
                explained=self._explained,
            )

    def prune(self, keep: Collection[Digest], *, purge: bool = False) -> None:
        """Remove all snapshots but these, and the files that none of them needs.

        A file may hold rows of documents that no snapshot has any more. With `purge` nothing is left of them: then
        everything is removed, and derived again when it is needed.
        """
        kept = {hex_part(digest) for digest in keep}
        with self._explained(), self._alone():
            dataset = self._opened("chunks")
            if dataset is None:
                return
            tags = dataset.tags.list()
            staying = [tag for tag in tags if tag in kept]
            if not staying or (purge and any(map(_holds_more, map(self._at, staying)))):
                self.forget()
                return
            for tag in tags.keys() - set(staying):
                dataset.tags.delete(tag)
            if dataset.version not in {tags[tag]["version"] for tag in staying}:
                # The newest version is never cleaned up, so it has to be one that stays.
                dataset = self._at(staying[-1])
                cast("Any", dataset).restore()
            dataset.cleanup_old_versions(
                older_than=timedelta(0), delete_unverified=purge, error_if_tagged_old_versions=False
            )

    def forget(self) -> None:
        """Remove everything. It is derived again when it is needed."""
        from lance import LanceDataset

        with self._explained():
            for name in ("chunks", "segments"):
                if self._opened(name) is not None:
                    LanceDataset.drop(self._uri(name), storage_options=self._options)

    def _derive(self, snapshot: Snapshot, read: ReadSegment) -> "LanceDataset":
        with self._alone():
            for _ in range(_ATTEMPTS):
                found = self._tagged(snapshot)  # somebody else may have derived it while we waited
                if found is None:
                    with _taken_as_overtaken():
                        found = self._attempt(snapshot, read)
                if found is not None:
                    return found
                threading.Event().wait(_jitter.uniform(*_PAUSE_S))
        raise IndexOvertakenError(self._place)

    def _attempt(self, snapshot: Snapshot, read: ReadSegment) -> "LanceDataset | None":
        """The snapshot; None when somebody else changed the dataset meanwhile."""
        dataset = self._opened("chunks") or self._made(snapshot.dimension)
        dataset, wanted = self._brought(dataset, snapshot, read)
        if snapshot.chunks:
            bring_up_to_date(dataset, self._settings)
        if dataset.count_rows() != snapshot.chunks or _documents(dataset) != wanted:
            return None
        return self._tag(dataset, snapshot)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep the processes of this machine apart, where the place is a folder of its: no work is done in vain."""
        if "://" in self._place:
            yield
            return
        folder = Path(self._place)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _brought(
        self, dataset: "LanceDataset", snapshot: Snapshot, read: ReadSegment
    ) -> "tuple[LanceDataset, set[str]]":
        """The newest version with the documents of a snapshot and no others, and the keys of these."""
        there = _whole(dataset)
        self._remove(dataset, _documents(dataset) - there)
        known, new = self._segments(), dict[str, list[str]]()
        wanted, batch = set[str](), list[KeyedDocument]()
        for ref in snapshot.segments:
            name = hex_part(ref.digest)
            if not there.issuperset(known.get(name, _UNKNOWN)):
                documents = list(_keyed(read(ref)))
                known[name] = new[name] = [each.key for each in documents]
                batch += [each for each in documents if each.key not in there]
            wanted.update(known[name])
            if sum(len(each.vectors) for each in batch) > _ROWS_AT_ONCE:
                dataset, batch = self._added(dataset, batch, snapshot.dimension), []
        if batch:
            dataset = self._added(dataset, batch, snapshot.dimension)
        self._note(new)
        self._remove(dataset, there - wanted)
        return dataset, wanted

    def _remove(self, dataset: "LanceDataset", keys: Collection[str]) -> None:
        gone = sorted(keys)
        for first in range(0, len(gone), _KEYS_AT_ONCE):
            listed = ", ".join(f"'{key}'" for key in gone[first : first + _KEYS_AT_ONCE])
            dataset.delete(f"key IN ({listed})")

    def _added(self, dataset: "LanceDataset", documents: Sequence[KeyedDocument], dimension: int) -> "LanceDataset":
        from lance import write_dataset

        table = table_of(documents, dimension)
        new = [name for name in table.schema.names if name not in dataset.schema.names]
        if new:
            dataset.add_columns([field_column(name) for name in new])
        # All rows in one file, so that those of a document lie one behind the other.
        return write_dataset(
            table,
            self._uri("chunks"),
            mode="append",
            max_rows_per_file=MOST_ROWS_PER_FILE,
            storage_options=self._options,
        )

    def _made(self, dimension: int) -> "LanceDataset":
        from lance import write_dataset

        wanted = schema(dimension)
        try:
            return write_dataset(wanted.empty_table(), self._uri("chunks"), storage_options=self._options)
        except (OSError, ValueError):
            found = self._opened("chunks")  # somebody else may have made it in between
            if found is None:
                raise
            return found

    def _tag(self, dataset: "LanceDataset", snapshot: Snapshot) -> "LanceDataset":
        name = hex_part(snapshot.digest)
        with contextlib.suppress(ValueError):  # somebody else derived the same
            dataset.tags.create(name, dataset.version)
        return self._at(name)

    def _tagged(self, snapshot: Snapshot) -> "LanceDataset | None":
        try:
            return self._at(hex_part(snapshot.digest))
        except (ValueError, FileNotFoundError):
            return None

    def _at(self, tag: str) -> "LanceDataset":
        from lance import dataset

        return dataset(self._uri("chunks"), version=tag, storage_options=self._options)

    def _opened(self, name: str) -> "LanceDataset | None":
        from lance import dataset

        try:
            return dataset(self._uri(name), storage_options=self._options)
        except (ValueError, FileNotFoundError):
            return None

    def _segments(self) -> dict[str, list[str]]:
        """The keys of the documents of every segment that was seen."""
        dataset = self._opened("segments")
        if dataset is None:
            return {}
        table = dataset.to_table()
        return dict(zip(table["segment"].to_pylist(), table["keys"].to_pylist(), strict=True))

    def _note(self, segments: Mapping[str, Sequence[str]]) -> None:
        import pyarrow as pa
        from lance import write_dataset

        if not segments:
            return
        columns = {"segment": list(segments), "keys": [list(keys) for keys in segments.values()]}
        form = pa.schema([("segment", pa.string()), ("keys", pa.list_(pa.string()))])
        mode = "create" if self._opened("segments") is None else "append"
        write_dataset(pa.table(columns, form), self._uri("segments"), mode=mode, storage_options=self._options)

    def _uri(self, name: str) -> str:
        return f"{self._place}/{name}.lance"

    def _explained(self) -> contextlib.AbstractContextManager[None]:
        return explained(self._place, self._options.values())


@contextlib.contextmanager
def _taken_as_overtaken() -> Iterator[None]:
    """Within it, what Lance says to a change that met another one is no error."""
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:
        if not any(sign in str(error).lower() for sign in _CONFLICTS):
            raise


def _keyed(segment: Segment) -> Iterator[KeyedDocument]:
    """The documents of a segment that have chunks."""
    first = 0
    for document in segment.documents:
        vectors = segment.vectors[first : first + len(document.chunks)]
        first += len(document.chunks)
        if document.chunks:
            yield KeyedDocument(document_key(document, vectors).hex(), document, vectors)


def _holds_more(dataset: "LanceDataset") -> bool:
    """Whether its files hold rows that are not its own any more."""
    return any(fragment.metadata.deletion_file is not None for fragment in dataset.get_fragments())


def _documents(dataset: "LanceDataset") -> set[str]:
    """The keys of all documents."""
    return set(dataset.to_table(columns=["key"], filter="ordinal = 0")["key"].to_pylist())


def _whole(dataset: "LanceDataset") -> set[str]:
    """The keys of the documents that are there with all their chunks, once."""
    table = dataset.to_table(columns=["key", "chunks"], filter="ordinal = 0")
    keys, chunks = table["key"].to_pylist(), table["chunks"].to_pylist()
    if len(set(keys)) == len(keys) and sum(chunks) == dataset.count_rows():
        return set(keys)
    rows = Counter(dataset.to_table(columns=["key"])["key"].to_pylist())
    return {key for key, count in zip(keys, chunks, strict=True) if rows[key] == count}
