"""Snapshots of a few documents, and the engines that open them."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.object_storage import ACCESS_KEY, SECRET_KEY, ObjectStorage

from plimsoll.documents import Page
from plimsoll.kernel.digest import Digest, digest_bytes
from plimsoll.retrieval import Chunk, Index, IndexedDocument, SegmentRef, Snapshot, plan_segments
from plimsoll.retrieval._segments import Segment, decode_segment, encode_segment
from plimsoll.retrieval.engines.embedded import EmbeddedIndex, IndexFolder

DIMENSION = 16
WORDS = ("rope", "tea", "load", "line", "clipper", "harbour", "getTarget", "run_target", "élan", "mast", "the", "keel")


def vector_of(text: str) -> NDArray[np.float32]:
    """A unit vector by the words of a text; nothing for a text without words."""
    vector = np.zeros(DIMENSION, np.float32)
    for word in text.lower().split():
        vector[hashlib.sha256(word.encode()).digest()[0] % DIMENSION] += 1
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length else vector


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """The vectors of some texts, shape (texts, dimension)."""
    return np.array([vector_of(text) for text in texts], np.float32).reshape(-1, DIMENSION)


@dataclass
class Shelf:
    """Documents, their segments, and how often each was read."""

    documents: dict[str, IndexedDocument] = field(default_factory=dict)
    blobs: dict[Digest, bytes] = field(default_factory=dict)
    reads: list[Digest] = field(default_factory=list)

    def add(self, document: IndexedDocument) -> None:
        self.documents[document.path] = document

    def snapshot(self) -> Snapshot:
        vectors = {path: embed(document.embedding_texts()) for path, document in self.documents.items()}
        return self.snapshot_of(self.documents, vectors, DIMENSION)

    def snapshot_of(
        self,
        documents: Mapping[str, IndexedDocument],
        vectors: Mapping[str, NDArray[np.float32]],
        dimension: int,
    ) -> Snapshot:
        refs = []
        for plan in plan_segments({path: repr(document) for path, document in documents.items()}):
            members = [documents[path] for path in plan.paths]
            rows = np.concatenate([vectors[path] for path in plan.paths]).reshape(-1, dimension)
            data = encode_segment(members, rows)
            digest = digest_bytes(data)
            self.blobs[digest] = data
            refs.append(SegmentRef(digest, len(members), len(rows)))
        return Snapshot("test/hash", dimension, "test", tuple(refs))

    def read(self, ref: SegmentRef) -> Segment:
        self.reads.append(ref.digest)
        return decode_segment(ref.digest, self.blobs[ref.digest])


def lance_options(storage: ObjectStorage) -> dict[str, str]:
    """How Lance comes to an object storage of the tests."""
    return {
        "endpoint": storage.endpoint,
        "region": "us-east-1",
        "access_key_id": ACCESS_KEY,
        "secret_access_key": SECRET_KEY,
        "allow_http": "true",
        "virtual_hosted_style_request": "false",
    }


Opener = Callable[[Shelf, Snapshot], Index]


def embedded(folder: Path) -> Opener:
    """The embedded engine, which the others must agree with."""

    def open_embedded(shelf: Shelf, snapshot: Snapshot) -> Index:
        view, parts = IndexFolder(folder).open(snapshot, shelf.read, embed)
        return EmbeddedIndex(view, parts)

    return open_embedded


def document(
    path: str,
    texts: Sequence[str],
    *,
    title: str = "",
    metadata: Mapping[str, str | int | float | bool] | None = None,
    access: tuple[str, ...] = ("*",),
    headings: tuple[str, ...] = (),
) -> IndexedDocument:
    """A document with a chunk for each text, which stand one behind the other with a blank line between."""
    whole = "\n\n".join(texts)
    chunks, start = [], 0
    for ordinal, text in enumerate(texts):
        parent = (0, len(whole)) if ordinal % 2 else None
        chunks.append(
            Chunk(ordinal, start, start + len(text), 1 + ordinal // 2, text, headings=headings, parent=parent)
        )
        start += len(text) + 2
    return IndexedDocument(
        path=path,
        digest=digest_bytes(whole.encode()),
        title=title,
        media_type="text/plain",
        text=whole,
        pages=(Page(number=1, start=0, end=len(whole)),),
        chunks=tuple(chunks),
        language="en" if len(path) % 2 else "de",
        metadata=metadata or {},
        access=access,
    )


texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)
values = st.one_of(
    st.booleans(),
    st.integers(-3, 3),
    st.floats(-2, 2, width=16),
    st.sampled_from(["", "a", "b", "ab", "ä", "it's", "x' OR '1'='1", "\x00", "🚢"]),
)
groups = st.lists(st.sampled_from(["*", "crew", "office", "it's"]), min_size=1, max_size=2, unique=True)
documents = st.builds(
    document,
    st.sampled_from([f"{name}.txt" for name in "abcdefghijklmno"]),
    st.lists(texts, max_size=5),
    title=st.one_of(st.just(""), texts),
    metadata=st.dictionaries(st.sampled_from(["kind", "year", 'odd "name"', "path"]), values, max_size=3),
    access=groups.map(lambda names: tuple(sorted(names))),
    headings=st.lists(texts, max_size=2).map(tuple),
)
