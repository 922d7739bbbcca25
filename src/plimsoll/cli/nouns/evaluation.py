"""The verb eval: suites against their limits, and adversarial requests."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plimsoll.kernel.errors import InvalidError, NotFoundError
from plimsoll.kernel.words import nearest

from .._exits import DONE, REFUSED
from .._output import progress
from .._state import State, json_option
from ..flows import build_with_progress
from ..show.evaluations import redteams, runs
from ._suites import (
    Asking,
    Files,
    baselines_of,
    changed_parts,
    check_files,
    facts_of,
    run_suites,
    stopped_runs,
    write_reports,
)
from .calibrate import calibrate
from .evaluation_rerun import rerun

if TYPE_CHECKING:
    from plimsoll.evaluation.redteam import Carrier, Report
    from plimsoll.project import Project

_FILE = click.Path(dir_okay=False, path_type=Path)
_CARRIERS: "tuple[Carrier, ...]" = ("message", "document", "tool_result")


class EndpointUnclearError(InvalidError):
    """The project has several endpoints, and none was named."""

    code = "endpoint_unclear"

    def __init__(self, names: "list[str]") -> None:
        super().__init__(f"this project has {len(names)} endpoints", hint=f"name one of {', '.join(names)}")


class EndpointUnknownError(NotFoundError):
    """The project has no endpoint of this name."""

    code = "endpoint_unknown"

    def __init__(self, name: str, names: "list[str]") -> None:
        near = nearest(name, names)
        listed = f"endpoints: {', '.join(names)}"
        super().__init__(f"there is no endpoint {name!r}", hint=f"did you mean `{near}`? {listed}" if near else listed)


class _Suites(click.Group):
    """What is no command is the name of a suite: `plimsoll eval ask` is `plimsoll eval run ask`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """See click."""
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group("eval", cls=_Suites, short_help="Run the suites against their limits")
def evaluate() -> None:
    """Run the project's suites, or attack an endpoint. `plimsoll eval SUITE` is short for `plimsoll eval run SUITE`."""


@evaluate.command(
    "run",
    short_help="Run the suites",
    epilog="Example: plimsoll eval run ask --junit junit.xml --html report.html, or shorter: plimsoll eval ask",
)
@click.argument("suite", required=False)
@click.option("--changed", is_flag=True, help="Leave out suites that passed before with exactly these inputs.")
@click.option("--fresh", is_flag=True, help="Ask everything again; no answer of an earlier run is taken.")
@click.option("--at-once", default=4, show_default=True, type=click.IntRange(1, 256), help="Rows asked at a time.")
@click.option("--per-s", type=click.FloatRange(0, min_open=True), help="Rows begun in a second, at most.")
@click.option("--max-usd", type=click.FloatRange(0), help="Begin no more rows when so much was spent.")
@click.option("--baseline", metavar="RELEASE", help="Show in the reports how answers differ from a release's.")
@click.option("--junit", type=_FILE, help="Write JUnit XML, for a CI system.")
@click.option("--markdown", type=_FILE, help="Write a short summary, for a pull request.")
@click.option("--html", type=_FILE, help="Write one page with everything, which opens offline.")
@click.option("--suite-list", is_flag=True, help="Name the suites, and run none.")
@json_option
def run(state: State, suite: str | None, **options: Any) -> int:
    """Run the project's suites through the function that serves; exit 1 when a gate says no."""
    if options["suite_list"]:
        project = state.project()
        state.output.result(runs.suites_json(project), lambda screen: runs.suites(screen, project))
        return DONE
    if options["fresh"] and options["changed"]:
        raise click.UsageError(
            "--fresh asks everything again, and --changed leaves out what is known: name one of them"
        )
    wanted = Wanted(
        suite=suite,
        only_changed=options["changed"],
        baseline=options["baseline"],
        asking=Asking(options["fresh"], options["at_once"], options["per_s"], options["max_usd"]),
        files=Files(options["junit"], options["markdown"], options["html"]),
    )
    return DONE if _run_suites(state, wanted) else REFUSED


@dataclass(frozen=True, slots=True)
class Wanted:
    """What `plimsoll eval` is to do."""

    suite: str | None
    only_changed: bool
    baseline: str | None
    asking: Asking
    files: Files


def _run_suites(state: State, wanted: Wanted) -> bool:
    """Build, run what is to be run, write the reports; says whether every gate passed."""
    from plimsoll.flows.changed import unchanged_suites, write_down
    from plimsoll.flows.ship import EvaluationStoppedError, suites_of

    project = state.project()
    check_files(wanted.files)
    with state.platform(project.root) as platform:
        report = build_with_progress(state, project, platform)
        suites = suites_of(project, report.versions, wanted.suite)
        baselines = baselines_of(platform, wanted.baseline, suites)
        parts = changed_parts(platform)
        unchanged = unchanged_suites(report.draft, suites, parts) if wanted.only_changed else ()
        known = {one.suite.name for one in unchanged}
        left = [one for one in suites if one.name not in known]
        try:
            made = run_suites(state, platform, report, left, wanted.asking)
        except EvaluationStoppedError as error:
            write_reports(wanted.files, facts_of(stopped_runs(error), unchanged, baselines), platform.app)
            raise
        write_down(report.draft, made, parts, by=platform.acting.by)
        write_reports(wanted.files, facts_of(made, unchanged, baselines), platform.app)
    state.output.result(runs.runs_json(made, unchanged), lambda screen: runs.runs(screen, made, unchanged))
    # No suite at all is not a pass: nothing was measured.
    return bool(made or unchanged) and all(run.verdict.outcome == "pass" for run in made)


@evaluate.command(
    "redteam", short_help="Attack an endpoint", epilog="Example: plimsoll eval redteam ask --cases 300 --at-most 2"
)
@click.argument("endpoint", required=False)
@click.option("--cases", default=150, show_default=True, type=click.IntRange(1, 100_000), help="How many attacks.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 2**31), help="For the same cases again.")
@click.option(
    "--carrier", "carriers", multiple=True, type=click.Choice(_CARRIERS), help="How attacks come in; all without it."
)
@click.option("--at-most", type=click.FloatRange(0, 100), help="Exit 1 when more per cent of the attacks succeed.")
@json_option
def redteam(
    state: State, *, endpoint: str | None, cases: int, seed: int, carriers: "tuple[Carrier, ...]", at_most: float | None
) -> int:
    """Attack an endpoint with and without its guardrail: how many attacks succeed, and how many harmless requests stop.

    Attacks are made from goals, disguises and ways to come in; each has a canary, so that success is seen in the
    answer. Half as many harmless requests come the same ways. No case asks for anything that could harm somebody.
    """
    from plimsoll.evaluation.redteam import make_cases
    from plimsoll.flows.redteam import redteam as redteam_flow

    project = state.project()
    name = _endpoint(project, endpoint)
    made = make_cases(cases, seed, carriers or _CARRIERS)
    with state.platform(project.root) as platform:
        report = build_with_progress(state, project, platform)
        with progress(state.output) as advance:
            asking = redteam_flow(
                report.draft,
                name,
                made,
                platform.redteam_parts(),
                on_case=lambda done: advance("redteam", done, 2 * len(made)),
            )
            found = asyncio.run(asking)
    state.output.result(found.to_json(), lambda screen: redteams.report(screen, name, found))
    return DONE if _allows(found, at_most) else REFUSED


def _endpoint(project: "Project", name: str | None) -> str:
    names = sorted(project.endpoints)
    if name is None:
        if len(names) != 1:
            raise EndpointUnclearError(names)
        return names[0]
    if name not in project.endpoints:
        raise EndpointUnknownError(name, names)
    return name


def _allows(found: "Report", at_most: float | None) -> bool:
    """Whether the share of successful attacks is within the limit; where nothing was measured, it is not."""
    if at_most is None:
        return True
    value = found.guarded.success().value
    return value is not None and value * 100 <= at_most


COMMANDS = (evaluate,)


evaluate.add_command(calibrate)
evaluate.add_command(rerun)
