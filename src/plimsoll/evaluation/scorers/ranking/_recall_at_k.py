"""How much of what is worth finding is among the first k?"""

from ._ranking import K, Ranking, ranking_entry


def _recall(ranking: Ranking, k: int | None) -> float:
    """Those worth finding among the first k over all worth finding (Manning, Raghavan and Schütze 2008, 8.4)."""
    return sum(ranking.covers[:k]) / len(ranking.ideal)


RECALL_AT_K = ranking_entry("recall_at_k", "The share of what is worth finding that is among the first k.", _recall, K)
