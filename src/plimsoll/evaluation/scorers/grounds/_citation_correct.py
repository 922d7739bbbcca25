"""Does it cite where the answer stands?"""

from plimsoll.datasets import Row

from ..._observation import Observation


def citation_correct(row: Row, seen: Observation) -> float | None:
    """1 when the answer cites a document in which the answer stands.

    Applies to answerable rows that name their documents; an answer without a citation scores 0.
    """
    if not row.answerable or not row.documents:
        return None
    return float(not set(seen.cited).isdisjoint(row.documents))
