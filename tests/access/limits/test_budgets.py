"""Budgets that are set by command: kept with their entry in the ledger, and relied on only as the ledger says."""

from typing import Any

import pytest
from sqlalchemy import text

from plimsoll.access.limits import Budget, Budgets, make_budget
from plimsoll.access.limits._errors import BudgetForgedError, BudgetMissingError, BudgetUnfitError
from plimsoll.kernel.errors import IntegrityError
from plimsoll.kernel.money import to_pico
from plimsoll.ledger import By, Ledger
from plimsoll.storage import Database

APP = "harbour"
LEGAL = Budget("team:legal", "usd", "day", to_pico(20))


@pytest.fixture
def budgets(records: Database, ledger: Ledger) -> Budgets:
    return Budgets(records, ledger)


@pytest.fixture
def by(ledger: Ledger) -> By:
    return By(ledger.subject("Ada"))


def acts(ledger: Ledger) -> list[str]:
    return [entry.act for entry in ledger.entries() if entry.act.startswith("budget.")]


def test_a_budget_holds_for_its_application_alone(budgets: Budgets, by: By) -> None:
    assert budgets.set(APP, LEGAL, by=by)
    assert budgets.held(APP) == (LEGAL,)
    assert budgets.held("other") == ()


def test_the_same_again_changes_nothing_and_another_amount_takes_its_place(
    budgets: Budgets, ledger: Ledger, by: By
) -> None:
    changed = Budget("team:legal", "usd", "day", to_pico(30), alert_at=0.5, on_crash="charge")
    assert [budgets.set(APP, budget, by=by) for budget in (LEGAL, LEGAL, changed)] == [True, False, True]
    assert budgets.held(APP) == (changed,)
    assert acts(ledger) == ["budget.set", "budget.set"]


def test_what_is_removed_holds_no_more(budgets: Budgets, ledger: Ledger, by: By) -> None:
    budgets.set(APP, LEGAL, by=by)
    assert budgets.remove(APP, *LEGAL.name, by=by) == LEGAL
    assert budgets.held(APP) == ()
    with pytest.raises(BudgetMissingError, match=r"nobody set a budget of usd for team:legal and a day"):
        budgets.remove(APP, *LEGAL.name, by=by)
    assert acts(ledger) == ["budget.set", "budget.remove"]


def test_a_budget_for_one_user_names_nobody_in_the_ledger(budgets: Budgets, ledger: Ledger, by: By) -> None:
    mine = make_budget("user:grace@example.org", {"requests": 5}, "minute")
    budgets.set(APP, mine, by=by)
    assert budgets.held(APP) == (mine,)
    assert "grace" not in "".join(ledger.lines())
    subject = ledger.find_subject("grace@example.org")
    assert subject is not None
    ledger.erase(subject, {}, by=by)
    assert [budget.scope for budget in budgets.held(APP)] == [f"user:{subject}"]


def test_removing_the_budget_of_an_unknown_user_makes_nobody(budgets: Budgets, ledger: Ledger, by: By) -> None:
    with pytest.raises(BudgetMissingError):
        budgets.remove(APP, "user:nobody", "usd", "day", by=by)
    assert ledger.find_subject("nobody") is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE budget SET amount = 99000000000000", "entry"),
        ("UPDATE budget SET scope = 'team:other'", "entry"),
        ("DELETE FROM budget", "is in the ledger and not in the table"),
    ],
)
def test_a_budget_that_somebody_changed_in_the_database_is_not_relied_on(
    budgets: Budgets, records: Database, by: By, change: str, said: str
) -> None:
    budgets.set(APP, Budget("team:legal", "usd", "day", to_pico(10)), by=by)
    budgets.set(APP, LEGAL, by=by)
    with records.write() as connection:
        connection.execute(text(change))
    with pytest.raises(IntegrityError, match=said):
        budgets.held(APP)


def test_a_verification_names_what_is_wrong(budgets: Budgets, records: Database, by: By) -> None:
    budgets.set(APP, LEGAL, by=by)
    assert list(budgets.strays()) == []
    assert [claim.facts["amount"] for claim in budgets.claims()] == [str(to_pico(20))]
    with records.write() as connection:
        connection.execute(text("DELETE FROM budget"))
    assert list(budgets.strays()) == [
        "the budget of harbour for team:legal (usd, day) is in the ledger and not in the table"
    ]
    with pytest.raises(BudgetForgedError):
        budgets.held(APP)


def test_a_removed_budget_that_is_put_back_is_found(budgets: Budgets, records: Database, by: By) -> None:
    budgets.set(APP, LEGAL, by=by)
    with records.read() as connection:
        row = dict(connection.execute(text("SELECT * FROM budget")).mappings().one())
    budgets.remove(APP, *LEGAL.name, by=by)
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    with records.write() as connection:
        connection.execute(text(f"INSERT INTO budget ({names}) VALUES ({values})"), row)  # noqa: S608  # names of columns
    with pytest.raises(BudgetForgedError, match="is later"):
        budgets.held(APP)


def test_what_holds_is_looked_up_again_only_when_the_records_changed(budgets: Budgets, by: By) -> None:
    declared = (make_budget("everyone", {"usd": 1}, "day"),)
    read = budgets.watched(APP, declared)
    assert read() == declared
    budgets.set(APP, LEGAL, by=by)
    assert read() == (*declared, LEGAL)
    assert read() == (*declared, LEGAL)


@pytest.mark.parametrize(
    ("scope", "amounts", "span", "rest"),
    [
        ("everyone", {"usd": float("nan")}, "day", {}),
        ("everyone", {"usd": 1, "tokens": 1}, "day", {}),
        ("everyone", {"tokens": 0.5}, "day", {}),
        ("everyone", {"usd": 1}, "fortnight", {}),
        ("everyone", {"usd": 1}, "day", {"alert_at": 0}),
        ("everyone", {"usd": 1}, "day", {"on_crash": "panic"}),
        ("user:\x07", {"usd": 1}, "day", {}),
        ("", {"usd": 1}, "day", {}),
    ],
)
def test_what_cannot_be_a_budget_is_refused(
    scope: str, amounts: dict[str, float], span: str, rest: dict[str, Any]
) -> None:
    with pytest.raises(BudgetUnfitError) as refused:
        make_budget(scope, amounts, span, **rest)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("each  user", "each user"),
        (" everyone ", "everyone"),
        ("key:plim_abc", "key:abc"),
        ("team: a b", "team:a b"),
        ("user:Jose\u0301", "user:José"),
    ],
)
def test_a_scope_has_one_spelling(written: str, means: str) -> None:
    assert make_budget(written, {"usd": 1}, "day").scope == means
