"""Documents become chunks: built-in kinds of chunkers, a project's own, and what stands above each chunk.

Here: cutting a document as its settings say (`chunk_document`), with a fingerprint for caches and snapshots
(`chunker_fingerprint`); the kinds (`KINDS`); the ports that a plug-in fulfils (`Chunker`, `Contextualizer`).
Not here: reading files (`plimsoll.documents`), making vectors (`plimsoll.models`), and showing people what a setting
does (`plimsoll.flows.preview`).
"""

from ._blocks import tables
from ._chunk import chunk_document, chunker_fingerprint
from ._model_context import ModelContextualizer
from ._plugins import check_chunker_name, chunker_names
from ._types import (
    DEFAULT_KIND,
    KINDS,
    Chunker,
    ChunkSettings,
    ChunkTools,
    Contextualizer,
    Cut,
    KindRule,
    TokenCount,
)

__all__ = [
    "DEFAULT_KIND",
    "KINDS",
    "ChunkSettings",
    "ChunkTools",
    "Chunker",
    "Contextualizer",
    "Cut",
    "KindRule",
    "ModelContextualizer",
    "TokenCount",
    "check_chunker_name",
    "chunk_document",
    "chunker_fingerprint",
    "chunker_names",
    "tables",
]
