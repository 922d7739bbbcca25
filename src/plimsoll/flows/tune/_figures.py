"""Whether a hit is relevant, and the figures of a list of hits."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from plimsoll.datasets import Row
from plimsoll.models import Passage

from ._types import Figures, Interval

DEPTH: Final = 10
_CHARACTERS: Final = 8_000
_RESAMPLES: Final = 2_000
_SEED: Final = 20_260_101
_EXACT_UP_TO: Final = 12
_DRAWN: Final = 10_000
_EPSILON: Final = 1e-9
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Question:
    """A row, and what counts as found.

    Where one of its answers stands word by word in one of its documents, a hit is relevant that holds those words;
    otherwise each of its documents is, at its first hit.
    """

    id: str
    text: str
    documents: frozenset[str]
    answers: tuple[str, ...] = ()
    """As `plain` writes them; empty where documents count."""


@dataclass(frozen=True, slots=True)
class Scores:
    """The figures of one question."""

    ndcg: float
    recall: float
    reciprocal_rank: float


def plain(text: str) -> str:
    """The words of a text alone, in small letters."""
    return " ".join(_WORDS.findall(text.casefold()))


def question_of(row: Row, texts: Mapping[str, str]) -> Question | None:
    """A row as a question; None where nothing says what should be found. `texts`: of each indexed document, plain."""
    known = [path for path in row.documents if path in texts]
    if not row.answerable or not known:
        return None
    answers = tuple(filter(None, (plain(answer) for answer in row.answers)))
    literal = tuple(answer for answer in answers if any(_holds(texts[path], answer) for path in known))
    return Question(row.id, row.question, frozenset(known), literal)


def score(question: Question, passages: Sequence[Passage]) -> Scores:
    """The figures of one question, given its hits, best first."""
    gains, wanted = _gains(question, _given(passages))
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(wanted, DEPTH) + 1))
    ndcg = sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1)) / ideal
    first = next((rank for rank, gain in enumerate(gains, start=1) if gain), 0)
    return Scores(ndcg, sum(gains) / wanted, 1 / first if first else 0.0)


def figures(scores: Sequence[Scores]) -> Figures:
    """Means with their intervals. The resamples are the same each time."""
    columns = [[one.ndcg for one in scores], [one.recall for one in scores], [one.reciprocal_rank for one in scores]]
    ndcg, recall, mrr = (interval(column) for column in columns)
    return Figures(len(scores), ndcg, recall, mrr)


def interval(values: Sequence[float]) -> Interval:
    """The mean of some values with the interval of its bootstrap."""
    data = np.asarray(values, np.float64)
    drawn = np.random.default_rng(_SEED).integers(0, len(data), (_RESAMPLES, len(data)))
    low, high = np.quantile(data[drawn].mean(axis=1), (0.025, 0.975))
    return Interval(float(data.mean()), float(low), float(high))


def chance_of(gains: Sequence[float]) -> float:
    """How often so much would be gained, or more, were both ways to search equally good: from 0 to 1.

    Fisher's randomisation test (1935): then the gain of each question might as well have the other sign. All signs are
    tried for up to 12 questions, otherwise 10,000 at random, the same each time.
    """
    data = np.asarray(gains, np.float64)
    if len(data) <= _EXACT_UP_TO:
        numbers = np.arange(2 ** len(data))
        signs = 1 - 2 * ((numbers[:, None] >> np.arange(len(data))) & 1)
    else:
        drawn = np.random.default_rng(_SEED).integers(0, 2, (_DRAWN - 1, len(data)))
        # With the signs as they are, so that nothing is ever impossible.
        signs = np.vstack([np.ones((1, len(data)), np.int64), 1 - 2 * drawn])
    return float((signs @ data >= data.sum() - _EPSILON).mean())


def _given(passages: Sequence[Passage]) -> list[Passage]:
    """What a reader would be given: the first hit always, and the next as long as there is room."""
    given: list[Passage] = []
    room = _CHARACTERS
    for passage in passages[:DEPTH]:
        room -= len(passage.text)
        if given and room < 0:
            break
        given.append(passage)
    return given


def _gains(question: Question, passages: Sequence[Passage]) -> tuple[list[float], int]:
    """The gain at each rank, and how much there is to gain."""
    if question.answers:
        found = [
            passage.document in question.documents
            and any(_holds(plain(passage.text), answer) for answer in question.answers)
            for passage in passages
        ]
        # One place is enough for an answer: what says the same again gains nothing.
        return [float(hit and not any(found[:rank])) for rank, hit in enumerate(found)], 1
    documents = list(dict.fromkeys(passage.document for passage in passages))
    return [float(document in question.documents) for document in documents], len(question.documents)


def _holds(text: str, words: str) -> bool:
    return f" {words} " in f" {text} "
