"""Does it admit what the documents do not say?"""

from plimsoll.datasets import Row

from ..._observation import Observation


def refusal_correct(row: Row, seen: Observation) -> float | None:
    """1 when an unanswerable question was refused. Applies to unanswerable rows."""
    return None if row.answerable else float(seen.answered is False)
