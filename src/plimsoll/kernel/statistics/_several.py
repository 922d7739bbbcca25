"""Many comparisons at once: the more there are, the more often one looks like a difference by chance."""

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p-values: one below a level is wrong in at most that share of all cases, however many there are.

    Holm 1979; the comparisons need not be independent.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted = [0.0] * len(p_values)
    so_far = 0.0
    for place, index in enumerate(order):
        so_far = max(so_far, min(1.0, (len(p_values) - place) * p_values[index]))
        adjusted[index] = so_far
    return tuple(adjusted)
