"""Do those worth finding stand in front of the others? The mean over rows is the mean average precision."""

from ._ranking import ALL, Ranking, ranking_entry


def _average_precision(ranking: Ranking, k: int | None) -> float:
    """The precision at each that is worth finding, added up, over all worth finding (as trec_eval's map).

    Those that were not found count with 0. Ragas' context precision divides by those that were found instead.
    """
    hits, total = 0, 0.0
    for rank, covers in enumerate(ranking.covers[:k], 1):
        hits += covers
        total += covers * min(1.0, hits / rank)
    return total / len(ranking.ideal)


MAP = ranking_entry("map", "The average precision; those that were not found count with 0.", _average_precision, ALL)
