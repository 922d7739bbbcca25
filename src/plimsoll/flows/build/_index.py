"""From loaded documents to an index snapshot: only what changed is chunked, embedded and written again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from msgspec import json, msgpack

from plimsoll.documents import Document, decode_document
from plimsoll.kernel.digest import digest_bytes, digest_json
from plimsoll.models import Embedder
from plimsoll.pipelines import CachedStage, StageCache, StageCount
from plimsoll.retrieval import (
    Chunk,
    ChunkSettings,
    IndexedDocument,
    SegmentPlan,
    SegmentRef,
    Snapshot,
    chunk_document,
    chunker_fingerprint,
    plan_segments,
)

from ._documents import LoadedDocument
from ._types import BuildParts

_EMBED_AT_ONCE = 256


@dataclass(slots=True)
class IndexBuilder:
    """Builds one snapshot. Counts its work in `stages`."""

    parts: BuildParts
    embedder: Embedder
    chunking: ChunkSettings
    stages: dict[str, StageCount]
    on_done: Callable[[int, int], None]
    _load: CachedStage = field(init=False)
    _chunk: CachedStage = field(init=False)
    _embed: CachedStage = field(init=False)
    _index: CachedStage = field(init=False)

    def __post_init__(self) -> None:
        self._load, self._chunk, self._embed, self._index = (
            cached_stage(name, self.parts.cache, self.stages) for name in ("load", "chunk", "embed", "index")
        )

    def build(self, documents: Sequence[LoadedDocument]) -> Snapshot:
        """The snapshot of these documents, whatever was built before."""
        by_path = {document.path: document for document in documents}
        chunker = self._chunker()
        key = {"chunker": chunker, "embedder": self.embedder.fingerprint}
        plans = plan_segments({path: digest_json({**key, "load": doc.key}) for path, doc in by_path.items()})
        refs = []
        for done, plan in enumerate(plans, start=1):
            refs.append(self._segment(plan, [by_path[path] for path in plan.paths]))
            self.on_done(done, len(plans))
        return Snapshot(self.embedder.fingerprint, self.embedder.dimension, chunker, tuple(refs))

    def _chunker(self) -> str:
        kinds = ("text/plain", "text/markdown")
        return digest_json([chunker_fingerprint(self.chunking, media_type) for media_type in kinds])

    def _segment(self, plan: SegmentPlan, documents: Sequence[LoadedDocument]) -> SegmentRef:
        known = self._index.known([plan.key])
        if plan.key in known:
            ref = json.decode(known[plan.key], type=SegmentRef)
            if self.parts.has_segment(ref.digest):
                return ref
        indexed = self._chunked(documents)
        vectors = self._embedded([text for document in indexed for text in document.embedding_texts()])
        ref = self.parts.write_segment(indexed, vectors)
        self._index.remember({plan.key: json.encode(ref)})
        return ref

    def _chunked(self, documents: Sequence[LoadedDocument]) -> list[IndexedDocument]:
        loaded = [decode_document(encoded) for encoded in self._load.read([document.key for document in documents])]
        keys = [
            digest_json([document.key, chunker_fingerprint(self.chunking, content.media_type)])
            for document, content in zip(documents, loaded, strict=True)
        ]
        spans = self._chunk.through(keys, lambda places: [self._spans(loaded[place]) for place in places])
        return [
            _indexed(document, content, span) for document, content, span in zip(documents, loaded, spans, strict=True)
        ]

    def _spans(self, document: Document) -> bytes:
        chunks = chunk_document(document, self.chunking)
        return msgpack.encode([(chunk.start, chunk.end, chunk.page) for chunk in chunks])

    def _embedded(self, texts: Sequence[str]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        """A vector for each text; each is remembered by its text, across documents, builds and releases."""
        fingerprint = self.embedder.fingerprint
        rows: list[bytes] = []
        for first in range(0, len(texts), _EMBED_AT_ONCE):
            some = texts[first : first + _EMBED_AT_ONCE]
            keys = [f"{fingerprint} {digest_bytes(text.encode())}" for text in some]
            rows += self._embed.through(keys, partial(self._vectors, some))
        matrix = np.frombuffer(b"".join(rows), dtype="<f4")
        return matrix.reshape(len(texts), self.embedder.dimension).astype(np.float32, copy=False)

    def _vectors(self, texts: Sequence[str], places: Sequence[int]) -> list[bytes]:
        return [row.astype("<f4").tobytes() for row in self.embedder.embed([texts[place] for place in places])]


def cached_stage(name: str, cache: StageCache, stages: dict[str, StageCount]) -> CachedStage:
    """A stage that counts its work in `stages`."""
    return CachedStage(name, cache, stages.setdefault(name, StageCount()))


def _indexed(document: LoadedDocument, content: Document, spans: bytes) -> IndexedDocument:
    places = msgpack.decode(spans, type=list[tuple[int, int, int]])
    chunks = tuple(
        Chunk(ordinal, start, end, page, content.text[start:end]) for ordinal, (start, end, page) in enumerate(places)
    )
    return IndexedDocument(
        path=document.path,
        digest=document.digest,
        title=content.title,
        media_type=content.media_type,
        pages=len(content.pages),
        chunks=chunks,
    )
