"""The values of signals: how often the words of a question stand in each candidate, and what follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class WordCounts:
    """How often each word of a question stands in each candidate, in its text and in what stands above it."""

    text: Numbers
    """Shape (candidates, words)."""
    head: Numbers
    """The same for the title, the headings and the context above the text."""
    text_lengths: Numbers
    """Number of words of each candidate's text."""
    head_lengths: Numbers


@runtime_checkable
class CountsWords(Protocol):
    """An index that knows how often its words stand in its chunks, so that no text must be read for that."""

    def count(self, rows: Sequence[int], words: Sequence[str]) -> WordCounts:
        """How often each of some words (of `query_words`) stands in some rows: 255 is as often or more.

        What stands above a chunk is counted as `IndexedDocument.heads` has it. Raises IndexClosedError.
        """


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for each candidate, one number a signal; larger is better, and most lie between 0 and 1."""

    names: tuple[str, ...]
    values: Numbers
    """Shape (candidates, names)."""

    def weighted(self, weights: Mapping[str, float]) -> Numbers:
        """One score for each candidate: the sum of its signals, each with its weight. Without a weight none counts."""
        scores: Numbers = self.values @ np.array([weights.get(name, 0.0) for name in self.names])
        return scores
