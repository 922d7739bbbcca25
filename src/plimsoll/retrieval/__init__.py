"""Documents become chunks, chunks become an index snapshot, and a snapshot answers searches.

Here: splitting a document into chunks, the content-addressed segments of an index, the local folder that is derived
from them (vectors, rows, full text), and hybrid search with its fusion.

Not here: reading files (`plimsoll.documents`), turning texts into vectors (`plimsoll.models`), deciding what must be
built again (`plimsoll.flows` and the stage cache in `plimsoll.pipelines`), answering (`plimsoll.flows.serve`).

The way through: `chunk_document`, an `IndexedDocument` for each file, `plan_segments`, the vectors of
`IndexedDocument.embedding_texts`, `write_segment`, a `Snapshot`, `open_index`, `Index.search`.
"""

from ._citations import cite
from ._errors import FilterError
from ._filter import Filter
from ._segments import plan_segments
from ._snapshot import Snapshot
from ._store import open_index, prune_indexes, write_segment
from ._types import (
    Candidates,
    Chunk,
    Hit,
    Index,
    IndexedDocument,
    Query,
    SegmentPlan,
    SegmentRef,
)
from .chunkers import ChunkSettings, chunk_document, chunker_fingerprint

__all__ = [
    "Candidates",
    "Chunk",
    "ChunkSettings",
    "Filter",
    "FilterError",
    "Hit",
    "Index",
    "IndexedDocument",
    "Query",
    "SegmentPlan",
    "SegmentRef",
    "Snapshot",
    "chunk_document",
    "chunker_fingerprint",
    "cite",
    "open_index",
    "plan_segments",
    "prune_indexes",
    "write_segment",
]
