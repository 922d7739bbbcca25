"""The noun budget: what may be used, and how much of it is."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from plimsoll.kernel.clock import utc_now

from .._state import State, json_option, may
from ..show import budgets as show

if TYPE_CHECKING:
    from plimsoll.access.limits import Alert, Budget, WindowUse
    from plimsoll.bootstrap import Platform

W = TypeVar("W", "Alert", "WindowUse")
_SPANS = ("request", "minute", "hour", "day", "month", "total")
_MEASURES = ("usd", "tokens", "requests")
_ALERTS_KEPT = timedelta(days=30)


@click.group(short_help="Budgets and rate limits: list, set, remove, show")
def budget() -> None:
    """How much may be used by whom in a window of time, in dollars, tokens or requests.

    WHO is `everyone`, somebody such as `team:legal` or `user:4711`, or `each user` (key, team, project, environment):
    one of its own for every one, also for one never seen before.
    """


@budget.command("list", epilog="Example: plimsoll budget list")
@json_option
def list_budgets(state: State) -> None:
    """The budgets that hold: of plimsoll.yaml, and those that were set by command. The strictest counts."""
    with state.platform(state.project_root(), "read") as platform:
        declared, held = _declared(state), platform.budgets.held(platform.app)
    found = [*((one, "plimsoll.yaml") for one in declared), *((one, "command") for one in held)]
    state.output.result([show.budget_json(*one) for one in found], lambda screen: show.budgets(screen, found))


@budget.command("set", epilog='Example: plimsoll budget set "each user" --usd 1 --per day')
@click.argument("who")
@click.option("--usd", type=float, help="Dollars.")
@click.option("--tokens", type=int, help="Tokens, in and out together.")
@click.option("--requests", type=int, help="Requests.")
@click.option("--per", type=click.Choice(_SPANS), required=True, help="The window; its times are UTC.")
@click.option("--alert-at", type=float, default=0.8, show_default=True, help="Share at which it is told.")
@click.option(
    "--unknown-price",
    type=click.Choice(["refuse", "allow"]),
    default="refuse",
    show_default=True,
    help="Calls whose price nobody knows.",
)
@click.option(
    "--on-crash",
    type=click.Choice(["release", "charge"]),
    default="release",
    show_default=True,
    help="What a killed process held: free again, or spent.",
)
@json_option
def set_budget(state: State, who: str, per: str, **options: Any) -> None:
    """Let a budget hold, instead of the one of the same WHO, measure and window; processes see it within seconds."""
    from plimsoll.access.limits import make_budget

    made = make_budget(
        who,
        {measure: options[measure] for measure in _MEASURES},
        per,
        alert_at=options["alert_at"],
        unknown_price=options["unknown_price"],
        on_crash=options["on_crash"],
    )
    with state.platform(state.project_root()) as platform:
        platform.acting.require("policy")
        changed = platform.budgets.set(platform.app, made, by=platform.acting.by)
    state.output.result(
        {**show.budget_json(made, "command"), "changed": changed},
        lambda screen: show.budgets(screen, [(made, "command")]),
    )
    if not changed:
        state.output.note("that budget held already")


@budget.command("remove", epilog="Example: plimsoll budget remove team:legal --usd --per day")
@click.argument("who")
@click.option("--usd", is_flag=True, help="The one of dollars.")
@click.option("--tokens", is_flag=True, help="The one of tokens.")
@click.option("--requests", is_flag=True, help="The one of requests.")
@click.option("--measure", type=click.Choice(_MEASURES), help="The same, by name.")
@click.option("--per", type=click.Choice(_SPANS), required=True, help="Its window.")
@json_option
def remove_budget(state: State, who: str, per: str, **named: Any) -> None:
    """Let a budget hold no more that was set by command. What was used stays written down."""
    from plimsoll.access.limits import read_scope

    scope, measure = read_scope(who), _measure(named)
    with state.platform(state.project_root()) as platform:
        platform.acting.require("policy")
        removed = platform.budgets.remove(platform.app, scope, measure, per, by=platform.acting.by)
    state.output.result(show.budget_json(removed, "command"), lambda screen: show.removed(screen, removed))


@budget.command("show", epilog="Example: plimsoll budget show team:legal")
@click.argument("who", required=False)
@click.option("--all", "everything", is_flag=True, help="All windows, not only the fullest.")
@json_option
def show_budgets(state: State, who: str | None, everything: bool) -> None:
    """How much of each budget is used in its present window, and which shares were reached in the last 30 days."""
    from plimsoll.access.limits import read_scope

    scope = None if who is None else read_scope(who)
    now = utc_now()
    # What one user used is for those who may read traces.
    with state.platform(state.project_root(), "trace" if _is_user(scope or "") else "read") as platform:
        found = platform.consumption.windows(platform.app, now, scope=scope)
        uses = seen_windows(platform, found)
        told = platform.consumption.alerts(platform.app, now - _ALERTS_KEPT)
        alerts = [one for one in seen_windows(platform, told) if scope in {None, one.window.scope}]
    hidden = len(found) - len(uses)
    if hidden:
        many = "1 window of a user is" if hidden == 1 else f"{hidden:,} windows of users are"
        state.output.note(f"{many} not shown: that needs the right `trace`")
    state.output.result(
        {"windows": [show.use_json(use) for use in uses], "alerts": [show.alert_json(told) for told in alerts]},
        lambda screen: show.uses(screen, uses, alerts, everything=everything),
    )


def seen_windows(platform: "Platform", found: "Sequence[W]") -> "list[W]":
    """Of what was used, or told, what may be seen by who acts: users are named to those who may read traces."""
    everything = may(platform, "trace")
    return [one for one in found if everything or not _is_user(one.window.scope)]


def _is_user(scope: str) -> bool:
    return scope.startswith("user:")


def _measure(named: Mapping[str, Any]) -> str:
    """The one measure that flags, or the option `measure`, name. Raises click's UsageError."""
    chosen = {measure for measure in _MEASURES if named[measure] or named["measure"] == measure}
    if len(chosen) != 1:
        raise click.UsageError("say which budget it is with one of --usd, --tokens and --requests")
    return chosen.pop()


def _declared(state: State) -> "tuple[Budget, ...]":
    from plimsoll.project import load_app

    return load_app(state.project_root()).budget_values()


COMMANDS = (budget,)
