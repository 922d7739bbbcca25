"""Is anything worth finding among the first k?"""

from ._ranking import K, Ranking, ranking_entry


def _hit(ranking: Ranking, k: int | None) -> float:
    """1 or 0; the mean over rows is also called success at k, or hit rate."""
    return float(ranking.hits(k) > 0)


HIT_AT_K = ranking_entry("hit_at_k", "1 when anything worth finding is among the first k.", _hit, K)
