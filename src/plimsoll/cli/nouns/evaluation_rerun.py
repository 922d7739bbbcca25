"""`plimsoll eval rerun`: a release's gates once more, from the release alone."""

import asyncio
from typing import TYPE_CHECKING

import click

from .._exits import DONE, REFUSED
from .._output import progress
from .._state import State, json_option
from ..show._text import line

if TYPE_CHECKING:
    from rich.console import Console

    from plimsoll.bootstrap import Platform
    from plimsoll.evaluation import Suite
    from plimsoll.flows.rerun import Rerun
    from plimsoll.releases import Release

_TOLD = 10


@click.command(
    "rerun", short_help="Repeat a release's evaluation", epilog="Example: plimsoll eval rerun r-3f9c2a ask --kept"
)
@click.argument("release")
@click.argument("suite", required=False)
@click.option("--kept", is_flag=True, help="Ask nobody again where the answer was kept: check scorers and gates alone.")
@json_option
def rerun(state: State, release: str, suite: str | None, *, kept: bool) -> int:
    """Run a release's suites again, on its own rows and versions; exit 1 when a verdict is another one."""
    with state.platform(state.project_root()) as platform:
        found = platform.releases.release(platform.app, release)
        made = _run(state, platform, found, suite=suite, kept=kept)
    state.output.result([one.to_json() for one in made], lambda screen: show(screen, made))
    return DONE if made and all(one.same_verdict for one in made) else REFUSED


def _run(
    state: State, platform: "Platform", release: "Release", *, suite: str | None, kept: bool
) -> "tuple[Rerun, ...]":
    from plimsoll.flows.rerun import rerun as rerun_flow

    done: dict[str, int] = {}
    with progress(state.output) as advance:

        def tick(suite: "Suite") -> None:
            done[suite.name] = done.get(suite.name, 0) + 1
            advance(f"rerun {suite.name}", done[suite.name], len(suite.rows) * suite.repeats)

        return asyncio.run(rerun_flow(release, platform.evaluate_parts(), only=suite, kept=kept, on_row=tick))


def show(screen: "Console", made: "tuple[Rerun, ...]") -> None:
    """Both verdicts, and what differs."""
    from plimsoll.evaluation.comparison import conclusion, difference_text

    for one in made:
        same = "the same verdict" if one.same_verdict else "ANOTHER VERDICT"
        style = "bold green" if one.same_verdict else "bold red"
        was, now = one.then["verdict"], one.now.verdict.outcome
        line(screen, f"suite {one.evidence.suite}: {was} on {one.then['started_at']}, {now} now: {same}", style=style)
        line(screen, f"  {conclusion(one.comparison)}")
        for difference in one.comparison.differences:
            if difference.is_primary:
                line(screen, f"  {difference_text(difference)}")
        others = one.other_answers
        line(screen, f"  {len(others)} rows are answered in other words" + _listed(others))
        for name in one.scorers_changed:
            line(screen, f"  scorer {name} is of another version now", style="yellow")
        for problem in one.registered.problems:
            line(screen, f"  {problem}", style="red")
        if one.registered.is_proved:
            line(screen, f"  its thresholds were published before the run, on {one.registered.published_at}")
    if not made:
        line(screen, "the release has no evidence, so there is nothing to repeat", style="yellow")


def _listed(rows: "tuple[str, ...]") -> str:
    if not rows:
        return ""
    more = f" and {len(rows) - _TOLD} more" if len(rows) > _TOLD else ""
    return f": {', '.join(rows[:_TOLD])}{more}"
