"""The noun guardrail: what was found in requests, and what people say of it."""

from typing import TYPE_CHECKING, Any, get_args

import click

from plimsoll.kernel.clock import utc_now

from .._output import progress
from .._state import State, json_option
from ..show.guardrails import triggers as show
from ._guarding import guard_parts
from .cost import moment_before

if TYPE_CHECKING:
    from plimsoll.bootstrap import Platform
    from plimsoll.flows.guard import GuardParts

_STAGES = ("input", "retrieved", "tool_call", "tool_result", "output")
_SAID = ("right", "wrong", "missed", "withdrawn")
_BY = ("check", "version", "kind", "stage", "action", "endpoint")


@click.command("triggers", epilog="Example: plimsoll guardrail triggers --check injection --since 7d")
@click.option("--check", help="Of this check.")
@click.option("--version", help="Of this version of checks.")
@click.option("--on", "stage", type=click.Choice(_STAGES), help="At this stage.")
@click.option("--action", type=click.Choice(["allow", "flag", "redact", "ask", "block"]), help="With this action.")
@click.option("--endpoint", help="At this endpoint.")
@click.option("--env", "environment", help="In this environment.")
@click.option("--since", metavar="TIME", help="24h, 7d, or a date (UTC).")
@click.option("--until", metavar="TIME", help="As --since; now otherwise.")
@click.option("--all", "tests_too", is_flag=True, help="Also the questions of suites, and replays.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000), help="How many, newest first.")
@click.option("--after", default="", metavar="PLACE", help="Go on where the list before ended.")
@json_option
def triggers(state: State, *, limit: int, after: str, since: str | None, until: str | None, **wanted: Any) -> None:
    """What guardrails found in requests, the newest first, and what people said of it; never the text itself."""
    from plimsoll.flows.guard import MarkedPage, said_of
    from plimsoll.tracing.triggers import TriggerFilter

    now = utc_now()
    first, last = (None if text is None else moment_before(text, now) for text in (since, until))
    chosen = TriggerFilter(**wanted, since=first, until=last)
    with state.platform(state.project_root(), "trace") as platform:
        parts = _caught_up(state, platform)
        page = parts.triggers.page(parts.app, chosen, limit=limit, after=after)
        found = MarkedPage(page, said_of(page.triggers, parts))
    narrowed = bool(after) or chosen != TriggerFilter(tests_too=chosen.tests_too)
    state.output.result(show.triggers_json(found), lambda screen: show.triggers(screen, found, narrowed=narrowed))


@click.command("mark", epilog="Example: plimsoll guardrail mark 3f9c2a81 injection wrong --note 'a quotation'")
@click.argument("request")
@click.argument("check")
@click.argument("said", type=click.Choice(_SAID))
@click.option("--on", "stage", type=click.Choice(_STAGES), help="Only at this stage; must be said for `missed`.")
@click.option("--kind", help="Only of this kind.")
@click.option("--note", default="", help="Why, in your own words.")
@json_option
def mark(state: State, request: str, check: str, said: str, **more: Any) -> None:
    """Say that what CHECK found in REQUEST was right or wrong, or that it missed something.

    REQUEST is its id, or the first digits of it. Your last word counts; `withdrawn` takes it back.
    """
    from plimsoll.flows.guard import MarkWish
    from plimsoll.flows.guard import mark as mark_flow

    with state.platform(state.project_root()) as platform:
        platform.acting.require("trace")
        wish = MarkWish(request, check, said, **more, by=platform.acting.by)
        found = mark_flow(wish, guard_parts(platform))
    state.output.result(show.marked_json(found), lambda screen: show.marked(screen, found))


@click.command("rates", epilog="Example: plimsoll guardrail rates --by check --by endpoint --since 7d")
@click.option("--by", multiple=True, type=click.Choice(_BY), default=("check",), show_default=True)
@click.option("--since", default="30d", show_default=True, metavar="TIME", help="24h, 7d, or a date (UTC).")
@click.option("--until", metavar="TIME", help="As --since; now otherwise.")
@click.option("--endpoint", help="Only at this endpoint.")
@json_option
def rates(state: State, by: tuple[str, ...], since: str, until: str | None, endpoint: str | None) -> None:
    """How often checks trigger, and how often they are right, as far as people marked it; with 95 % intervals.

    A rate is a share of the requests whose guardrail asked the check.
    """
    from plimsoll.flows.guard import Window
    from plimsoll.flows.guard import rates as rates_flow
    from plimsoll.tracing.triggers import Dimension

    now = utc_now()
    window = Window(moment_before(since, now), now if until is None else moment_before(until, now), endpoint)
    with state.platform(state.project_root(), "read") as platform:
        parts = _caught_up(state, platform)
        found = rates_flow(window, [one for one in get_args(Dimension) if one in by], parts)
    state.output.result(show.rates_json(found), lambda screen: show.rates(screen, found))


def _caught_up(state: State, platform: "Platform") -> "GuardParts":
    """The parts, with every trace read that came since somebody asked last."""
    parts = guard_parts(platform)
    with progress(state.output) as advance:
        parts.triggers.catch_up(lambda done, total: advance("traces", done, total))
    return parts


RECORDS: tuple[click.Command, ...] = (triggers, mark, rates)
