"""BLEU: how many runs of one to four words does it share with the accepted answers, as precision?

BLEU (Papineni et al. 2002): `exp(min(0, 1 - r / c)) * exp(mean over n of log p_n)`, with p_n the share of the answer's
runs of n words that an accepted answer has, clipped; c its length and r that of the accepted answer nearest in length.
Words are those of `mteval-v13a`; a p_n of nothing is smoothed as there (`exp`). Of one answer only those n count for
which it is long enough. The same as `sacrebleu` 2 (13a, exp; effective order for one answer), divided by 100.
"""

import math
import re
import string
from collections import Counter
from collections.abc import Sequence
from typing import Final

from plimsoll.datasets import Row

from ..._observation import Observation
from .._entries import ScorerEntry, rule_entry
from ._normal import given_answer

MOST: Final = 4
_ENTITIES: Final = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))
_MARKS: Final = "".join(sorted(set(string.punctuation) - set("',-.")))
_MARK: Final = re.compile(f"([{re.escape(_MARKS)}])")
_AFTER_OTHER: Final = re.compile(r"([^0-9])([.,])")
_BEFORE_OTHER: Final = re.compile(r"([.,])([^0-9])")
_DASH: Final = re.compile(r"([0-9])(-)")


def bleu(row: Row, seen: Observation) -> float | None:
    """BLEU of one answer with all accepted answers, from 0 to 1. Applies to answerable rows."""
    if not row.answerable or not row.answers:
        return None
    return bleu_of(bleu_sums(given_answer(seen), row.answers), of_one=True)


BLEU: Final[ScorerEntry] = rule_entry(bleu)


def bleu_sums(given: str, wanted: Sequence[str]) -> tuple[int, ...]:
    """What BLEU is made of, to be added up over answers.

    The lengths of the answer and of the accepted answer, then for each n the shared runs of n words, then for each n
    those of the answer.
    """
    words = bleu_words(given)
    others = [bleu_words(one) for one in wanted]
    length = min((abs(len(one) - len(words)), len(one)) for one in others)[1]
    shared, said = [], []
    for size in range(1, MOST + 1):
        runs = _runs(words, size)
        most: Counter[tuple[str, ...]] = Counter()
        for one in others:
            most |= _runs(one, size)
        shared.append((runs & most).total())
        said.append(runs.total())
    return (len(words), length, *shared, *said)


def bleu_of(sums: Sequence[float], *, of_one: bool = False) -> float:
    """BLEU of what `bleu_sums` found, from 0 to 1; `of_one` leaves out those n for which one answer is too short."""
    length, wanted, shared, said = sums[0], sums[1], sums[2 : 2 + MOST], sums[2 + MOST :]
    if not any(shared) or not length:
        return 0.0
    logs, halves = 0.0, 0
    orders = [(hits, runs) for hits, runs in zip(shared, said, strict=True) if runs]
    if len(orders) < MOST and not of_one:
        return 0.0
    for hits, runs in orders:
        halves += not hits
        logs += math.log(hits / runs if hits else 1 / (2**halves * runs))
    return min(1.0, math.exp(min(0.0, 1 - wanted / length) + logs / len(orders)))


def bleu_words(text: str) -> list[str]:
    """The words of `mteval-v13a`."""
    line = text.rstrip().replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for entity, mark in _ENTITIES:
        line = line.replace(entity, mark)
    line = _MARK.sub(r" \1 ", f" {line} ")
    line = _BEFORE_OTHER.sub(r" \1 \2", _AFTER_OTHER.sub(r"\1 \2 ", line))
    return _DASH.sub(r"\1 \2 ", line).split()


def _runs(words: Sequence[str], size: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(words[at:] for at in range(size)), strict=False))
