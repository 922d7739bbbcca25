"""Segments: the pieces of an index that are stored, each one blob.

Which segment a document belongs to depends on its path and on the number of documents, never on history: the same
documents give the same segments in whatever order they were added, changed and removed.
"""

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from plimsoll.kernel.digest import Digest, digest_json

from ._errors import DuplicatePathError, NotUnicodeError, SegmentFormatError, VectorShapeError
from ._records import DocumentRecord, document_record, indexed_document
from ._types import IndexedDocument, SegmentPlan

SEGMENT_FORMAT = 2
_DOCUMENTS_PER_SEGMENT = 8
"""Few, so that a changed document takes little with it: with 1 % of the documents changed, 1 - .99^n of the segments
are written anew, which is 8 % for 8 and 47 % for 64. Many enough that a million chunks are some ten thousand blobs."""
_VECTOR = np.dtype("<f4")


@dataclass(frozen=True, slots=True)
class Segment:
    """What one blob holds: documents in the order of the SHA-256 of their paths, and one vector for each chunk."""

    documents: tuple[IndexedDocument, ...]
    vectors: NDArray[np.float32]
    """Shape (chunks, dimension), in the order of the documents and of their chunks."""

    @property
    def chunk_count(self) -> int:
        """Number of chunks of all documents."""
        return sum(len(document.chunks) for document in self.documents)


class _Blob(msgspec.Struct, forbid_unknown_fields=True):
    """A segment on the wire, in MessagePack; vectors are little-endian float32, row after row.

    A document's text stands in it once, and chunks are stretches of it.

    float32 and not float16, so that ranks are exactly those of the embedder; text takes as much room as vectors anyway.
    """

    format: int
    dimension: int
    documents: tuple[DocumentRecord, ...]
    vectors: bytes


def plan_segments(keys: Mapping[str, str]) -> tuple[SegmentPlan, ...]:
    """Which documents share a segment, given for each path a key of everything that shapes that document's rows.

    A key should name the source bytes, the loader, the chunker and the embedder. The number of partitions is the
    smallest power of two with at most 8 documents a segment on average; a document's partition is the leading bits of
    the SHA-256 of its path. Empty partitions are left out. A snapshot names its segments in the order of the plans.
    Raises NotUnicodeError for a path that is not text.
    """
    wanted = max(1, -(-len(keys) // _DOCUMENTS_PER_SEGMENT))
    bits = (wanted - 1).bit_length()
    partitions: dict[int, list[str]] = {}
    for path in sorted(keys, key=path_order):
        partitions.setdefault(int.from_bytes(path_order(path)) >> (256 - bits), []).append(path)
    return tuple(
        SegmentPlan(
            key=digest_json({"format": SEGMENT_FORMAT, "documents": [[path, keys[path]] for path in paths]}),
            paths=tuple(paths),
        )
        for _, paths in sorted(partitions.items())
    )


def path_order(path: str) -> bytes:
    """What documents are ordered by: a document keeps its place among the others whatever happens to them."""
    try:
        return hashlib.sha256(path.encode()).digest()
    except UnicodeEncodeError:
        raise NotUnicodeError(path) from None


def encode_segment(documents: Sequence[IndexedDocument], vectors: NDArray[np.float32]) -> bytes:
    """The one byte string for these documents, in whatever order they are given.

    Raises VectorShapeError when there is not one finite vector for each chunk, DuplicatePathError, NotUnicodeError.
    """
    ends = np.cumsum([len(document.chunks) for document in documents], dtype=np.int64)
    chunks = int(ends[-1]) if documents else 0
    if vectors.shape[:-1] != (chunks,) or not vectors.shape[-1] or not np.isfinite(vectors).all():
        raise VectorShapeError(chunks, vectors.shape)
    order = _canonical_order(documents)
    rows = [np.arange(ends[place] - len(documents[place].chunks), ends[place]) for place in order]
    ordered = vectors[np.concatenate(rows)] if rows else vectors
    blob = _Blob(
        format=SEGMENT_FORMAT,
        dimension=vectors.shape[1],
        documents=tuple(document_record(documents[place]) for place in order),
        vectors=ordered.astype(_VECTOR).tobytes(),
    )
    try:
        return msgspec.msgpack.encode(blob)
    except UnicodeEncodeError as error:
        raise NotUnicodeError(str(error.object)[max(0, error.start - 20) : error.end + 20]) from None


def _canonical_order(documents: Sequence[IndexedDocument]) -> list[int]:
    order = sorted(range(len(documents)), key=lambda place: path_order(documents[place].path))
    for before, after in itertools.pairwise(order):
        if documents[before].path == documents[after].path:
            raise DuplicatePathError(documents[before].path)
    return order


def decode_segment(digest: Digest, data: bytes) -> Segment:
    """The segment in a blob, whose digest is for the message only. Raises SegmentFormatError."""
    try:
        blob = msgspec.msgpack.decode(data, type=_Blob)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SegmentFormatError(digest, str(error)) from error
    if blob.format != SEGMENT_FORMAT:
        raise SegmentFormatError(digest, f"its format is {blob.format}, and this version reads {SEGMENT_FORMAT}")
    chunks = sum(len(document.chunks) for document in blob.documents)
    if blob.dimension < 1 or len(blob.vectors) != chunks * blob.dimension * _VECTOR.itemsize:
        raise SegmentFormatError(digest, f"{chunks} chunks have {len(blob.vectors)} bytes of vectors")
    vectors = np.frombuffer(blob.vectors, dtype=_VECTOR).reshape(chunks, blob.dimension)
    try:
        documents = tuple(indexed_document(record) for record in blob.documents)
    except ValueError as error:
        raise SegmentFormatError(digest, str(error)) from error
    return Segment(documents, vectors.astype(np.float32, copy=False))
