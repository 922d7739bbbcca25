"""Budgets and rate limits that cannot be overshot: reserve the worst case, settle what it really was.

Here: what a budget says and where it is kept (`Budgets`), what is used of it (`Consumption`), and the meter
that lets calls in (`Meter`). Not here: what a call costs (`plimsoll.models.prices`), and who pays for it, which the
doors know.
"""

from ._errors import BudgetUsedUpError, PriceUnknownError, RateLimitedError
from ._meter import Meter
from ._reservation import Reservation
from ._scopes import make_budget, read_scope
from ._store import Budgets, Consumption
from ._types import Alert, Budget, Need, Payer, Spent, WindowUse

__all__ = [
    "Alert",
    "Budget",
    "BudgetUsedUpError",
    "Budgets",
    "Consumption",
    "Meter",
    "Need",
    "Payer",
    "PriceUnknownError",
    "RateLimitedError",
    "Reservation",
    "Spent",
    "WindowUse",
    "make_budget",
    "read_scope",
]
