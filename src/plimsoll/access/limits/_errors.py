"""Why a call is not let in, and what is wrong with a budget.

The sentences are for callers: they name the budget, and no amount of money, which is its owner's affair.
"""

from datetime import UTC, datetime

from plimsoll.kernel.clock import to_text
from plimsoll.kernel.errors import BudgetError, IntegrityError, InvalidError, NotFoundError, UnavailableError

from ._types import EVERYONE, Measure, Span, Window

_WHAT: dict[Measure, str] = {"usd": "cost", "tokens": "tokens", "requests": "requests"}
_PER: dict[Span, str] = {
    "request": "one request",
    "minute": "a minute",
    "hour": "an hour",
    "day": "a day",
    "month": "a month",
    "total": "all time",
}


class BudgetUsedUpError(BudgetError):
    """What may be used in this window is used, or is not enough for this call."""

    code = "insufficient_quota"

    def __init__(self, window: Window, *, cap: int, needed: int, until_s: float | None, now_s: float) -> None:
        ends = "" if until_s is None else f"; it starts anew at {to_text(datetime.fromtimestamp(until_s, UTC))}"
        # Waiting helps only where the call would fit into a fresh window.
        helps = until_s is not None and 0 < needed <= cap
        hint = "wait until then, or ask its owner for more" if helps else "ask its owner for more"
        if needed > cap > 0:
            hint = "ask for less at once (a smaller max_tokens, a shorter prompt), or ask its owner for more"
        super().__init__(
            f"{_budget(window)} has no room for this request{ends}",
            hint=hint,
            retry_after_s=max(0.0, until_s - now_s) if helps and until_s is not None else None,
        )
        self.window = window


class RateLimitedError(BudgetError):
    """Too much in too short a time."""

    code = "rate_limit_exceeded"

    def __init__(self, window: Window, *, cap: int, needed: int, until_s: float, now_s: float) -> None:
        waits = max(0.0, until_s - now_s)
        fits = 0 < needed <= cap
        hint = f"try again in {waits:.0f} seconds"
        if not fits:
            hint = "ask for less at once (a smaller max_tokens, a shorter prompt): this never fits"
        super().__init__(
            f"{_who(window)} may use {cap} {_WHAT[window.measure]} in {_PER[window.span]}, and this request needs more "
            "than is left",
            hint=hint,
            retry_after_s=waits if fits else None,
        )
        self.window = window


class PriceUnknownError(BudgetError):
    """A budget of money applies, and nobody knows what the call would cost."""

    code = "price_unknown"

    def __init__(self, window: Window) -> None:
        super().__init__(
            f"nobody knows what this request can cost, and {_budget(window)} is one of money",
            hint="give the route a `price`, leave out tools that the provider runs and bills itself, "
            "or let the budget pass such calls with `unknown_price: allow`",
        )
        self.window = window


class UsageUnavailableError(UnavailableError):
    """What is used cannot be looked up now, so nothing more is let in."""

    code = "usage_unavailable"

    def __init__(self, reason: str = "") -> None:
        because = f": {reason}" if reason else ""
        super().__init__(
            f"the record of what is used does not answer, so budgets cannot be kept{because}",
            hint="try again in a second; nothing is let in without its budget",
            retry_after_s=1.0,
        )


class MeterClosedError(UnavailableError):
    """The process is about to end."""

    code = "meter_closed"

    def __init__(self) -> None:
        super().__init__("this process takes no more requests", hint="try again", retry_after_s=1.0)


class BudgetUnfitError(InvalidError):
    """A budget that cannot be."""

    code = "budget_unfit"

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(what, hint=instead)


class BudgetMissingError(NotFoundError):
    """There is no budget of that name."""

    code = "budget_missing"

    def __init__(self, scope: str, measure: str, span: str) -> None:
        super().__init__(
            f"nobody set a budget of {measure} for {scope} and {_PER.get(span, span)}",  # type: ignore[call-overload]  # any text may be asked for
            hint="`plimsoll budget list` shows the budgets there are; those of plimsoll.yaml are changed there",
        )


class BudgetForgedError(IntegrityError):
    """A budget that the ledger does not know."""

    code = "budget_forged"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"a budget is not what the ledger made it: {what}",
            hint="find out who changed the database: `plimsoll audit verify`",
        )


def _budget(window: Window) -> str:
    return f"the budget of {_WHAT[window.measure]} for {_who(window)} and {_PER[window.span]}"


def _who(window: Window) -> str:
    if window.scope == EVERYONE:
        return "this application"
    kind, _, name = window.scope.partition(":")
    return f"the {kind} {name}"
