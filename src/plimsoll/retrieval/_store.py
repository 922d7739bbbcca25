"""Segments as blobs, and the way from a stored snapshot to an open index."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from plimsoll.kernel.digest import Digest
from plimsoll.models import Embedder
from plimsoll.storage import Blobs

from ._errors import EmbedderMismatchError, SegmentFormatError
from ._segments import Segment, decode_segment, encode_segment
from ._snapshot import Snapshot
from ._types import Index, IndexedDocument, SegmentRef


def write_segment(blobs: Blobs, documents: Sequence[IndexedDocument], vectors: NDArray[np.float32]) -> SegmentRef:
    """Store documents and the vectors of all their chunks (documents in the given order, chunks in theirs).

    The order of the documents does not change the result. Raises InvalidError (shape of the vectors, a path given
    twice, text that is not Unicode) and what `Blobs.put` raises.
    """
    digest = blobs.put(encode_segment(documents, vectors))
    return SegmentRef(digest, documents=len(documents), chunks=len(vectors))


class Indexes(Protocol):
    """An engine, and the place where it keeps what it derives from segments. It shapes no answer."""

    def open(self, snapshot: Snapshot, read: Callable[[SegmentRef], Segment]) -> Index:
        """The snapshot, open for searches; `read` gives segments whose documents are not there.

        Several processes may ask for the same at once. Raises UnavailableError when the place cannot be used, and
        whatever reading a segment raises.
        """

    def prune(self, keep: Collection[Digest], *, purge: bool = False) -> None:
        """Remove what was derived for other snapshots only; it is derived again when it is needed.

        With `purge` nothing is left of documents that these snapshots do not have. Raises UnavailableError when the
        place cannot be changed.
        """


def open_index(snapshot: Snapshot, blobs: Blobs, engine: Indexes, embedder: Embedder) -> Index:
    """Open a snapshot for search. What a search needs is derived from the segments when the engine has it not yet.

    Raises EmbedderMismatchError, IntegrityError when a segment is damaged, NotFoundError when one is missing, and
    UnavailableError when the place of the engine cannot be used.
    """
    if embedder.fingerprint != snapshot.embedder:
        raise EmbedderMismatchError(embedder.name, embedder.fingerprint, snapshot.embedder)
    if embedder.dimension != snapshot.dimension:
        wanted = f"{snapshot.embedder} with {snapshot.dimension} dimensions"
        raise EmbedderMismatchError(embedder.name, f"one with {embedder.dimension} dimensions", wanted)
    return engine.open(snapshot, partial(_read, blobs, snapshot.dimension))


def _read(blobs: Blobs, dimension: int, ref: SegmentRef) -> Segment:
    segment = decode_segment(ref.digest, blobs.get(ref.digest))
    found = (len(segment.documents), segment.chunk_count, segment.vectors.shape[1])
    wanted = (ref.documents, ref.chunks, dimension)
    if found != wanted:
        reason = "it holds {} documents, {} chunks, {} dimensions".format(*found)
        raise SegmentFormatError(ref.digest, f"{reason}; the snapshot says {', '.join(map(str, wanted))}")
    return segment
