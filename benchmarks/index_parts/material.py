"""What is indexed: real texts that every Python installation has, and a trivial embedder.

The embedder is the one of the comparison with other frameworks: words fall into 256 buckets by their CRC-32.
"""

import random
import re
import sys
import sysconfig
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plimsoll.documents import Page
from plimsoll.kernel.digest import digest_bytes
from plimsoll.retrieval import Chunk, IndexedDocument

CHUNK = 800
OVERLAP = 100
CHUNKS_PER_DOCUMENT = 14
_CORPUS_CHARACTERS = 14_000_000
_DOCUMENT_CHARACTERS = 40_000
_LEAST_CHARACTERS = 300
_SUFFIXES = frozenset({".py", ".txt", ".md", ".rst"})
_WORDS = re.compile(r"\w+")


class HashEmbedder:
    """Bags of words in 256 buckets; implements `plimsoll.models.Embedder`."""

    name = "benchmark/hash"
    fingerprint = "benchmark/hash@1"
    dimension = 256

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (len(texts), 256)."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for place, text in enumerate(texts):
            buckets = [zlib.crc32(word.encode()) & 255 for word in _WORDS.findall(text.lower())]
            vectors[place] = np.bincount(buckets, minlength=self.dimension)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors /= np.where(lengths > 0, lengths, 1)
        return vectors


@cache
def corpus() -> tuple[tuple[str, str], ...]:
    """Names and texts of Python sources and package descriptions, 14 million characters at most."""
    roots = [Path(sysconfig.get_paths()["stdlib"]), Path(sysconfig.get_paths()["purelib"])]
    files = [
        path for root in roots for path in sorted(root.rglob("*")) if path.suffix in {".py", ".txt", ".md", ".rst"}
    ]
    found: list[tuple[str, str]] = []
    seen: set[str] = set()
    size = 0
    for path in files:
        text = path.read_text("utf-8", errors="ignore")[:_DOCUMENT_CHARACTERS]
        digest = digest_bytes(text.encode())
        if len(text) < _LEAST_CHARACTERS or digest in seen:
            continue
        seen.add(digest)
        found.append((str(path), text))
        size += len(text)
        if size >= _CORPUS_CHARACTERS:
            break
    print(f"corpus: {len(found)} documents, {size / 1e6:.1f} million characters", file=sys.stderr)
    return tuple(found)


@cache
def pieces() -> tuple[str, ...]:
    """The corpus in pieces of 800 characters, each with the last 100 of the one before it."""
    step = CHUNK - OVERLAP
    return tuple(text[at : at + CHUNK] for _, text in corpus() for at in range(0, len(text), step))


def keys(chunks: int, changed: frozenset[int] = frozenset()) -> dict[str, str]:
    """The documents that have so many chunks together, by their paths, and a key of what each one says.

    `changed` are numbers of documents of which one chunk reads differently.
    """
    count = -(-chunks // CHUNKS_PER_DOCUMENT)
    return {path_of(number): f"{number} of {chunks} {number in changed}" for number in range(count)}


def path_of(number: int) -> str:
    """The path of a document."""
    return f"folder{number % 97}/d{number}.txt"


def make(path: str, chunks: int, changed: frozenset[int] = frozenset()) -> IndexedDocument:
    """The document with this path: 14 chunks with a number in front of each, so that every chunk is another one."""
    number = int(path.rpartition("/d")[2].removesuffix(".txt"))
    every, first = pieces(), number * CHUNKS_PER_DOCUMENT
    texts = [f"v{at} {every[at % len(every)]}" for at in range(first, min(first + CHUNKS_PER_DOCUMENT, chunks))]
    if number in changed:
        texts[0] = f"changed {texts[0]}"
    return document(path, texts, number)


def document(path: str, texts: Sequence[str], number: int) -> IndexedDocument:
    """A document whose chunks are these texts."""
    text = "\n".join(texts)
    starts = np.concatenate([[0], np.cumsum([len(one) + 1 for one in texts])]).tolist()
    return IndexedDocument(
        path=path,
        digest=digest_bytes(text.encode()),
        title=path,
        media_type="text/plain",
        text=text,
        pages=(Page(1, 0, len(text)),),
        chunks=tuple(Chunk(at, starts[at], starts[at] + len(one), 1, one) for at, one in enumerate(texts)),
        metadata={"number": number, "tenth": number % 10, "kind": "even" if number % 2 == 0 else "odd"},
    )


def questions(count: int) -> list[str]:
    """The first twelve words of pieces chosen at random, as in the comparison with other frameworks."""
    chosen = random.Random(3)  # noqa: S311  # a sample, not a secret
    return [" ".join(chosen.choice(pieces()).split()[:12]) for _ in range(count)]
