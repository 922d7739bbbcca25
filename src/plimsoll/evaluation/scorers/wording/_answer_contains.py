"""Does the answer say it?"""

from plimsoll.datasets import Row

from ..._observation import Observation
from ._normal import normalise


def answer_contains(row: Row, seen: Observation) -> float | None:
    """1 when one of the accepted answers stands in the answer as whole words. Applies to answerable rows."""
    if not row.answerable or not row.answers:
        return None
    text = f" {normalise(seen.answer)} "
    return float(seen.answered is not False and any(f" {normalise(answer)} " in text for answer in row.answers))
