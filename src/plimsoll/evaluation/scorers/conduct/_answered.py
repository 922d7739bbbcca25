"""Does it answer where the documents do?"""

from plimsoll.datasets import Row

from ..._observation import Observation


def answered(row: Row, seen: Observation) -> float | None:
    """1 when an answerable question was not refused. Applies to answerable rows."""
    return float(seen.answered is not False) if row.answerable else None
