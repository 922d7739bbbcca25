"""The limits of each payer, worked out once and kept at hand."""

from typing import Final

from ._plan import Account, Counter, Plan, Terms
from ._pool import Pool
from ._types import Budget, Payer

_REMEMBERED: Final = 20_000


class Accounts:
    """Accounts of payers. Those of millions of users are not all kept: two generations of those seen lately are."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._plan = Plan(())
        self._counters: dict[Terms, Counter] = {}
        self._old: dict[Payer, Account] = {}
        self.young: dict[Payer, Account] = {}
        """Those seen last, to be looked up without a call."""

    def adopt(self, budgets: tuple[Budget, ...]) -> None:
        """These budgets hold from now on."""
        if budgets != self._plan.budgets:
            self._plan = Plan(budgets)
            self._counters, self._old, self.young = {}, {}, {}
            self._pool.adopt(self._plan)

    def of(self, payer: Payer, now_s: float) -> Account:
        """Everything that holds for a payer."""
        account = self.young.get(payer) or self._old.pop(payer, None) or self._open(payer, now_s)
        if len(self.young) >= _REMEMBERED:
            self._old, self.young = self.young, {}
            # Counters of payers that were forgotten go too; those in use are made again.
            self._counters = {}
        self.young[payer] = account
        return account

    def _open(self, payer: Payer, now_s: float) -> Account:
        terms = self._plan.terms(payer)
        counted = [one for one in terms if one.span != "request" and one.cap > 0]
        return Account(
            tuple(self._counter(one, now_s) for one in counted),
            tuple(one for one in terms if one.span == "request"),
            next((one for one in terms if one.cap <= 0), None),
        )

    def _counter(self, terms: Terms, now_s: float) -> Counter:
        found = self._counters.get(terms)
        if found is None:
            found = self._counters[terms] = Counter(terms, self._pool.slot(terms, now_s))
        return found
