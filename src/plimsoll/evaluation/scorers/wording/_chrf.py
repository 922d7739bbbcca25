"""chrF: how many runs of one to six characters does it share with the accepted answer?

chrF2 (Popović 2015): `(1 + b^2) P R / (b^2 P + R)` with b = 2, P and R the means over n = 1 to 6 of the shares of runs
of n characters, white space left out, that the other text has. For any script. The same as `sacrebleu` 2 (chrF2,
effective order), divided by 100; of several accepted answers the nearest one counts.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from plimsoll.datasets import Row

from ..._observation import Observation
from .._entries import ScorerEntry, rule_entry
from ._normal import given_answer

MOST: Final = 6
_SQUARE: Final = 4
"""Of b: recall counts four times as much."""


def chrf(row: Row, seen: Observation) -> float | None:
    """chrF2 with the nearest accepted answer, from 0 to 1. Applies to answerable rows."""
    if not row.answerable or not row.answers:
        return None
    return chrf_of(chrf_sums(given_answer(seen), row.answers))


CHRF: Final[ScorerEntry] = rule_entry(chrf)


def chrf_sums(given: str, wanted: Sequence[str]) -> tuple[int, ...]:
    """What chrF is made of, of the accepted answer that is nearest, to be added up over answers.

    For each n the runs of the answer (none where the accepted one has none), of the accepted answer, and shared ones.
    """
    squeezed = "".join(given.split())
    runs = [_runs(squeezed, size) for size in range(1, MOST + 1)]
    found = [_sums(runs, "".join(one.split())) for one in wanted]
    return max(found, key=chrf_of)


def chrf_of(sums: Sequence[float]) -> float:
    """chrF2 of what `chrf_sums` found, from 0 to 1."""
    orders = [sums[at : at + 3] for at in range(0, len(sums), 3)]
    both = [(shared / given, shared / wanted) for given, wanted, shared in orders if given and wanted]
    if not both:
        return 0.0
    precision = sum(one for one, _ in both) / len(both)
    recall = sum(one for _, one in both) / len(both)
    if not precision + recall:
        return 0.0
    return min(1.0, (1 + _SQUARE) * precision * recall / (_SQUARE * precision + recall))


def _sums(runs: Sequence[Counter[str]], wanted: str) -> tuple[int, ...]:
    sums: list[int] = []
    for size, own in enumerate(runs, 1):
        others = _runs(wanted, size)
        shared = sum(min(count, own[run]) for run, count in others.items())
        sums += (own.total() if others else 0, others.total(), shared)
    return tuple(sums)


def _runs(text: str, size: int) -> Counter[str]:
    return Counter(text[at : at + size] for at in range(len(text) - size + 1))
