"""Which of the kept questions means the same as another one."""

from collections.abc import Callable, Sequence
from typing import Any

from ._meaning import difference
from ._types import Candidate

_NEAREST = 50
"""How many candidates are compared word by word."""

Embed = Callable[[Sequence[str]], Any]
"""Unit vectors of texts, as an array of shape (texts, dimension)."""


class Similar:
    """Compares questions by their vectors, and then by their words."""

    def __init__(self, embed: Embed, fingerprint: str) -> None:
        self._embed = embed
        self.fingerprint = fingerprint
        """Changes whenever the same text could get another vector."""

    def vector(self, question: str) -> bytes | None:
        """The vector of a question; None for a text without any known word."""
        import numpy as np

        vector = np.asarray(self._embed([question])[0], dtype=np.float32)
        return vector.tobytes() if vector.any() else None

    def best(self, question: str, candidates: Sequence[Candidate], at_least: float) -> tuple[str, float] | None:
        """The key of the nearest candidate that means the same, with the cosine of the two."""
        import numpy as np

        wanted = self.vector(question)
        if wanted is None:
            return None
        same = [candidate for candidate in candidates if len(candidate.vector) == len(wanted)]
        known = np.frombuffer(b"".join(candidate.vector for candidate in same), np.float32).reshape(
            len(same), len(wanted) // 4
        )
        cosines = known @ np.frombuffer(wanted, np.float32)
        for number in np.argsort(-cosines, kind="stable")[:_NEAREST]:
            if cosines[number] < at_least:
                return None
            if difference(question, same[number].question) is None:
                return same[number].key, float(cosines[number])
        return None
