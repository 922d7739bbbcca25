"""The folder of derived indexes: parts that snapshots share, and for each snapshot a small file that names them.

    <root>/parts/<name>/         see `_part`
    <root>/views/<snapshot>      see `_view`

Everything is written under another name, flushed to the disk and then renamed, all under one lock on the root. So a
part or a view is whole, or it is not used: whatever `kill -9` left behind is removed by the next writer, which is sure
to be alone.
"""

import contextlib
import fcntl
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plimsoll.kernel.digest import Digest, hex_part

from ..._errors import IndexFolderError
from ..._segments import Segment
from ..._snapshot import Snapshot
from ..._types import SegmentRef
from ._files import flush
from ._part import MOST_ROWS, Part, document_key, open_part
from ._vector_search import SIGNS_FROM, sample_rows, signs_suffice
from ._view import KnownDocuments, View, make_view, read_view, segment_bytes
from ._writing import UNFINISHED, PartWriters

_PARTS, _VIEWS = "parts", "views"
_SMALL = MOST_ROWS // 8
_MOST_SMALL = 4
"""More parts than this with fewer chunks than an eighth of the most are written together: a search asks each part."""
_LEAST_LIVING = 0.5
"""A part of which less belongs to the snapshot is written anew."""

ReadSegment = Callable[[SegmentRef], Segment]
Embed = Callable[[Sequence[str]], NDArray[np.float32]]
OpenView = tuple[View, tuple[Part, ...]]
Placed = list[tuple[bytes, list[tuple[str, int] | bytes]]]
"""Segments, and where each of their documents is: part and number, or the key of one that is being written."""


class IndexFolder:
    """The place under which derived indexes are kept."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def open(self, snapshot: Snapshot, read: ReadSegment, embed: Embed) -> OpenView:
        """The view of a snapshot and its parts, in the view's order; `read` gives segments that were not seen before.

        `embed` makes vectors of the snapshot's embedder, to try which way to search them suits them.

        Raises IndexFolderError when the disk says no, and whatever reading a segment raises.
        """
        try:
            return self._opened(snapshot) or self._derive(snapshot, read, embed)
        except OSError as error:
            raise IndexFolderError(self._root, error.strerror or str(error)) from error

    def prune(self, keep: Collection[Digest], *, purge: bool = False) -> None:
        """Remove the views of all snapshots but these, and the parts that none needs. Who has one open searches on.

        A part may hold documents that no view has any more. With `purge` such parts go too, and with them the views
        that use them, which are derived again when they are needed: then nothing is left of other documents.
        """
        if not self._root.is_dir():
            return
        kept = {hex_part(digest) for digest in keep}
        try:
            with self._alone():
                for path in self._views():
                    if path.name not in kept:
                        path.unlink()
                if purge:
                    self._purge()
                self._sweep()
        except OSError as error:
            raise IndexFolderError(self._root, error.strerror or str(error)) from error

    def _views(self) -> list[Path]:
        folder = self._root / _VIEWS
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def _purge(self) -> None:
        views = {path: view for path in self._views() if (view := read_view(path)) is not None}
        needed: dict[str, set[int]] = {}
        for view in views.values():
            for number, name in enumerate(view.parts):
                needed.setdefault(name, set()).update(view.documents(number).tolist())
        for path, view in views.items():
            parts = ((name, open_part(self._root / _PARTS / name, view.dimension)) for name in view.parts)
            if any(part is None or part.document_count > len(needed[name]) for name, part in parts):
                path.unlink()

    def _view_path(self, snapshot: Snapshot) -> Path:
        return self._root / _VIEWS / hex_part(snapshot.digest)

    def _opened(self, snapshot: Snapshot) -> OpenView | None:
        view = read_view(self._view_path(snapshot))
        if view is None or view.segments != tuple(segment_bytes(ref.digest) for ref in snapshot.segments):
            return None
        parts = [open_part(self._root / _PARTS / name, view.dimension) for name in view.parts]
        whole = tuple(part for part in parts if part is not None)
        return (view, whole) if len(whole) == len(parts) else None

    def _derive(self, snapshot: Snapshot, read: ReadSegment, embed: Embed) -> OpenView:
        (self._root / _VIEWS).mkdir(parents=True, exist_ok=True)
        (self._root / _PARTS).mkdir(exist_ok=True)
        with self._alone():
            opened = self._opened(snapshot)  # somebody else may have derived it while we waited
            if opened is not None:
                return opened
            self._sweep()
            try:
                view = self._tried(self._write(snapshot, read), embed)
                path = self._view_path(snapshot)
                unfinished = path.with_name(f"{path.name}{UNFINISHED}")
                unfinished.write_bytes(view.encode())
                flush(unfinished)
                unfinished.rename(path)
                flush(path.parent)
            finally:
                self._sweep()
            # Before somebody else may remove it: what is open stays.
            opened = self._opened(snapshot)
        if opened is None:
            raise IndexFolderError(self._root, "what was just written is not there any more")
        return opened

    def _write(self, snapshot: Snapshot, read: ReadSegment) -> View:
        """Write the parts that are missing, and say where everything is."""
        before = self._nearest(snapshot)
        names = {name for view in before for name in view.parts}
        found = {name: open_part(self._root / _PARTS / name, snapshot.dimension) for name in sorted(names)}
        parts = {name: part for name, part in found.items() if part is not None}
        known = KnownDocuments(before[0] if before and len(parts) == len(names) else None, parts)
        placed: Placed = []
        with contextlib.closing(PartWriters(self._root / _PARTS)) as writers:
            for ref in snapshot.segments:
                segment = segment_bytes(ref.digest)
                places = known.of_segment(segment)
                placed.append((segment, list(places) if places is not None else list(_add(read(ref), known, writers))))
            _rewrite(placed, parts, writers)
            new = writers.finish()
        return make_view(snapshot.dimension, _resolved(placed, new))

    def _tried(self, view: View, embed: Embed) -> View:
        """The view with the way to search its vectors, which is tried on a large one."""
        parts = [part for name in view.parts if (part := open_part(self._root / _PARTS / name, view.dimension))]
        living = [view.documents(number) for number in range(len(parts))]
        sizes = [part.row_counts()[some] for part, some in zip(parts, living, strict=True)]
        if sum(int(some.sum()) for some in sizes) < SIGNS_FROM:
            return view
        names = np.concatenate([part.names[some] for part, some in zip(parts, living, strict=True)])
        numbers = np.concatenate([np.full(len(some), number) for number, some in enumerate(living)])
        documents = np.concatenate(living)
        vectors, texts = [], []
        for place in sample_rows(names, np.concatenate(sizes)):
            for document, found, _ in parts[numbers[place]].documents([int(documents[place])]):
                vectors.append(found)
                texts += [chunk.text for chunk in document.chunks]
        return replace(view, signs=signs_suffice(np.concatenate(vectors), texts, embed))

    def _nearest(self, snapshot: Snapshot) -> list[View]:
        """The view that shares most segments with a snapshot, if any does."""
        wanted = {segment_bytes(ref.digest) for ref in snapshot.segments}
        found = [view for path in self._views() if (view := read_view(path)) is not None]
        fitting = [view for view in found if view.dimension == snapshot.dimension and view.parts]
        return sorted(fitting, key=lambda view: -len(wanted.intersection(view.segments)))[:1]

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock on the root. The system gives it back when the process ends, however it ends."""
        with (self._root / ".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _sweep(self) -> None:
        """Remove what a writer left unfinished and parts that no view names. Only under the lock."""
        parts = self._root / _PARTS
        needed: set[str] = set()
        for path in self._views():
            view = None if path.name.endswith(UNFINISHED) else read_view(path)
            if view is None:
                path.unlink()
            else:
                needed.update(view.parts)
        for folder in parts.iterdir() if parts.is_dir() else ():
            if folder.name not in needed:
                shutil.rmtree(folder, ignore_errors=True)


def _add(segment: Segment, known: KnownDocuments, writers: PartWriters) -> Iterator[tuple[str, int] | bytes]:
    """Where the documents of a segment are; of those that are written now, the key."""
    row = 0
    for document in segment.documents:
        vectors = segment.vectors[row : row + len(document.chunks)]
        row += len(document.chunks)
        key = document_key(document, vectors)
        place = known.of_key(key)
        if place is None:
            writers.add(document, vectors, key)
        yield key if place is None else place


def _rewrite(placed: Placed, parts: Mapping[str, Part], writers: PartWriters) -> None:
    """Write together what lies in many small parts, or in parts of which little is left."""
    used: dict[str, list[int]] = {}
    for name, number in (place for _, places in placed for place in places if not isinstance(place, bytes)):
        used.setdefault(name, []).append(number)
    chosen = _to_rewrite({name: (parts[name], numbers) for name, numbers in used.items()})
    for name in sorted(chosen):
        for document, vectors, key in parts[name].documents(sorted(used[name])):
            writers.add(document, vectors, key)
    for _, places in placed:
        places[:] = [
            parts[place[0]].key(place[1]) if not isinstance(place, bytes) and place[0] in chosen else place
            for place in places
        ]


def _to_rewrite(used: Mapping[str, tuple[Part, list[int]]]) -> set[str]:
    rows = {name: int(part.row_counts()[numbers].sum()) for name, (part, numbers) in used.items()}
    dying = {name for name, (part, _) in used.items() if rows[name] < _LEAST_LIVING * len(part.rows)}
    small = {name for name in used if rows[name] < _SMALL}
    return dying | (small if len(small) > _MOST_SMALL else set())


def _resolved(placed: Placed, new: Mapping[bytes, tuple[str, int]]) -> Iterator[tuple[bytes, list[tuple[str, int]]]]:
    for segment, places in placed:
        yield segment, [new[place] if isinstance(place, bytes) else place for place in places]
