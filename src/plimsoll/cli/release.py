"""The noun release: make, list, show, compare, export, import."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plimsoll.kernel.errors import IntegrityError

from ._exits import DONE, REFUSED
from ._state import State, json_option, may
from .flows import build_with_progress
from .nouns._suites import run_suites
from .show import audits, diffs, verdicts

if TYPE_CHECKING:
    from plimsoll.bootstrap import Platform
    from plimsoll.releases import Release


_FIGURES = ("row", "repeat", "tags", "latency_ms", "first_token_ms", "cost_usd", "scores")
"""What a row of a run says without a word of a question, its answer, and the documents behind it."""


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
            # Before the suites run, so that nobody waits for them in vain.
            platform.acting.require("release")
            runs = run_suites(state, platform, report, suites)
            gated = freeze(report.draft, runs, platform.freeze_parts())
    state.output.result(verdicts.gated_json(gated), lambda screen: verdicts.gated(screen, gated))
    return DONE if gated.release is not None else REFUSED


@release.command("list", epilog="Example: plimsoll release list")
@json_option
def list_releases(state: State) -> None:
    """The releases of this project, newest first."""
    with state.platform(state.project_root(), "read") as platform:
        releases = platform.releases.releases(platform.app)
        environments = platform.environments.environments(platform.app)
    state.output.result(
        [verdicts.release_json(item) for item in releases],
        lambda screen: verdicts.releases(screen, releases, environments),
    )


@release.command("show", epilog="Example: plimsoll release show r-3f9c2a")
@click.argument("name")
@json_option
def show_release(state: State, name: str) -> None:
    """What a release is made of, and the evidence that let it through."""
    from plimsoll.flows.promote import promotions

    with state.platform(state.project_root(), "read") as platform:
        found = platform.releases.release(platform.app, name)
        versions = platform.versions_of(found.manifest)
        runs = _readable_runs(state, platform, found)
        stands = [
            (found, place, promotion.standing())
            for place, promotion in promotions(found, platform.promote_parts()).items()
        ]
    content = {**verdicts.release_json(found), "standings": verdicts.standings_json(stands), "runs": runs}
    state.output.result(content, lambda screen: verdicts.release(screen, found, versions, (runs, stands)))


def _readable_runs(state: State, platform: "Platform", found: "Release") -> list[dict[str, Any]]:
    """The evidence; a run that was erased is noted and left out.

    Suites are asked as the project itself, of every document: what was answered is for who may read traces.
    """
    runs = []
    is_whole = may(platform, "trace")
    for evidence in found.manifest.evidence:
        try:
            run = platform.runs.get(evidence.run)
            runs.append(run if is_whole else _figures(run))
        except IntegrityError as error:
            state.output.note(f"the run of suite {evidence.suite} cannot be shown: {error.message}")
    return runs


def _figures(run: dict[str, Any]) -> dict[str, Any]:
    """A run without what was said: reasons may quote it too."""
    rows = [{name: value for name, value in row.items() if name in _FIGURES} for row in run["rows"]]
    measures = [{**measure, "why": ""} for measure in run["measures"]]
    conditions = [
        condition if condition["outcome"] != "not measured" else {**condition, "why": "for who may read traces"}
        for condition in run["conditions"]
    ]
    return {**run, "rows": rows, "measures": measures, "conditions": conditions}


@release.command("diff", epilog="Example: plimsoll release diff r-3f9c2a r-81b2d0")
@click.argument("old")
@click.argument("new")
@click.option("--probe", "probes", multiple=True, help="A question to compare indexes with; may be repeated.")
@json_option
def diff(state: State, old: str, new: str, probes: tuple[str, ...]) -> None:
    """What changed from one release to another, over all kinds at once: by meaning, as text, and in what is found."""
    from plimsoll.flows.compare import compare_releases

    with state.platform(state.project_root(), "read") as platform:
        before = platform.releases.release(platform.app, old).manifest
        after = platform.releases.release(platform.app, new).manifest
        found = compare_releases(before, after, platform.compare_parts(), probes=probes)
    state.output.result(diffs.release_json(found), lambda screen: diffs.release(screen, found))


@release.command("export", epilog="Example: plimsoll release export r-3f9c2a")
@click.argument("name", metavar="RELEASE")
@click.argument("path", required=False, type=click.Path(dir_okay=False, path_type=Path))
@json_option
def export(state: State, name: str, path: Path | None) -> None:
    """Write a release as one signed file that another installation, or anybody with python3, can verify offline."""
    from plimsoll.flows.exchange import export_release

    with state.platform(state.project_root(), "exchange") as platform:
        found = platform.releases.release(platform.app, name)
        target = path or Path(f"{platform.app}-{found.manifest.name}.plimsoll")
        done = export_release(found, target, platform.export_parts())
    state.output.result(audits.exported_json(done), lambda screen: audits.exported(screen, done))


@release.command("import", epilog="Example: plimsoll release import app-r-3f9c2a.plimsoll --trust 'plimsoll/1c…+…'")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--trust", "trusted", multiple=True, metavar="VKEY", help="The public key of who signed it.")
@json_option
def import_file(state: State, path: Path, trusted: tuple[str, ...]) -> None:
    """Take a release in that another installation exported; refused unless everything in the file verifies."""
    from plimsoll.flows.exchange import import_release
    from plimsoll.kernel.signing import VerifyingKey

    keys = [VerifyingKey.parse(text) for text in trusted]
    with state.platform(state.project_root(), "exchange") as platform:
        done = import_release(path, keys, platform.import_parts())
    state.output.result(audits.imported_json(done), lambda screen: audits.imported(screen, done))


COMMANDS: tuple[click.Command, ...] = (release,)
