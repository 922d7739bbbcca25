"""What the rows of budgets say, to be held against the log: by a verification, and before a budget is relied on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol, cast

from plimsoll.kernel.digest import Json
from plimsoll.ledger import Claim, Entry
from plimsoll.ledger.witness import Witness

from ._errors import BudgetForgedError
from ._types import Budget

BUDGET_ACTS: Final = ("budget.set", "budget.remove")
_SET: Final = BUDGET_ACTS[0]


class BudgetRow(Protocol):
    """A row as a database gives it."""

    def __getitem__(self, name: str, /) -> Any:
        """The value of a column."""


Name = tuple[str, str, str, str]
"""Application, scope, measure and span."""


def budget_facts(budget: Budget) -> dict[str, Json]:
    """What the ledger says of a budget; its scope names a user by the pseudonym."""
    return {
        "scope": budget.scope,
        "measure": budget.measure,
        "span": budget.span,
        # As text, because a month of a large company is more than what every JSON reader takes for a whole number.
        "amount": str(budget.amount),
        "alert_at": budget.alert_at,
        "unknown_price": budget.unknown_price,
        "on_crash": budget.on_crash,
    }


def to_budget(row: BudgetRow) -> Budget:
    """The budget that a row says."""
    return Budget(
        scope=row["scope"],
        measure=row["measure"],
        span=row["span"],
        amount=row["amount"],
        alert_at=row["alert_at"],
        unknown_price=row["unknown_price"],
        on_crash=row["on_crash"],
    )


def budget_claim(row: BudgetRow) -> Claim:
    """What a row says."""
    return Claim(
        sequence=row["sequence"],
        act=_SET,
        app=row["app"],
        actor=row["actor"],
        at=Claim.moment(row["set_at"]),
        facts=budget_facts(to_budget(row)),
        place=f"budget of {row['app']} for {row['scope']} ({row['measure']}, {row['span']})",
    )


def trust_budgets(witness: Witness, app: str, rows: Sequence[BudgetRow]) -> None:
    """Raises IntegrityError unless the budgets of an application are exactly those that the log knows."""
    witness.must_say(map(budget_claim, rows))
    wrong = next(budget_strays(witness.entries(BUDGET_ACTS, app), rows), None)
    if wrong is not None:
        raise BudgetForgedError(wrong)


def budget_strays(entries: Iterable[Entry], rows: Sequence[BudgetRow]) -> Iterator[str]:
    """Rows that a later act took away or replaced, and acts whose row is gone, as sentences; entries in their order."""
    newest: dict[Name, Entry] = {_of_entry(entry): entry for entry in entries}
    there = {_of_row(row): row["sequence"] for row in rows}
    for name, entry in sorted(newest.items()):
        if entry.act == _SET and name not in there:
            yield f"{_said(name)} is in the ledger and not in the table"
        elif name in there and there[name] != entry.sequence:
            yield f"{_said(name)} is in the table as entry {there[name]} made it, and entry {entry.sequence} is later"
    for name in sorted(there.keys() - newest.keys()):
        yield f"{_said(name)} is in the table, and no entry of the ledger made it"


def _of_entry(entry: Entry) -> Name:
    facts = cast("Mapping[str, str]", entry.facts)
    return entry.app, facts["scope"], facts["measure"], facts["span"]


def _of_row(row: BudgetRow) -> Name:
    return row["app"], row["scope"], row["measure"], row["span"]


def _said(name: Name) -> str:
    app, scope, measure, span = name
    return f"the budget of {app} for {scope} ({measure}, {span})"
