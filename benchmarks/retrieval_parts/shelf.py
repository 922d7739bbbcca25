"""A corpus made searchable the way a build does it: chunk, embed, segments, snapshot, open."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plimsoll.documents import Document
from plimsoll.kernel.digest import digest_bytes, digest_json
from plimsoll.models import Embedder
from plimsoll.retrieval import Index, IndexedDocument, Snapshot, open_index, plan_segments, write_segment
from plimsoll.retrieval.chunkers import ChunkSettings, chunk_document, chunker_fingerprint
from plimsoll.retrieval.engines.embedded import EmbeddedIndexes
from plimsoll.storage import BlobFolder

_BATCH = 256


class KeptVectors:
    """An embedder whose vectors are kept in a folder, so that the same corpus is embedded once. None keeps nothing."""

    def __init__(self, embedder: Embedder, folder: Path | None) -> None:
        self._embedder = embedder
        self._folder = folder
        self.name = embedder.name
        self.fingerprint = embedder.fingerprint
        self.dimension = embedder.dimension

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See Embedder."""
        if self._folder is None or len(texts) < _BATCH:
            return self._embedder.embed(texts)
        digest = digest_json([self.fingerprint, list(texts)])
        place = self._folder / f"{digest.removeprefix('sha256:')}.npy"
        if place.exists():
            kept: NDArray[np.float32] = np.load(place, allow_pickle=False)
            return kept
        made = self._embedder.embed(texts)
        self._folder.mkdir(parents=True, exist_ok=True)
        np.save(place, made, allow_pickle=False)
        return made


def shelve(
    corpus: Mapping[str, Document], settings: ChunkSettings, place: Path, embedder: Embedder
) -> tuple[Index, int]:
    """An open index of the corpus, and how many chunks it has."""
    indexed = {path: _indexed(path, item, settings) for path, item in corpus.items()}
    blobs = BlobFolder(place / "blobs")
    plans = plan_segments({path: item.digest for path, item in indexed.items()})
    members = [[indexed[path] for path in plan.paths] for plan in plans]
    texts = [text for group in members for item in group for text in item.embedding_texts()]
    vectors = embedder.embed(texts)
    refs, start = [], 0
    for group in members:
        count = sum(len(item.chunks) for item in group)
        refs.append(write_segment(blobs, group, vectors[start : start + count]))
        start += count
    chunker = chunker_fingerprint(settings, "text/plain")
    snapshot = Snapshot(embedder.fingerprint, embedder.dimension, chunker, tuple(refs))
    engine = EmbeddedIndexes(place / "indexes", embedder.embed)
    return open_index(snapshot, blobs, engine, embedder), snapshot.chunks


def _indexed(path: str, item: Document, settings: ChunkSettings) -> IndexedDocument:
    return IndexedDocument(
        path=path,
        digest=digest_bytes(item.text.encode()),
        title=item.title,
        media_type=item.media_type,
        text=item.text,
        pages=item.pages,
        chunks=chunk_document(item, settings),
    )
