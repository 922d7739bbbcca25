"""What a model call costs, in whole picodollars: a versioned table, looked up once for each model.

Here: the price of a model by name (`price_of`), what a call cost, and what it can use and cost at most, which is read
from its request (`most_of`). An unknown price is None, never zero. Not here: adding costs up (`plimsoll.tracing`) and
holding them against budgets (`plimsoll.access.limits`).
"""

from ._most import Most, has_uncounted_fees, most_of, most_of_size, own_tier, size_of
from ._of import PriceOverride, price_of, table_version
from ._price import Price, Worst
from ._together import worst_together
from ._unseen import hides_output

__all__ = [
    "Most",
    "Price",
    "PriceOverride",
    "Worst",
    "has_uncounted_fees",
    "hides_output",
    "most_of",
    "most_of_size",
    "own_tier",
    "price_of",
    "size_of",
    "table_version",
    "worst_together",
]
