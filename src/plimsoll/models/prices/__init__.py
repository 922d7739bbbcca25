"""What a model call costs, in whole picodollars: a versioned table, looked up once for each model.

Here: the price of a model by name (`price_of`), what a call cost and what it can cost at most. An unknown price is
None, never zero. Not here: adding costs up (`plimsoll.tracing`) and holding them against budgets
(`plimsoll.access.limits`).
"""

from ._of import PriceOverride, price_of, table_version
from ._price import Price

__all__ = ["Price", "PriceOverride", "price_of", "table_version"]
