"""Which sentences of the best chunks are worth giving."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plimsoll.models import Embedder

from ..._types import Numbers
from ...chunkers.sentences import sentences
from ._facts import Parted, facts
from ._network import Network, builtin_narrower

_SHORT = 25
"""A sentence of fewer characters, such as the number of a clause, belongs to the one beside it."""


@dataclass(frozen=True, slots=True)
class Told:
    """A chunk and what is known of it."""

    text: str
    facts: Numbers
    """What `CHUNK_FACTS` names."""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A stretch of a chunk that is given: from its first sentence that is worth it to its last."""

    chunk: int
    """The place among the chunks that were given."""
    start: int
    end: int
    """Characters of the chunk's text."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Narrows hits to sentences. The embedder is one that is cheap for short texts, such as `builtin/static`."""

    embedder: Embedder
    network: Network = field(default_factory=builtin_narrower)

    def narrowed(self, question: str, chunks: Sequence[Told], focus: float) -> list[Narrowed]:
        """What to give of the best chunks of a question, in their order; at least one sentence where there is one.

        With `g` the characters of a sentence that are expected to answer and `T` those of all, the best k sentences
        are given for which this is highest (sums over them): `sum g / T + focus * sum g / (sum length + T - sum g)`.
        """
        places, parted = self.parted(chunks)
        if not places:
            return []
        shares = self.network.shares(self.facts(question, parted))
        lengths = np.array([end - start for _, start, end in places], np.float64)
        chosen = sorted(places[at] for at in _worthwhile(shares, lengths, focus))
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for number, start, end in chosen:
            first.setdefault(number, start)
            last[number] = end
        return [Narrowed(number, start, last[number]) for number, start in first.items()]

    def parted(self, chunks: Sequence[Told]) -> tuple[list[tuple[int, int, int]], Parted]:
        """The sentences of chunks: the number of the chunk, first and last character there; and what facts need."""
        places, texts, kept = [], [], []
        for number, chunk in enumerate(chunks):
            own = _sentences(chunk.text, chunk.language)
            places += [(number, start, end) for start, end in own]
            texts += [chunk.text[start:end] for start, end in own]
            if own:
                kept.append(chunk.facts)
        numbers = np.unique([number for number, _, _ in places], return_inverse=True)[1].astype(np.int64)
        return places, Parted(numbers, texts, np.array(kept))

    def facts(self, question: str, parted: Parted) -> Numbers:
        """What the network is given, shape (sentences, facts)."""
        vectors = self.embedder.embed([question, *parted.texts])
        return facts(question, parted, np.asarray(vectors[1:] @ vectors[0], np.float64))


def _sentences(text: str, language: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sentences(text, 0, len(text), language=language):
        if found and min(end - start, found[-1][1] - found[-1][0]) < _SHORT:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _worthwhile(shares: Numbers, lengths: Numbers, focus: float) -> NDArray[np.int64]:
    order = np.argsort(-shares, kind="stable")
    got = np.cumsum((shares * lengths)[order])
    total = max(float(got[-1]), 1e-9)
    value = got / total + focus * got / (np.cumsum(lengths[order]) + total - got)
    return order[: int(np.argmax(value)) + 1]
