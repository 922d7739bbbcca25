"""Budgets and costs at the command line."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from tests.cli.conftest import Ended, Run
from tests.flows.conftest import FILES, Workshop

from plimsoll.access.limits import Meter, Need, Payer, Spent
from plimsoll.cli.key import MomentUnfitError
from plimsoll.cli.nouns.cost import moment_before
from plimsoll.kernel.money import to_pico
from plimsoll.tracing import CostLine

As = Callable[..., Ended]

DECLARED = "budgets:\n  - {for: everyone, usd: 200, per: month, alert_at: 0.9}\n"


@pytest.fixture
def says(run: Run, workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> As:
    """Run a command as somebody. Ada is the first, and makes Vera a viewer."""
    workshop.write("plimsoll.yaml", FILES["plimsoll.yaml"] + DECLARED)

    def says(who: str, *arguments: str) -> Ended:
        monkeypatch.setenv("PLIMSOLL_ACTOR", who)
        return run(*arguments, folder=workshop.root)

    assert says("ada", "actor", "create", "vera", "--role", "viewer").code == 0
    return says


def spent(workshop: Workshop, *calls: tuple[Payer, int]) -> None:
    """Use something of the budgets, as a server does."""

    async def steps() -> None:
        platform = workshop.open()
        meter = Meter(platform.consumption, platform.budgets_in_force, app=platform.app)
        await meter.start()
        for payer, cost in calls:
            (await meter.reserve(payer, Need(1, cost))).settle(Spent(1, cost))
        await meter.close()
        platform.close()

    asyncio.run(steps())


def test_budgets_of_the_file_and_of_commands_stand_in_one_list(says: As) -> None:
    made = says("ada", "budget", "set", "team:legal", "--usd", "20", "--per", "day", "--on-crash", "charge", "--json")
    assert (made.code, made.json["changed"], made.json["amount"]) == (0, True, 20.0)
    again = says("ada", "budget", "set", "team:legal", "--usd", "20", "--per", "day", "--on-crash", "charge")
    assert (again.code, "held already" in again.err) == (0, True)
    assert says("ada", "budget", "set", "each user", "--requests", "30", "--per", "minute").code == 0
    listed = says("vera", "budget", "list", "--json").json
    assert [(one["for"], one["amount"], one["per"], one["source"]) for one in listed] == [
        ("everyone", 200.0, "month", "plimsoll.yaml"),
        ("each user", 30, "minute", "command"),
        ("team:legal", 20.0, "day", "command"),
    ]
    shown = says("vera", "budget", "list").out
    assert "$200" in shown
    assert "30 requests" in shown
    removed = says("ada", "budget", "remove", "team:legal", "--measure", "usd", "--per", "day", "--json")
    assert (removed.code, removed.json["for"]) == (0, "team:legal")
    assert len(says("vera", "budget", "list", "--json").json) == 2
    acts = [entry["act"] for entry in says("ada", "audit", "log", "--json").json]
    assert sorted(act for act in acts if act.startswith("budget.")) == ["budget.remove", "budget.set", "budget.set"]
    assert says("ada", "audit", "verify").code == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["set", "all users", "--usd", "1", "--per", "day"], "budget_unfit"),
        (["set", "everyone", "--per", "day"], "budget_unfit"),
        (["set", "everyone", "--usd", "1", "--tokens", "5", "--per", "day"], "budget_unfit"),
        (["set", "everyone", "--usd", "-1", "--per", "day"], "budget_unfit"),
        (["set", "everyone", "--usd", "nan", "--per", "day"], "budget_unfit"),
        (["set", "everyone", "--requests", "1", "--per", "request"], "budget_unfit"),
        (["set", "everyone", "--usd", "1", "--per", "week"], "invalid"),
        (["remove", "everyone", "--measure", "usd", "--per", "month"], "budget_missing"),
        (["remove", "everyone", "--per", "month"], "invalid"),
        (["remove", "everyone", "--usd", "--tokens", "--per", "month"], "invalid"),
        (["remove", "user:nobody", "--measure", "usd", "--per", "month"], "budget_missing"),
        (["show", "somebody"], "budget_unfit"),
    ],
)
def test_what_cannot_be_is_refused_with_a_hint(says: As, arguments: list[str], code: str) -> None:
    refused = says("ada", "budget", *arguments, "--json")
    assert (refused.code, refused.json["error"]["code"]) == (2, code)
    assert refused.json["error"]["hint"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["set", "everyone", "--usd", "1", "--per", "day"],
        ["remove", "everyone", "--measure", "usd", "--per", "day"],
    ],
)
def test_budgets_are_changed_with_the_right_to_it_alone(says: As, arguments: list[str]) -> None:
    refused = says("vera", "budget", *arguments, "--json")
    assert (refused.code, refused.json["error"]["code"]) == (2, "right_missing")


@pytest.mark.parametrize("named", [["--usd"], ["--measure", "usd"], ["--usd", "--measure", "usd"]])
def test_a_budget_is_removed_as_it_was_set_and_that_is_said(says: As, named: list[str]) -> None:
    says("ada", "budget", "set", "team:legal", "--usd", "20", "--per", "day")
    removed = says("ada", "budget", "remove", "team:legal", *named, "--per", "day")
    assert removed.code == 0, removed.err
    assert "removed: the budget for team:legal, $20" in removed.out
    assert "per day" in removed.out
    assert [one["for"] for one in says("vera", "budget", "list", "--json").json] == ["everyone"]


def test_what_is_used_is_shown_the_fullest_first(says: As, workshop: Workshop) -> None:
    says("ada", "budget", "set", "each user", "--usd", "1", "--per", "day")
    spent(workshop, (Payer(user="4711"), to_pico(0.9)), (Payer(user="4712"), to_pico(0.25)))
    shown = says("ada", "budget", "show", "--json").json
    assert [(one["for"], one["used"], one["amount"], one["held"]) for one in shown["windows"]] == [
        ("user:4711", 0.9, 1.0, 0.0),
        ("user:4712", 0.25, 1.0, 0.0),
        ("everyone", 1.15, 200.0, 0.0),
    ]
    assert [(told["for"], told["share"]) for told in shown["alerts"]] == [("user:4711", 0.8)]
    table = says("ada", "budget", "show").out
    assert "90%" in table
    assert "shares that were reached" in table
    only = says("ada", "budget", "show", "user:4712", "--json").json
    assert ([one["for"] for one in only["windows"]], only["alerts"]) == (["user:4712"], [])
    assert [one["for"] for one in says("vera", "budget", "show", "--json").json["windows"]] == ["everyone"]


def test_before_anything_is_used_that_is_said(says: As) -> None:
    assert "nothing is used" in says("vera", "budget", "show").out


def test_costs_come_from_the_traces(says: As) -> None:
    assert says("ada", "build").code == 0
    assert says("ada", "ask", "What does the lifeboat cost?").code == 0
    found = says("vera", "cost", "--since", "1h", "--json").json
    assert found["by"] == "endpoint"
    assert found["total"]["requests"] == sum(line["requests"] for line in found["lines"])
    assert "cost by model" in says("vera", "cost", "--by", "model").out
    assert says("vera", "cost", "--by", "user", "--json").json["error"]["code"] == "right_missing"
    assert says("ada", "cost", "--by", "user").code == 0
    assert says("ada", "cost", "--since", "yesterday", "--json").json["error"]["code"] == "moment_unfit"


def test_an_unknown_price_is_no_zero_in_a_bill() -> None:
    from plimsoll.cli.show.budgets import costs_json

    lines = [CostLine("a", 2, 10, 5, 0.1, 0), CostLine("b", 1, 10, 5, 0.2, 1), CostLine("c", 1, 3, 3, None, 1)]
    total = costs_json(lines)["total"]
    assert (total["cost_usd"], total["unknown"], total["requests"]) == (0.3, 2, 4)
    assert costs_json(lines[2:])["total"]["cost_usd"] is None


def test_a_moment_may_be_a_length_of_time_or_a_date() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert moment_before("24h", now) == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert moment_before("2026-11-01", now) == datetime(2026, 11, 1, tzinfo=UTC)
    for text in ("soon", "999999999w", ""):
        with pytest.raises(MomentUnfitError):
            moment_before(text, now)
