"""In which order the targets of a route are asked."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from ._types import Target
from .health import TargetHealth

Random = Callable[[], float]
"""A number from 0 to 1, 1 excluded."""

_INPUT_TOKENS, _OUTPUT_TOKENS = 3_000, 1_000
"""The call for which `cheapest` compares prices: with documents in it, three tokens are read for one written."""


def by_price(targets: Sequence[Target[Any]]) -> tuple[int, ...]:
    """The cheapest first; among the same price, and where none is known (last), as they are written."""

    def price(number: int) -> float:
        cost = targets[number].price(_INPUT_TOKENS, _OUTPUT_TOKENS)
        return math.inf if cost is None else cost

    return tuple(sorted(range(len(targets)), key=price))


def by_weight(targets: Sequence[Target[Any]], random: Random) -> tuple[int, ...]:
    """A draw without putting back: each place goes to one of those that are left, in proportion to their weights.

    Those of weight 0 come last. Source: Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006,
    as a race of exponential times.
    """

    def key(number: int) -> float:
        weight = targets[number].weight
        return -math.log(1.0 - random()) / weight if weight > 0 else math.inf

    return tuple(sorted(range(len(targets)), key=key))


def by_latency(health: Sequence[TargetHealth], now: float, *, streams: bool) -> tuple[int, ...]:
    """The one that is expected to be the fastest first; among the same, as they are written."""
    return tuple(sorted(range(len(health)), key=lambda number: health[number].expected_s(now, streams=streams)))
