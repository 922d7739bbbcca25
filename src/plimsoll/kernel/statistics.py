"""Small statistics that several rooms need. Every formula names its source."""

import math
from collections.abc import Sequence

_Z_95 = 1.959963984540054


def wilson_interval(successes: float, count: int, *, z: float = _Z_95) -> tuple[float, float]:
    """The Wilson score interval of a proportion (Wilson 1927), 95 % unless `z` says otherwise.

    Holds at 0 and at 1, where the usual normal interval has no width. Raises ValueError when `count` is not positive.
    """
    if count <= 0:
        msg = "a proportion of nothing has no interval"
        raise ValueError(msg)
    share = successes / count
    centre = share + z * z / (2 * count)
    margin = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return max(0.0, (centre - margin) / scale), min(1.0, (centre + margin) / scale)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie, linear between neighbours (Hyndman & Fan, type 7).

    Raises ValueError for no values.
    """
    if not values:
        msg = "no values have no percentile"
        raise ValueError(msg)
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
