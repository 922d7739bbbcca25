"""Reading what people write about budgets: for whom, and how much."""

from collections.abc import Mapping
from math import isfinite
from typing import Final, cast, get_args
from unicodedata import normalize

from plimsoll.kernel.money import to_pico

from ._errors import BudgetUnfitError
from ._types import EACH, EVERYONE, KINDS, Budget, Measure, OnCrash, Span, Unpriced

MOST_USD: Final = 9_000_000
"""The most that a 64-bit number of picodollars holds, rounded down."""
MOST_COUNT: Final = 10**15
_LONGEST_NAME: Final = 256
_KEY_MARK: Final = "plim_"


def read_scope(text: str) -> str:
    """The one spelling of a scope: `everyone`, `each user`, `team:legal`. Raises BudgetUnfitError."""
    words = " ".join(text.split())
    if words == EVERYONE:
        return EVERYONE
    if words.startswith(EACH) and words.removeprefix(EACH) in KINDS:
        return words
    kind, colon, name = words.partition(":")
    if kind not in KINDS or not colon:
        listed = ", ".join(f"`{kind}:NAME`" for kind in KINDS)
        raise BudgetUnfitError(
            f"{_shown(text)} is nobody for whom a budget can be",
            f"write `everyone`, {listed}, or `each user` for one of its own for every user, and so with the others",
        )
    # As teams and users are spelled when they are admitted.
    name = normalize("NFC", name).strip()
    if kind == "key":
        name = name.removeprefix(_KEY_MARK)
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise BudgetUnfitError(
            f"the {kind} of a budget has no name that can be used", f"use 1 to {_LONGEST_NAME} printable characters"
        )
    return f"{kind}:{name}"


def make_budget(
    scope: str,
    amounts: Mapping[str, float | None],
    span: str,
    *,
    alert_at: float = 0.8,
    unknown_price: str = "refuse",
    on_crash: str = "release",
) -> Budget:
    """A budget from what people wrote; of `amounts` (by measure) exactly one is given. Raises BudgetUnfitError."""
    given = {measure: amount for measure, amount in amounts.items() if amount is not None}
    if len(given) != 1:
        raise BudgetUnfitError(
            "a budget is about exactly one of usd, tokens and requests",
            "write one of them; for two limits write two budgets",
        )
    measure, amount = next(iter(given.items()))
    _check_choice("window", span, get_args(Span))
    if not (isfinite(alert_at) and 0 < alert_at <= 1):
        raise BudgetUnfitError("the share at which a budget is told is above 0 and at most 1", "write 0.8 for 80 %")
    if measure == "requests" and span == "request":
        raise BudgetUnfitError("a request is always one request", "choose minute, hour, day, month or total")
    return Budget(
        scope=read_scope(scope),
        measure=cast("Measure", measure),
        span=cast("Span", span),
        amount=_amount(measure, amount),
        alert_at=alert_at,
        unknown_price=cast("Unpriced", _check_choice("unknown_price", unknown_price, get_args(Unpriced))),
        on_crash=cast("OnCrash", _check_choice("on_crash", on_crash, get_args(OnCrash))),
    )


def _amount(measure: str, amount: float) -> int:
    most = MOST_USD if measure == "usd" else MOST_COUNT
    if not (isfinite(amount) and 0 <= amount <= most) or (measure != "usd" and amount != int(amount)):
        number = "a number" if measure == "usd" else "a whole number"
        raise BudgetUnfitError(f"the amount of a budget in {measure} is {number} from 0 to {most}", f"write {number}")
    return to_pico(amount) if measure == "usd" else int(amount)


def _check_choice(what: str, text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise BudgetUnfitError(f"{_shown(text)} is no {what} of a budget", f"choose one of {', '.join(known)}")
    return text


def _shown(text: str) -> str:
    return f"`{text[:60]}`" if text.isprintable() else "what stands there"
