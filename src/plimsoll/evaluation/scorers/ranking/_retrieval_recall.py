"""Is the right document among the retrieved ones?"""

from plimsoll.datasets import Row

from ..._observation import Observation


def retrieval_recall(row: Row, seen: Observation) -> float | None:
    """1 when a passage of a document in which the answer stands was retrieved.

    Applies to answerable rows that name their documents.
    """
    if not row.answerable or not row.documents:
        return None
    return float(not set(seen.retrieved).isdisjoint(row.documents))
