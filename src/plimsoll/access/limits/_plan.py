"""Which budgets apply to whom. Of several for the same window the strictest counts; of different ones, all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ._types import EACH, EVERYONE, KINDS, Budget, Measure, OnCrash, Payer, Span, Window, scope_of
from .escrow import Slot

_NONE: Final[tuple[Budget, ...]] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for one scope in windows of one kind: the strictest of all budgets that are about it."""

    scope: str
    measure: Measure
    span: Span
    cap: int
    alert_at: tuple[float, ...]
    on_crash: OnCrash
    allows_unknown_price: bool

    def window(self, app: str, start: int) -> Window:
        """Its window that begins at a second since 1970."""
        return Window(app, self.scope, self.measure, self.span, start)


class Counter:
    """Terms, and the slice of their present window; shared by all payers that they are about."""

    __slots__ = ("slot", "terms")

    def __init__(self, terms: Terms, slot: Slot) -> None:
        self.terms = terms
        self.slot = slot


class Account:
    """Everything that holds for one payer."""

    __slots__ = ("counters", "is_free", "is_special", "never", "single", "strict_money")

    def __init__(self, counters: tuple[Counter, ...], single: tuple[Terms, ...], never: Terms | None) -> None:
        self.counters = counters
        self.single = single
        """What one request alone may use."""
        self.never = never
        """Terms that let nothing in at all."""
        terms = (*(counter.terms for counter in counters), *single)
        self.strict_money = next((one for one in terms if not _passes_unpriced(one)), None)
        """Terms for money that refuse what has no price."""
        self.is_special = bool(single or never or self.strict_money)
        """Whether there is something to look at before what is left."""
        self.is_free = not (counters or single or never)
        """Whether nothing applies."""


class Plan:
    """Budgets, sorted by whom they are about."""

    def __init__(self, budgets: Iterable[Budget]) -> None:
        self.budgets: tuple[Budget, ...] = tuple(budgets)
        self._by_scope: dict[str, tuple[Budget, ...]] = {}
        for budget in self.budgets:
            self._by_scope[budget.scope] = (*self._by_scope.get(budget.scope, ()), budget)

    def terms(self, payer: Payer) -> tuple[Terms, ...]:
        """What holds for a payer, those for everyone last."""
        found: list[Terms] = []
        for kind in KINDS:
            *others, last = payer.names(kind) or ("",)
            for name in others:
                scope = scope_of(kind, name)
                found += _strictest(scope, self._by_scope.get(scope, _NONE))
            if last:
                scope = scope_of(kind, last)
                found += _strictest(scope, [*self._by_scope.get(scope, _NONE), *self._by_scope.get(EACH + kind, _NONE)])
        return (*found, *_strictest(EVERYONE, self._by_scope.get(EVERYONE, _NONE)))

    def of_window(self, window: Window) -> Terms | None:
        """What holds for a window now; None when no budget is about it any more."""
        kind = window.scope.partition(":")[0]
        budgets = [*self._by_scope.get(window.scope, _NONE), *self._by_scope.get(EACH + kind, _NONE)]
        names = (window.measure, window.span)
        return next(
            (terms for terms in _strictest(window.scope, budgets) if (terms.measure, terms.span) == names), None
        )


def _strictest(scope: str, budgets: Sequence[Budget]) -> list[Terms]:
    alike: dict[tuple[Measure, Span], list[Budget]] = {}
    for budget in budgets:
        alike.setdefault((budget.measure, budget.span), []).append(budget)
    return [
        Terms(
            scope=scope,
            measure=measure,
            span=span,
            cap=min(budget.amount for budget in found),
            alert_at=tuple(sorted({budget.alert_at for budget in found})),
            on_crash="charge" if any(budget.on_crash == "charge" for budget in found) else "release",
            allows_unknown_price=all(budget.unknown_price == "allow" for budget in found),
        )
        for (measure, span), found in alike.items()
    ]


def _passes_unpriced(terms: Terms) -> bool:
    return terms.measure != "usd" or terms.allows_unknown_price
