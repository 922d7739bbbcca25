"""Small documents with vectors that follow from their words, so that a test can say what is near."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plimsoll.documents import Page
from plimsoll.kernel.digest import digest_bytes
from plimsoll.retrieval import Chunk, IndexedDocument

DIMENSION = 32

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Shelved:
    """A document, and one unit vector for each of its chunks."""

    document: IndexedDocument
    vectors: NDArray[np.float32]


def vector_of(text: str) -> NDArray[np.float32]:
    """A unit vector by the words of a text: texts that share words are near. Zero for a text without words."""
    vector = np.zeros(DIMENSION, np.float32)
    for word in text.lower().split():
        digest = hashlib.sha256(word.encode()).digest()
        vector[digest[0] % DIMENSION] += 1 if digest[1] % 2 else -1
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length else vector


def shelved(
    path: str,
    *texts: str,
    title: str = "",
    metadata: Mapping[str, Value] | None = None,
    access: Sequence[str] = ("*",),
    language: str = "en",
) -> Shelved:
    """A document with a chunk for each text; they stand one behind the other with a blank line between."""
    whole = "\n\n".join(texts)
    chunks, start = [], 0
    for ordinal, text in enumerate(texts):
        chunks.append(Chunk(ordinal, start, start + len(text), 1, text, parent=(0, len(whole))))
        start += len(text) + 2
    document = IndexedDocument(
        path=path,
        digest=digest_bytes(whole.encode()),
        title=title,
        media_type="text/plain",
        text=whole,
        pages=(Page(number=1, start=0, end=len(whole)),),
        chunks=tuple(chunks),
        language=language,
        metadata=metadata or {},
        access=tuple(sorted(access)),
    )
    vectors = np.array([vector_of(text) for text in texts], np.float32).reshape(-1, DIMENSION)
    return Shelved(document, vectors)
