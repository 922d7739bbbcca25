"""Late interaction (Khattab and Zaharia 2020): each token of a question looks for its nearest one of the passage."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from plimsoll.kernel.digest import Digest, digest_bytes

from ..embedders._abilities import TokenEmbedder
from ._types import checked

NAME: Final = "builtin/late-interaction"

_VERSION: Final = "maxsim-1"
_KEPT_BYTES: Final = 64 * 1024 * 1024

Vectors = NDArray[np.float32]


class LateInteraction:
    """MaxSim over the token vectors of an embedder: the mean, over the question's tokens, of the highest cosine.

    The paper's sum is divided by the number of the question's tokens, so that scores stay from -1 to 1. Vectors of
    passages are kept for later questions, 64 MB of them, the last used.
    """

    name: str = NAME

    def __init__(self, embedder: TokenEmbedder, fingerprint: str, *, kept_bytes: int = _KEPT_BYTES) -> None:
        self.fingerprint = f"{_VERSION}+{fingerprint}"
        self._embedder = embedder
        self._kept: OrderedDict[Digest, Vectors] = OrderedDict()
        self._room = kept_bytes
        self._lock = threading.Lock()

    async def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """See Reranker; in a thread. A text without any token scores -1."""
        return checked(self.name, texts, await asyncio.to_thread(self._scores, question, texts))

    async def close(self) -> None:
        """Nothing to do."""

    def _scores(self, question: str, texts: Sequence[str]) -> list[float]:
        asked = self._embedder.token_vectors([question])[0]
        return [max_sim(asked, tokens) for tokens in self._tokens(texts)]

    def _tokens(self, texts: Sequence[str]) -> list[Vectors]:
        keys = [digest_bytes(text.encode("utf-8", "surrogatepass")) for text in texts]
        with self._lock:
            known = {key: self._kept[key] for key in keys if key in self._kept}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        made = dict(zip(missing, self._embedder.token_vectors(list(missing.values())), strict=True))
        with self._lock:
            self._keep(made, keys)
        return [made[key] if key in made else known[key] for key in keys]

    def _keep(self, made: dict[Digest, Vectors], used: Sequence[Digest]) -> None:
        for key in made.keys() - self._kept.keys():
            self._kept[key] = made[key]
            self._room -= made[key].nbytes
        for key in used:
            if key in self._kept:
                self._kept.move_to_end(key)
        while self._room < 0:
            _, oldest = self._kept.popitem(last=False)
            self._room += oldest.nbytes


def max_sim(question: Vectors, passage: Vectors) -> float:
    """The mean over the rows of `question` of their highest product with a row of `passage`, both unit rows."""
    if not len(question) or not len(passage):
        return -1.0
    return float((question @ passage.T).max(axis=1).mean())
