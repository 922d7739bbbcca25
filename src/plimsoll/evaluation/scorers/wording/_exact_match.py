"""Is it the accepted answer, and nothing else?"""

from plimsoll.datasets import Row

from ..._observation import Observation
from ._normal import normalise


def exact_match(row: Row, seen: Observation) -> float | None:
    """1 when the answer's span (or, without one, the whole answer) is an accepted answer; SQuAD's exact match.

    Applies to answerable rows.
    """
    if not row.answerable or not row.answers:
        return None
    given = normalise(seen.span or seen.answer)
    return float(any(normalise(answer) == given for answer in row.answers))
