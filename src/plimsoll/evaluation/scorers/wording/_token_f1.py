"""How many words does it share with the accepted answer?"""

from collections import Counter

from plimsoll.datasets import Row

from ..._observation import Observation
from ._normal import tokens


def token_f1(row: Row, seen: Observation) -> float | None:
    """SQuAD's token F1 of the answer's span (or the whole answer) with the nearest accepted answer.

    Applies to answerable rows.
    """
    if not row.answerable or not row.answers:
        return None
    given = tokens(seen.span or seen.answer)
    return max((_f1(given, tokens(answer)) for answer in row.answers), default=0.0)


def _f1(given: list[str], wanted: list[str]) -> float:
    shared = (Counter(given) & Counter(wanted)).total()
    if not shared:
        return 0.0
    precision, recall = shared / len(given), shared / len(wanted)
    return 2 * precision * recall / (precision + recall)
