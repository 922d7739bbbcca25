"""The words of one unit, with what a ranker wants to know about each, as arrays."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .._question import Question
from .._terms import FUNCTION_WORDS, Word
from ._classes import class_of, gaps

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]

_NEAR_FROM: Final = 0.3
"""Word vectors of lower cosine have nothing to do with each other."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One entry of each array for each word."""

    question: Question
    text: str
    words: Sequence[Word]
    low: NDArray[np.str_]
    stems: NDArray[np.str_]
    asked: Floats
    """Its share of the weight of all words of the question; 0 where the question lacks it."""
    near: Floats
    """The same, also for words that mean nearly the same as a word of the question."""
    like_focus: Floats
    """Cosine with the noun that was asked for."""
    classes: Places
    gap_before: Places
    is_function: Flags
    is_name: Flags
    is_number: Flags
    vectors: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Spans:
    """First and last words of the candidates."""

    firsts: Places
    lasts: Places

    @property
    def length(self) -> Floats:
        """Words of each."""
        return (self.lasts - self.firsts + 1).astype(np.float64)

    def inside(self, values: Floats | Flags) -> Floats:
        """The sum over the words of each candidate."""
        sums = running(values)
        return sums[self.lasts + 1] - sums[self.firsts]


def running(values: Floats | Flags) -> Floats:
    """Sums of the first 0, 1, 2 … values."""
    return np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])


def read_unit(
    question: Question, text: str, words: Sequence[Word], *, weights: Mapping[str, float], embed: Embed
) -> Reading:
    """The words of a unit; `weights` says how much each stem of the question counts. A unit has a word or more."""
    total = sum(weights.values()) or 1.0
    asked = np.array([weights.get(word.stem, 0.0) / total for word in words])
    low = [word.text.lower() for word in words]
    is_function = np.array([one in FUNCTION_WORDS for one in low], dtype=bool)
    vectors = embed(low)
    near, like_focus = _near(question, weights, vectors, embed)
    return Reading(
        question=question,
        text=text,
        words=words,
        low=np.array(low),
        stems=np.array([word.stem for word in words]),
        asked=asked,
        near=np.maximum(asked, np.where(is_function, 0.0, near / total)),
        like_focus=np.where(is_function, 0.0, like_focus),
        classes=np.array([class_of(word, is_asked=share > 0) for word, share in zip(words, asked, strict=True)]),
        gap_before=np.array(gaps(text, words)),
        is_function=is_function,
        is_name=np.array([word.is_capitalised for word in words], dtype=bool) & ~is_function,
        is_number=np.array([word.has_digit for word in words], dtype=bool),
        vectors=vectors,
    )


def _near(
    question: Question, weights: Mapping[str, float], vectors: NDArray[np.float32], embed: Embed
) -> tuple[Floats, Floats]:
    """For each word the weight of the word of the question that it means, and its likeness to the focus."""
    none = np.zeros(len(vectors))
    if not question.terms:
        return none, none
    cosines = vectors @ embed([term.text.lower() for term in question.terms]).T
    shares = np.array([weights.get(term.stem, 0.0) for term in question.terms])
    near = (np.clip((cosines - _NEAR_FROM) / (1 - _NEAR_FROM), 0, 1) * shares).max(axis=1)
    focus = vectors @ embed([question.focus])[0] if question.focus else none
    return near.astype(np.float64), focus.astype(np.float64)
