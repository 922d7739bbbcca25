"""Figures of detectors, from labels and scores."""

from collections.abc import Iterable, Sequence


def f_measure(precision: float, recall: float, beta: float = 1) -> float:
    """Weighted harmonic mean (van Rijsbergen 1979)."""
    both = beta * beta * precision + recall
    return (1 + beta * beta) * precision * recall / both if both else 0.0


def auroc(labels: Sequence[bool], scores: Sequence[float]) -> float:
    """Probability that an attack has the higher score, ties half (Mann and Whitney 1947)."""
    ranked = sorted(zip(scores, labels, strict=True))
    sums, seen = 0.0, 0
    for _, group in _groups(ranked):
        rank = seen + (len(group) + 1) / 2
        sums += rank * sum(label for _, label in group)
        seen += len(group)
    good = sum(labels)
    pairs = good * (len(labels) - good)
    return (sums - good * (good + 1) / 2) / pairs if pairs else 0.0


def average_precision(labels: Sequence[bool], scores: Sequence[float]) -> float:
    """Mean precision at each new recall, ties together."""
    ranked = sorted(zip(scores, labels, strict=True), reverse=True)
    right = seen = 0
    total = 0.0
    for _, group in _groups(ranked):
        found = sum(label for _, label in group)
        right, seen = right + found, seen + len(group)
        total += found * right / seen
    return total / sum(labels) if any(labels) else 0.0


def _groups(ranked: Iterable[tuple[float, bool]]) -> Iterable[tuple[float, list[tuple[float, bool]]]]:
    groups: dict[float, list[tuple[float, bool]]] = {}
    for score, label in ranked:
        groups.setdefault(score, []).append((score, label))
    return groups.items()
