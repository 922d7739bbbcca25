"""The values of retrieval: chunks, what an index holds, and what a search finds."""

from dataclasses import dataclass
from typing import Literal

from plimsoll.kernel.digest import Digest
from plimsoll.models import Passage

from ._errors import SettingError

Mode = Literal["hybrid", "vector", "text"]
Fusion = Literal["weighted", "rrf"]


@dataclass(frozen=True, slots=True)
class ChunkSettings:
    """How long chunks are, in characters (Unicode code points).

    Raises SettingError unless `0 <= overlap < size`.
    """

    size: int = 1000
    """No chunk is longer."""
    overlap: int = 150
    """At most so much of a chunk's beginning is also the end of the chunk before it."""

    def __post_init__(self) -> None:
        if self.size < 1:
            raise SettingError("chunk size", self.size, "at least 1 character")
        if not 0 <= self.overlap < self.size:
            raise SettingError("chunk overlap", self.overlap, f"from 0 to {self.size - 1}, less than the chunk size")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of a document: `text` is exactly `document.text[start:end]`."""

    ordinal: int
    """Place among the document's chunks, from 0."""
    start: int
    end: int
    page: int
    """Number of the page on which it stands; a chunk never runs over to the next page."""
    text: str


@dataclass(frozen=True, slots=True)
class IndexedDocument:
    """A document as an index knows it."""

    path: str
    """Path inside its source; the document's name in this index."""
    digest: Digest
    """Address of the source file's bytes."""
    title: str
    media_type: str
    pages: int
    chunks: tuple[Chunk, ...]

    def embedding_texts(self) -> tuple[str, ...]:
        """What is embedded for each chunk: the title above the text, so that a chunk knows where it comes from.

        On SciFact this lifts nDCG@10 of vector search from .559 to .562, on Cranfield from .317 to .330.
        """
        head = f"{self.title}\n" if self.title else ""
        return tuple(head + chunk.text for chunk in self.chunks)


@dataclass(frozen=True, slots=True)
class SegmentPlan:
    """Which documents stand together in one segment.

    Two plans with the same `key` give the same segment, so a finished one can be taken from a cache by its key.
    """

    key: Digest
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SegmentRef:
    """A stored segment, and how much is in it."""

    digest: Digest
    documents: int
    chunks: int


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How a search is done. The defaults were chosen by `benchmarks/retrieval.py` on development rows.

    Raises SettingError for numbers that cannot work.
    """

    mode: Mode = "hybrid"
    top_k: int = 6
    """Number of hits, at most."""
    candidates: int = 100
    """How many chunks each of the two searches hands to the fusion; raised to `top_k` where that is more."""
    fusion: Fusion = "weighted"
    vector_weight: float = 0.3
    """Share of the vector search in the fused score, 0 to 1; the rest is the full text's."""

    def __post_init__(self) -> None:
        if self.top_k < 1:
            raise SettingError("top_k", self.top_k, "at least 1")
        if self.candidates < 1:
            raise SettingError("candidates", self.candidates, "at least 1")
        if not 0 <= self.vector_weight <= 1:
            raise SettingError("vector_weight", self.vector_weight, "from 0 to 1")


@dataclass(frozen=True, slots=True)
class Hit:
    """One result of a search; `passage.score` is the score by which hits are ordered.

    A score is None where that search was not done or did not find the chunk; ranks count from 1 and are None where
    the chunk was not among that search's candidates.
    """

    passage: Passage
    vector_score: float | None
    """Cosine of question and chunk."""
    text_score: float | None
    """BM25."""
    vector_rank: int | None
    text_rank: int | None
