"""The embed stage: texts become vectors, each remembered by its text, across documents, builds and releases."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from plimsoll.kernel.digest import digest_bytes
from plimsoll.models import Embedder
from plimsoll.pipelines import CachedStage

_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Embedding:
    """Makes vectors with one embedder."""

    embedder: Embedder
    stage: CachedStage

    def through(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A vector for each text, shape (texts, dimension)."""
        rows: list[bytes] = []
        for first in range(0, len(texts), _AT_ONCE):
            some = texts[first : first + _AT_ONCE]
            keys = [f"{self.embedder.fingerprint} {digest_bytes(text.encode())}" for text in some]
            rows += self.stage.through(keys, partial(self._vectors, some))
        matrix = np.frombuffer(b"".join(rows), dtype="<f4")
        return matrix.reshape(len(texts), self.embedder.dimension).astype(np.float32, copy=False)

    def _vectors(self, texts: Sequence[str], places: Sequence[int]) -> list[bytes]:
        return [row.astype("<f4").tobytes() for row in self.embedder.embed([texts[place] for place in places])]
