"""What is summarised, and what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Turn:
    """What somebody said in one go, or a paragraph of a text; then `speaker` is empty."""

    text: str
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A sentence of a turn."""

    turn: int
    """Place of the turn, from 0."""
    speaker: str
    start: int
    end: int
    """Characters of the turn's text that it is made from."""
    text: str
    """Those characters without fillers, marks of the transcript, and words said twice."""
    stems: tuple[str, ...]
    """Of its words that carry a subject."""
    words: int
    """How many words it has in all."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """Turns made ready for any number of queries."""

    utterances: tuple[Utterance, ...]
    turns: int
    vectors: NDArray[np.float64]
    """Unit vectors of the utterances, less most of their mean."""
    rarity: Mapping[str, float]
    """For each stem, the logarithm of how rare it is among the utterances."""
    centrality: NDArray[np.float64]
    """How alike each utterance is to all others."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Utterances in their order, and as one text."""

    text: str
    utterances: tuple[Utterance, ...]
