"""The noun cost: what requests cost, from the traces."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import click

from plimsoll.kernel.clock import to_text, utc_now

from .._state import State, json_option
from ..key import MomentUnfitError, duration_s
from ..show import budgets as show

_BY = ("endpoint", "model", "team", "project", "user", "key", "release", "status", "day")


@click.command(epilog="Example: plimsoll cost --by model --since 7d")
@click.option("--by", type=click.Choice(_BY), default="endpoint", show_default=True, help="One line for each of these.")
@click.option("--since", default="30d", show_default=True, metavar="TIME", help="24h, 7d, or a date (UTC).")
@click.option("--until", metavar="TIME", help="As --since; now otherwise.")
@json_option
def cost(state: State, by: str, since: str, until: str | None) -> None:
    """What requests used and cost, by endpoint, model, team, project, user, key, release or day.

    A request whose price nobody knows is counted as that, and never as free.
    """
    from plimsoll.tracing.usage import By

    now = utc_now()
    first, last = moment_before(since, now), now if until is None else moment_before(until, now)
    chosen: By = next(one for one in get_args(By) if one == by)
    # Who asked what is for those who may read traces; sums are for everybody who may look.
    with state.platform(state.project_root(), "trace" if by == "user" else "read") as platform:
        found = platform.traces.costs(platform.app, chosen, since=first, until=last)
    lines = sorted(found, key=lambda line: (-(line.cost_usd or 0.0), line.key))
    if by == "day":
        lines.sort(key=lambda line: line.key)
    state.output.result(
        {"by": by, "since": to_text(first), "until": to_text(last), **show.costs_json(lines)},
        lambda screen: show.costs(screen, by, lines),
    )


def moment_before(text: str, now: datetime) -> datetime:
    """The moment so long ago, or the first one of a date in UTC. Raises MomentUnfitError."""
    try:
        return now - timedelta(seconds=duration_s(text))
    except (MomentUnfitError, OverflowError):
        pass
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise MomentUnfitError(text, "a length of time or a date") from None


COMMANDS = (cost,)
