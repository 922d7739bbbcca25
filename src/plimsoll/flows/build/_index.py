"""From loaded documents to an index snapshot: only what changed is chunked, embedded and written again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from msgspec import json

from plimsoll.kernel.digest import digest_json
from plimsoll.models import Embedder
from plimsoll.pipelines import CachedStage, StageCache, StageCount
from plimsoll.retrieval import SegmentPlan, SegmentRef, Snapshot, plan_segments
from plimsoll.retrieval.chunkers import ChunkSettings, ChunkTools

from ._chunking import Chunking
from ._contexts import ContextWriter
from ._embedding import Embedding, Pace
from ._guard import EmbedderGuard
from ._types import BuildParts
from .loading import LoadedDocument


@dataclass(slots=True)
class IndexBuilder:
    """Builds one snapshot. Counts its work in `stages`."""

    parts: BuildParts
    embedder: Embedder
    chunks: ChunkSettings
    stages: dict[str, StageCount]
    on_done: Callable[[int, int], None]
    pace: Pace
    """How much is embedded together."""
    writer: ContextWriter | None = None
    """Writes the contexts of chunks, where a model does."""
    _guard: EmbedderGuard = field(init=False)
    _chunking: Chunking = field(init=False)
    _embedding: Embedding = field(init=False)
    _stage: CachedStage = field(init=False)

    def __post_init__(self) -> None:
        load, chunk, embed, self._stage = (
            cached_stage(name, self.parts.cache, self.stages) for name in ("load", "chunk", "embed", "index")
        )
        self._chunking = Chunking(self.chunks, load, chunk, ChunkTools.usual(self.embedder), writer=self.writer)
        self._guard = EmbedderGuard(self.embedder, self.parts.canaries)
        self._embedding = Embedding(self._guard, embed, self.pace)

    def build(self, documents: Sequence[LoadedDocument]) -> Snapshot:
        """The snapshot of these documents, whatever was built before.

        Where anything is to be made, an embedder that is not what it was stops it before anything is written: see
        `EmbedderGuard`. Raises what cutting and embedding raise.
        """
        by_path = {document.path: document for document in documents}
        chunker = self._chunking.fingerprint
        key = [chunker, self.embedder.fingerprint]
        plans = plan_segments({path: digest_json([*key, document.fingerprint]) for path, document in by_path.items()})
        known = self._known(plans)
        if len(known) < len(plans):
            self._guard.require_unchanged_if_reached()
        refs = []
        for done, plan in enumerate(plans, start=1):
            refs.append(known.get(plan.key) or self._made(plan, [by_path[path] for path in plan.paths]))
            self.on_done(done, len(plans))
        return Snapshot(self.embedder.fingerprint, self.embedder.dimension, chunker, tuple(refs), self._guard.address())

    def _known(self, plans: Sequence[SegmentPlan]) -> dict[str, SegmentRef]:
        """The segments that need not be made, by the keys of their plans."""
        found = self._stage.known([plan.key for plan in plans])
        refs = {key: json.decode(raw, type=SegmentRef) for key, raw in found.items()}
        return {key: ref for key, ref in refs.items() if self.parts.has_segment(ref.digest)}

    def _made(self, plan: SegmentPlan, documents: Sequence[LoadedDocument]) -> SegmentRef:
        indexed = self._chunking.through(documents)
        vectors = self._embedding.through([text for document in indexed for text in document.embedding_texts()])
        ref = self.parts.write_segment(indexed, vectors)
        self._stage.remember({plan.key: json.encode(ref)})
        return ref


def cached_stage(name: str, cache: StageCache, stages: dict[str, StageCount]) -> CachedStage:
    """A stage that counts its work in `stages`."""
    return CachedStage(name, cache, stages.setdefault(name, StageCount()))
