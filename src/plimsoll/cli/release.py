"""The noun release, and the verbs that move releases: ship, rollback."""

import click

from ._exits import DONE, REFUSED
from ._state import State, json_option
from .flows import build_with_progress, run_suites
from .show import verdicts


@click.group(
    invoke_without_command=True,
    short_help="Pass the gates and freeze a release",
    epilog="Example: plimsoll release && plimsoll ship r-3f9c2a staging",
)
@json_option
def release(state: State) -> int:
    """Build, run every gate, and freeze the exact versions and the evidence; refused when a gate says no."""
    return DONE if click.get_current_context().invoked_subcommand else _make(state)


def _make(state: State) -> int:
    from plimsoll.flows.ship import Gated, freeze, same_release, suites_of

    project = state.project()
    with state.platform(project.root) as platform:
        report = build_with_progress(state, project, platform)
        suites = suites_of(project, report.versions)
        existing = same_release(report.draft, suites, platform.releases)
        if existing is not None:
            gated = Gated(report.draft, (), existing, existed=True)
        else:
            runs = run_suites(state, platform, report, suites)
            gated = freeze(report.draft, runs, platform.freeze_parts())
    state.output.result(verdicts.gated_json(gated), lambda screen: verdicts.gated(screen, gated))
    return DONE if gated.release is not None else REFUSED


@release.command("list", epilog="Example: plimsoll release list")
@json_option
def list_releases(state: State) -> None:
    """The releases of this project, newest first."""
    with state.platform(state.project_root()) as platform:
        releases = platform.releases.releases(platform.app)
        environments = platform.releases.environments(platform.app)
    state.output.result(
        [verdicts.release_json(item) for item in releases],
        lambda screen: verdicts.releases(screen, releases, environments),
    )


@release.command("show", epilog="Example: plimsoll release show r-3f9c2a")
@click.argument("name")
@json_option
def show_release(state: State, name: str) -> None:
    """What a release is made of, and the evidence that let it through."""
    with state.platform(state.project_root()) as platform:
        found = platform.releases.release(platform.app, name)
        versions = platform.versions_of(found.manifest)
        runs = [platform.runs.get(evidence.run) for evidence in found.manifest.evidence]
    content = {**verdicts.release_json(found), "runs": runs}
    state.output.result(content, lambda screen: verdicts.release(screen, found, versions, runs))


@click.command(
    short_help="Make a release live", epilog="Example: plimsoll ship r-3f9c2a staging --reason 'new contracts'"
)
@click.argument("name", metavar="RELEASE")
@click.argument("environment")
@click.option("--reason", default="", help="Why; kept with the move.")
@json_option
def ship(state: State, name: str, environment: str, reason: str) -> None:
    """Make a release live in an environment, in one transaction."""
    from plimsoll.flows.ship import ship as ship_flow

    with state.platform(state.project_root()) as platform:
        found = platform.releases.release(platform.app, name)
        move = ship_flow(found, environment, platform.environments, platform.mover(reason))
    state.output.result(verdicts.move_json(move), lambda screen: verdicts.move(screen, move))


@click.command(
    short_help="Go back to the release before",
    epilog="Example: plimsoll rollback staging --reason 'wrong answers about leases'",
)
@click.argument("environment")
@click.option("--reason", default="", help="Why; kept with the move.")
@json_option
def rollback(state: State, environment: str, reason: str) -> None:
    """Make the release live again that was there before, in one transaction."""
    from plimsoll.flows.ship import roll_back

    with state.platform(state.project_root()) as platform:
        move = roll_back(platform.app, environment, platform.environments, platform.mover(reason))
    state.output.result(verdicts.move_json(move), lambda screen: verdicts.move(screen, move))


COMMANDS = (release, ship, rollback)
