"""Whether a candidate means the sort of thing that was asked for: a person, a place, a number, a reason.

Each sort is stood for by a handful of words; likeness is the cosine of word vectors from which the mean vector of all
those words is taken away (without that, all cosines are alike: Mu and Viswanath, All-but-the-top, 2018).
"""

import functools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .._kinds import Kind
from .._question import Question
from ._reading import Embed, Floats, Reading, Spans

_SORTS: Final = (
    "person man woman player actor president king leader scientist author",
    "john mary james robert william david michael thomas peter smith",
    "country city state region river island place location",
    "london france germany california china russia america africa",
    "company university organization team school group party government agency",
    "year date month day century time decade",
    "number amount percent total quantity million hundred",
    "language religion culture nationality english french german latin",
    "law treaty act policy rule principle theory method process",
    "war battle event game conference festival",
    "material metal water gas animal plant food substance",
    "reason cause effect result purpose role function",
    "work book song film album title award name",
    "big large important common new early first main",
    "made built used found called became given took",
)
_LOOSE: Final = 2
"""The last sorts, adjectives and verbs: what follows a phrase, rather than what it is."""
_STAND_INS: Final = {
    Kind.NAME: "person", Kind.PLACE: "place location", Kind.DATE: "year date", Kind.DURATION: "time",
    Kind.MONEY: "amount money", Kind.PERCENT: "percent", Kind.NUMBER: "number", Kind.LAW: "law",
    Kind.REASON: "reason cause", Kind.YES_NO: "", Kind.THING: "",
}  # fmt: skip


def meaning(reading: Reading, spans: Spans, embed: Embed) -> list[Floats]:
    """Columns, one value for each candidate."""
    middle, sorts = _sorts(embed)
    wanted = _centred(embed(_wanted(reading.question)), middle)
    words = _centred(reading.vectors, middle)
    told = np.where(reading.is_function[:, None], 0.0, words)
    sums = np.concatenate([np.zeros((1, told.shape[1])), np.cumsum(told, axis=0)])
    means = sums[spans.lasts + 1] - sums[spans.firsts]
    means /= np.maximum(1e-9, np.linalg.norm(means, axis=1, keepdims=True))
    like, last = means @ sorts.T, told[spans.lasts] @ sorts.T
    asked = sorts @ wanted[0]
    following = words[np.minimum(spans.lasts + 1, len(words) - 1)] @ sorts[-_LOOSE:].T
    table = np.concatenate([like, last, like * asked, following, np.tile(asked, (len(like), 1))], axis=1)
    whole = [(like * asked).sum(axis=1), means @ wanted[0], last @ asked, means @ wanted[1]]
    return [*table.T, *whole]


def _wanted(question: Question) -> list[str]:
    return [question.focus or _STAND_INS[question.kind], " ".join(term.text.lower() for term in question.terms)]


@functools.lru_cache(maxsize=4)
def _sorts(embed: Embed) -> tuple[Floats, Floats]:
    """The mean vector of all words that stand for a sort, and the vector of each sort."""
    middle = embed([word for sort in _SORTS for word in sort.split()]).mean(axis=0).astype(np.float64)
    return middle, _centred(embed(list(_SORTS)), middle)


def _centred(vectors: NDArray[np.float32], middle: Floats) -> Floats:
    moved: Floats = vectors.astype(np.float64) - middle
    moved /= np.maximum(1e-9, np.linalg.norm(moved, axis=1, keepdims=True))
    return moved
