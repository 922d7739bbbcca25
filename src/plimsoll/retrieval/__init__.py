"""Documents become chunks, chunks become an index snapshot, and a snapshot answers searches.

Here: the content-addressed segments of an index, the snapshot that lists them, filters, citations. Behind doors of
their own: cutting documents (`plimsoll.retrieval.chunkers`), what answers searches (`plimsoll.retrieval.engines`), what
speaks for a candidate (`plimsoll.retrieval.signals`), from a question to passages (`plimsoll.retrieval.search`).

Not here: reading files (`plimsoll.documents`), turning texts into vectors (`plimsoll.models`), deciding what must be
built again (`plimsoll.flows` and the stage cache in `plimsoll.pipelines`), answering (`plimsoll.flows.serve`).

The way through: `chunk_document`, an `IndexedDocument` for each file, `plan_segments`, the vectors of
`IndexedDocument.embedding_texts`, `write_segment`, a `Snapshot`, `open_index`, a `Retriever`.
"""

from ._citations import cite
from ._errors import FilterError
from ._filter import Filter
from ._segments import plan_segments
from ._snapshot import Snapshot
from ._store import Indexes, open_index, write_segment
from ._types import (
    Chunk,
    Hit,
    Index,
    IndexedDocument,
    SegmentPlan,
    SegmentRef,
)

__all__ = [
    "Chunk",
    "Filter",
    "FilterError",
    "Hit",
    "Index",
    "IndexedDocument",
    "Indexes",
    "SegmentPlan",
    "SegmentRef",
    "Snapshot",
    "cite",
    "open_index",
    "plan_segments",
    "write_segment",
]
