"""`semantic`: cut where the meaning changes, as the vectors of neighbouring sentences say.

`cluster` takes, of all ways to part the sentences into runs of at most the size, the one whose runs are most alike
inside (dynamic programming; B. Smith, A. Troynikov, "Evaluating Chunking Strategies for Retrieval", Chroma, 2024).
`percentile` cuts where the distance of what stands before and after is among the largest of the document.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plimsoll.documents import Document
from plimsoll.kernel.digest import digest_json
from plimsoll.models import Embedder

from ..._errors import VectorShapeError
from .._blocks import packed
from .._outline import heading_places
from .._stretches import Stretch, page_stretches, windows, with_overlap
from .._types import Cut, Method
from ..sentences import sentences

_FORMAT = 1
_PIECES_IN_A_CHUNK = 5
"""Sentences are joined until a chunk has about so many pieces: single short ones say too little."""
_AT_ONCE = 256
_NEIGHBOURS = 3
"""Pieces on each side whose mean is compared, for `percentile`."""
_DIGITS = 3
"""Decimals of similarities, so that other processors cut the same."""

_Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Semantic:
    """Cuts of at most `size` characters with `overlap`."""

    size: int
    overlap: int
    embedder: Embedder
    method: Method
    percentile: int

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same document could be cut in another way."""
        how = [self.method, self.percentile if self.method == "percentile" else 0]
        return digest_json(["semantic", _FORMAT, self.embedder.fingerprint, self.size, self.overlap, *how])

    def cut(self, document: Document) -> Iterator[Cut]:
        """The cuts of each page; what is typical is judged by the whole document. Raises VectorShapeError."""
        pages = list(self._pieces(document))
        pieces = [piece for page in pages for piece in page]
        if not pieces:
            return
        vectors = self._embed([document.text[start:end] for start, end in pieces])
        typical = self._typical(vectors)
        reached = 0
        for page in pages:
            own = vectors[reached : reached + len(page)]
            reached += len(page)
            find = self._clusters if self.method == "cluster" else self._breaks
            found = find(page, own, typical)
            for start, end in with_overlap(document.text, found, self.overlap):
                yield Cut(start, end)

    @property
    def _room(self) -> int:
        return self.size - self.overlap

    def _pieces(self, document: Document) -> Iterator[list[Stretch]]:
        """For each page its sentences, the short ones joined and the long ones cut."""
        text, breaks = document.text, heading_places(document)
        length = max(1, self._room // _PIECES_IN_A_CHUNK)
        for _, first, last in page_stretches(document):
            found = sentences(text, first, last, language=document.language, breaks=breaks.between(first, last))
            short = (piece for start, end in found for piece in windows(text, start, end, self._room))
            yield list(packed(short, length))

    def _embed(self, texts: Sequence[str]) -> _Vectors:
        some = [self.embedder.embed(texts[first : first + _AT_ONCE]) for first in range(0, len(texts), _AT_ONCE)]
        vectors = np.vstack(some)
        if len(vectors) != len(texts) or not np.isfinite(vectors).all():
            raise VectorShapeError(len(texts), vectors.shape)
        return vectors

    def _typical(self, vectors: _Vectors) -> float:
        """The mean similarity of two pieces, or the distance from which two neighbours are cut."""
        if self.method == "cluster":
            count, total = len(vectors), vectors.sum(axis=0, dtype=np.float64)
            pairs = count * (count - 1)
            same = float(np.square(vectors, dtype=np.float64).sum())
            return round((float(total @ total) - same) / pairs, _DIGITS) if pairs else 0.0
        distances = _distances(vectors)
        return float(np.percentile(distances, self.percentile)) if len(distances) else 2.0

    def _clusters(self, pieces: Sequence[Stretch], vectors: _Vectors, typical: float) -> Iterator[Stretch]:
        best = [0.0]
        come_from: list[int] = []
        inner = np.zeros(0)
        low = 0
        for last, (_, end) in enumerate(pieces):
            while pieces[low][0] < end - self._room and low < last:
                low, inner = low + 1, inner[1:]
            alike = np.round(vectors[low:last] @ vectors[last], _DIGITS) - typical
            # `inner[j]`: how much more alike a run is that begins at j than one that begins behind it.
            inner = np.append(inner[: last - low] + alike, 0.0)
            gains = np.cumsum(inner[::-1])[::-1] + best[low : last + 1]
            first = int(np.argmax(gains))
            best.append(float(gains[first]))
            come_from.append(low + first)
        return _runs(pieces, come_from)

    def _breaks(self, pieces: Sequence[Stretch], vectors: _Vectors, typical: float) -> Iterator[Stretch]:
        distances = _distances(vectors)
        first = 0
        for place in range(1, len(pieces) + 1):
            if place == len(pieces) or distances[place - 1] > typical:
                yield from packed(pieces[first:place], self._room)
                first = place


def _distances(vectors: _Vectors) -> NDArray[np.float64]:
    """For each seam between two pieces, how far apart (1 - cosine) the means of what stands around it are."""
    count = len(vectors)
    sums = np.vstack([np.zeros((1, vectors.shape[1])), np.cumsum(vectors, axis=0, dtype=np.float64)])
    seams = np.arange(1, count)
    before = sums[seams] - sums[np.maximum(seams - _NEIGHBOURS, 0)]
    after = sums[np.minimum(seams + _NEIGHBOURS, count)] - sums[seams]
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    cosine = np.einsum("ij,ij->i", before, after) / np.where(lengths > 0, lengths, 1)
    return np.asarray(np.round(1 - cosine, _DIGITS), dtype=np.float64)


def _runs(pieces: Sequence[Stretch], come_from: Sequence[int]) -> Iterator[Stretch]:
    """The runs of the best parting, in order; `come_from` has for each piece where the run begins that it ends."""
    found = []
    last = len(pieces) - 1
    while last >= 0:
        first = come_from[last]
        found.append((pieces[first][0], pieces[last][1]))
        last = first - 1
    return reversed(found)
