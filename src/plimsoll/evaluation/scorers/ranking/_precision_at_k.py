"""How many of the first k are worth finding?"""

from ._ranking import K, Ranking, ranking_entry


def _precision(ranking: Ranking, k: int | None) -> float:
    """Those worth finding among the first k over k, also where fewer than k were found (as trec_eval's P)."""
    return ranking.hits(k) / k if k else 0.0


PRECISION_AT_K = ranking_entry("precision_at_k", "The share of the first k that is worth finding.", _precision, K)
