"""How many words, pairs of words, or words in order does it share with the accepted answer?

ROUGE (Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries"), as F1, without stemming:
`F1 = 2 P R / (P + R)`; of ROUGE-N P and R are the shared runs of n words over those of the answer and of the accepted
one, of ROUGE-L the longest common subsequence over the words of either. The same as `rouge-score` 0.1.2 of the same
texts in ASCII; here letters and digits of every script are words.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from plimsoll.datasets import Row

from ..._observation import Observation
from .._entries import ScorerEntry
from .._types import RuleScorer
from ._normal import given_answer

_WORD: Final = re.compile(r"[^\W_]+")
_Words = Sequence[str]


def _rouge(of: Callable[[_Words, _Words], float], row: Row, seen: Observation) -> float | None:
    if not row.answerable or not row.answers:
        return None
    given = _words(given_answer(seen))
    return max(of(given, _words(answer)) for answer in row.answers)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _rouge_n(size: int, given: _Words, wanted: _Words) -> float:
    runs, wanted_runs = _runs(given, size), _runs(wanted, size)
    return _f1((runs & wanted_runs).total(), runs.total(), wanted_runs.total())


def _runs(words: _Words, size: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(words[at:] for at in range(size)), strict=False))


def _rouge_l(given: _Words, wanted: _Words) -> float:
    return _f1(common_subsequence(given, wanted), len(given), len(wanted))


def common_subsequence(one: _Words, other: _Words) -> int:
    """The length of the longest common subsequence, with a bit for each word of the shorter text (Hyyrö 2004)."""
    short, long = sorted((one, other), key=len)
    places: dict[str, int] = {}
    for place, word in enumerate(short):
        places[word] = places.get(word, 0) | 1 << place
    every = (1 << len(short)) - 1
    row = every
    for word in long:
        found = row & places.get(word, 0)
        if found:
            row = ((row + found) | (row - found)) & every
    return len(short) - row.bit_count()


def _f1(shared: int, given: int, wanted: int) -> float:
    return 2 * shared / (given + wanted) if shared else 0.0


def _entry(name: str, says: str, of: Callable[[_Words, _Words], float]) -> ScorerEntry:
    return ScorerEntry(name, says, lambda called, _: RuleScorer(called, partial(_rouge, of)))


ROUGE: Final = (
    _entry("rouge_1", "ROUGE-1: F1 of the words shared with the nearest accepted answer.", partial(_rouge_n, 1)),
    _entry(
        "rouge_2", "ROUGE-2: F1 of the pairs of words shared with the nearest accepted answer.", partial(_rouge_n, 2)
    ),
    _entry("rouge_l", "ROUGE-L: F1 of the longest row of words in common with an accepted answer.", _rouge_l),
)
"""They apply to answerable rows."""
