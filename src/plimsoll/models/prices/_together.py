"""What a call of several models can use at most."""

from collections.abc import Sequence

from ._most import Most
from ._price import Price, Worst


def worst_together(prices: Sequence[Price], most: Most, *, billed: int) -> Worst:
    """The most that a call can use and cost of which so many of the models may bill, whichever they are.

    Its cost is unknown where that of one of them is.
    """
    if len(prices) == 1:
        return prices[0].worst(most)
    found = [price.worst(most) for price in prices]
    tokens = sum(sorted((tokens for tokens, _ in found), reverse=True)[:billed])
    costs = sorted((cost for _, cost in found if cost is not None), reverse=True)
    return tokens, sum(costs[:billed]) if len(costs) == len(found) else None
