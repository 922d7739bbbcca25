"""How far up does the first one stand that is worth finding? The mean over rows is the mean reciprocal rank."""

from ._ranking import ALL, Ranking, ranking_entry


def _reciprocal(ranking: Ranking, k: int | None) -> float:
    """1 over its rank, 0 where there is none (among the first k; Voorhees 1999)."""
    return next((1 / rank for rank, gain in enumerate(ranking.gains[:k], 1) if gain > 0), 0.0)


MRR = ranking_entry("mrr", "1 over the rank of the first that is worth finding, or 0.", _reciprocal, ALL)
