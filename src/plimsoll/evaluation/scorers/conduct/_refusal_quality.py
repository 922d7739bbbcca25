"""Does it refuse what it should, and nothing else?"""

from plimsoll.datasets import Row

from ..._observation import Observation


def refusal_quality(row: Row, seen: Observation) -> float | None:
    """1 when an unanswerable question was refused, or an answerable one was not; applies to every row."""
    return float((seen.answered is False) == (not row.answerable))
