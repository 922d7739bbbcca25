"""Budgets, what is used of them, and what requests cost."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from plimsoll.kernel.clock import to_text
from plimsoll.kernel.money import to_pico, to_usd

from ._text import Column, cost, line, table, when

if TYPE_CHECKING:
    from rich.console import Console

    from plimsoll.access.limits import Alert, Budget, WindowUse
    from plimsoll.tracing import CostLine

_SHOWN = 40


def budgets(screen: "Console", found: "Sequence[tuple[Budget, str]]") -> None:
    """Budgets, and where each stands."""
    rows = [
        (
            budget.scope,
            _amount(budget.measure, budget.amount),
            budget.span,
            f"{budget.alert_at:.0%}",
            budget.unknown_price if budget.measure == "usd" else "",
            budget.on_crash,
            source,
        )
        for budget, source in found
    ]
    columns: list[Column] = [
        "for",
        ("amount", "right"),
        "per",
        ("told at", "right"),
        "unknown price",
        "on crash",
        "stands in",
    ]
    table(screen, "budgets", columns, rows)
    if not rows:
        line(screen, "there is no budget: write `budgets:` into plimsoll.yaml, or use `plimsoll budget set`")


def removed(screen: "Console", budget: "Budget") -> None:
    """A budget that holds no more."""
    amount = _amount(budget.measure, budget.amount)
    per = "in total" if budget.span == "total" else f"per {budget.span}"
    line(screen, f"removed: the budget for {budget.scope}, {amount} {per}", style="bold green")


def budget_json(budget: "Budget", source: str) -> dict[str, Any]:
    """For programs; amounts of money in dollars."""
    return {
        "for": budget.scope,
        "measure": budget.measure,
        "per": budget.span,
        "amount": _number(budget.measure, budget.amount),
        "alert_at": budget.alert_at,
        "unknown_price": budget.unknown_price,
        "on_crash": budget.on_crash,
        "source": source,
    }


def uses(screen: "Console", found: "Sequence[WindowUse]", alerts: "Sequence[Alert]", *, everything: bool) -> None:
    """What is used of present windows, the fullest first, and what was told."""
    shown = found if everything else found[:_SHOWN]
    rows = [
        (
            use.window.scope,
            use.window.span,
            _amount(use.window.measure, use.spent),
            _amount(use.window.measure, use.cap),
            f"{use.fullness:.0%}",
            _amount(use.window.measure, use.leased),
            _amount(use.window.measure, use.overrun) if use.overrun else "",
            when(use.ends_at) or "never",
        )
        for use in shown
    ]
    columns: list[Column] = [
        "for",
        "per",
        ("used", "right"),
        ("of", "right"),
        ("share", "right"),
        ("held", "right"),
        ("overrun", "right"),
        "anew at (UTC)",
    ]
    table(screen, "present windows", columns, rows)
    if len(shown) < len(found):
        line(screen, f"{len(found) - len(shown)} more: --all shows them")
    if not rows:
        line(screen, "nothing is used in the present windows")
    if alerts:
        told = [
            (when(one.at), one.window.scope, one.window.span, f"{one.share:.0%}", _amount(one.window.measure, one.cap))
            for one in alerts
        ]
        table(screen, "shares that were reached", ["at (UTC)", "for", "per", ("share", "right"), ("of", "right")], told)


def use_json(use: "WindowUse") -> dict[str, Any]:
    """For programs; amounts of money in dollars."""
    measure = use.window.measure
    return {
        "for": use.window.scope,
        "measure": measure,
        "per": use.window.span,
        "amount": _number(measure, use.cap),
        "used": _number(measure, use.spent),
        "held": _number(measure, use.leased),
        "overrun": _number(measure, use.overrun),
        "ends_at": None if use.ends_at is None else to_text(use.ends_at),
    }


def alert_json(alert: "Alert") -> dict[str, Any]:
    """For programs."""
    measure = alert.window.measure
    return {
        "at": to_text(alert.at),
        "for": alert.window.scope,
        "measure": measure,
        "per": alert.window.span,
        "share": alert.share,
        "used": _number(measure, alert.spent),
        "amount": _number(measure, alert.cap),
    }


def costs(screen: "Console", by: str, found: "Sequence[CostLine]") -> None:
    """What requests cost, with the sum."""
    rows: list[tuple[str, ...]] = [
        (
            one.key or "(none)",
            f"{one.requests:,}",
            f"{one.input_tokens:,}",
            f"{one.output_tokens:,}",
            cost(one.cost_usd),
            f"{one.unknown:,}" if one.unknown else "",
        )
        for one in found
    ]
    total = costs_json(found)["total"]
    if rows:
        sums = (f"{total[name]:,}" for name in ("requests", "input_tokens", "output_tokens"))
        rows.append(("total", *sums, cost(total["cost_usd"]), f"{total['unknown']:,}" if total["unknown"] else ""))
    columns: list[Column] = [
        by,
        ("requests", "right"),
        ("tokens in", "right"),
        ("tokens out", "right"),
        ("cost", "right"),
        ("price unknown", "right"),
    ]
    table(screen, f"cost by {by}", columns, rows)
    if not rows:
        line(screen, "there are no requests in that time")


def costs_json(found: "Sequence[CostLine]") -> dict[str, Any]:
    """For programs; the sum is exact, and None where no price was known for anything."""
    known = [to_pico(one.cost_usd) for one in found if one.cost_usd is not None]
    total = {
        "requests": sum(one.requests for one in found),
        "input_tokens": sum(one.input_tokens for one in found),
        "output_tokens": sum(one.output_tokens for one in found),
        "cost_usd": to_usd(sum(known)) if known else None,
        "unknown": sum(one.unknown for one in found),
    }
    return {"lines": list(found), "total": total}


def _amount(measure: str, amount: int) -> str:
    return cost(to_usd(amount)) if measure == "usd" else f"{amount:,} {measure}"


def _number(measure: str, amount: int) -> float | int:
    return to_usd(amount) if measure == "usd" else amount
