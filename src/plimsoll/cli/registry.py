"""The noun registry: versions of artifacts, their labels, what differs, and what was made from what."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from ._exits import DONE, REFUSED
from ._output import progress
from ._state import State, json_option
from .show import audits, builds, diffs, graphs

if TYPE_CHECKING:
    from plimsoll.bootstrap import Platform
    from plimsoll.governance.graph import LineageGraph
    from plimsoll.registry import Version

_PROBES = click.option("--probe", "probes", multiple=True, help="A question to compare indexes with; may be repeated.")


@click.group(short_help="Versions, labels, differences, lineage")
def registry() -> None:
    """Artifacts and their immutable versions: list, show, publish, diff, lineage, label, labels, verify, collect."""


@registry.command("list", epilog="Example: plimsoll registry list --kind prompt")
@click.option("--kind", help="Only artifacts of this kind.")
@json_option
def list_versions(state: State, kind: str | None) -> None:
    """Every version of every artifact, and the labels that name it."""
    from plimsoll.registry import check_kind

    with state.platform(state.project_root(), "read") as platform:
        only = None if kind is None else check_kind(kind)
        versions = platform.registry.versions(platform.app, kind=only)
        labels = platform.labels.named(platform.app)
    state.output.result(
        builds.versions_json(versions, labels), lambda screen: builds.versions(screen, versions, labels)
    )


@registry.command("show", epilog="Example: plimsoll registry show prompt:answer@2")
@click.argument("reference", metavar="KIND:NAME[@WHICH]")
@json_option
def show_version(state: State, reference: str) -> None:
    """The content of a version, and what it was made from. WHICH is a number, a label or a digest; else the newest."""
    with state.platform(state.project_root(), "read") as platform:
        version = platform.labels.resolve(platform.app, reference)
        content = platform.registry.content(version.digest)
        parents = platform.registry.parents(platform.app, version.ref)
    state.output.result(
        {"version": version, "parents": parents, "content": content},
        lambda screen: builds.version(screen, version, parents, content),
    )


@registry.command("publish", epilog="Example: plimsoll registry publish model:doc-type weights.onnx config.json")
@click.argument("artifact", metavar="KIND:NAME")
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--parent", "parents", multiple=True, metavar="REFERENCE", help="What it was made from; may be repeated.")
@click.option("--digest", default="", help="Refuse anything else than the content with this digest.")
@json_option
def publish(state: State, *, artifact: str, files: tuple[Path, ...], parents: tuple[str, ...], digest: str) -> None:
    """Make files a version of what no build makes: one JSON file is its content, others are kept with it."""
    from plimsoll.flows.publish import PublishWish, publish_files
    from plimsoll.registry import split_key

    with state.platform(state.project_root()) as platform:
        made_from = [platform.labels.resolve(platform.app, parent) for parent in parents]
        wish = PublishWish(split_key(artifact), files, made_from, digest)
        version = publish_files(platform.app, wish, platform.publish_parts())
    state.output.result(version, lambda screen: builds.published(screen, version))


@registry.command("diff", epilog="Example: plimsoll registry diff prompt:answer@2 prompt:answer@3")
@click.argument("old")
@click.argument("new", required=False)
@_PROBES
@json_option
def diff(state: State, old: str, new: str | None, probes: tuple[str, ...]) -> None:
    """What changed from one version to another, by meaning and as text. Without NEW, from OLD to the newest."""
    from plimsoll.flows.compare import compare_versions

    with state.platform(state.project_root(), "read") as platform:
        before = platform.labels.resolve(platform.app, old)
        after = platform.labels.resolve(platform.app, new or old.partition("@")[0])
        found = compare_versions(before, after, platform.compare_parts(), probes=probes)
    state.output.result(
        diffs.version_json(found, before, after), lambda screen: diffs.version(screen, found, before, after)
    )


@registry.command("lineage", epilog="Example: plimsoll registry lineage index:handbook --format mermaid")
@click.argument("reference", metavar="KIND:NAME[@WHICH]")
@click.option("--up/--no-up", default=True, help="What went into it.")
@click.option("--down/--no-down", default=True, help="What was made from it, and where that is live.")
@click.option("--depth", default=5, show_default=True, type=click.IntRange(1, 50))
@click.option(
    "--format", "form", default="tree", show_default=True, type=click.Choice(["tree", "table", "dot", "mermaid"])
)
@json_option
def lineage(state: State, *, reference: str, up: bool, down: bool, depth: int, form: str) -> None:
    """What a version was made from, and what was made from it."""
    from plimsoll.governance.graph import to_dot, to_mermaid

    with state.platform(state.project_root(), "read") as platform:
        version = platform.labels.resolve(platform.app, reference)
        graph = _graph(platform, version, (up, down), depth)
    if form in {"dot", "mermaid"} and not state.output.json:
        click.echo(to_dot(graph) if form == "dot" else to_mermaid(graph), nl=False)
        return
    draw = graphs.rows if form == "table" else graphs.tree
    state.output.result(graphs.tree_json(graph), lambda screen: draw(screen, graph))


@registry.command("label", epilog="Example: plimsoll registry label prompt:answer@production prompt:answer@3")
@click.argument("label", metavar="KIND:NAME@LABEL")
@click.argument("target", required=False, metavar="[KIND:NAME@WHICH]")
@click.option("--remove", is_flag=True, help="Take the label away.")
@click.option("--reason", default="", help="Why; kept with the move.")
@json_option
def label(state: State, *, label: str, target: str | None, remove: bool, reason: str) -> None:
    """Point a label at a version, or at another label; exit 1 when it is protected and not approved."""
    from plimsoll.flows.label import Placing, move_label
    from plimsoll.registry import parse_reference

    key, _, name = label.partition("@")
    if not name or remove == (target is not None):
        raise click.UsageError("write KIND:NAME@LABEL and what it should name, or --remove")
    wanted = None if target is None else parse_reference(target)
    if wanted is not None and wanted.key != key:
        raise click.UsageError(f"a label of {key} names a version of {key}")
    with state.platform(state.project_root()) as platform:
        move = move_label(platform.app, Placing(key, name, reason), wanted, platform.label_parts())
    state.output.result(
        {"moved": move is not None, "move": move}, lambda screen: builds.label_move(screen, label, move)
    )


@registry.command("labels", epilog="Example: plimsoll registry labels prompt:answer --history")
@click.argument("artifact", required=False, metavar="[KIND:NAME]")
@click.option("--history", is_flag=True, help="Every move: who, when, from, to, why.")
@json_option
def labels(state: State, artifact: str | None, *, history: bool) -> None:
    """The labels of one artifact or of all, and what they name."""
    with state.platform(state.project_root(), "read") as platform:
        if history:
            moves = platform.labels.moves(platform.app, artifact)
            state.output.result(moves, lambda screen: builds.label_moves(screen, moves))
            return
        found = platform.labels.labels(platform.app, artifact)
    state.output.result(found, lambda screen: builds.labels(screen, found))


@registry.command("verify", epilog="Example: plimsoll registry verify")
@json_option
def verify(state: State) -> int:
    """Recompute every digest and hold every record against the ledger; exit 1 when anything differs."""
    from plimsoll.governance.record_check import check_records

    with state.platform(state.project_root(), "read") as platform, progress(state.output) as advance:
        checked = check_records(platform.check_parts(advance))
    state.output.result(audits.checked_json(checked), lambda screen: audits.checked(screen, checked))
    return DONE if checked.sound else REFUSED


@registry.command("collect", epilog="Example: plimsoll registry collect --dry-run")
@click.option("--dry-run", is_flag=True, help="Only say what would be forgotten.")
@json_option
def collect(state: State, *, dry_run: bool) -> None:
    """Forget what the retention of plimsoll.yaml does not keep, and that no release, label or answer refers to."""
    from plimsoll.flows.collect import collect as collect_flow

    with state.platform(state.project_root()) as platform:
        platform.acting.require("storage")
        done = collect_flow(platform.collect_stores(), platform.retention, by=platform.acting.by, dry_run=dry_run)
    state.output.result(
        audits.collected_json(done, dry_run=dry_run), lambda screen: audits.collected(screen, done, dry_run=dry_run)
    )


def _graph(platform: "Platform", version: "Version", directions: tuple[bool, bool], depth: int) -> "LineageGraph":
    from plimsoll.governance.graph import Around, extend
    from plimsoll.registry.graph import Graph, walk

    app, up_and_down = platform.app, zip(directions, _DIRECTIONS, strict=True)
    stores: dict[str, Any] = {"parents": platform.registry.parents_of, "children": platform.registry.children_of}
    graph = Graph((version.ref,), ())
    for wanted, toward in up_and_down:
        if wanted:
            graph = graph.joined(walk([version.ref], partial(stores[toward], app), depth, toward=toward))
    around = Around(
        versions={ref: platform.registry.version(app, ref) for ref in graph.nodes},
        releases=platform.releases.containing(app, graph.nodes) if directions[1] else {},
        environments=platform.environments.environments(app),
        moves=platform.environments.moves(app),
        answers=platform.traces.answers(app),
    )
    return extend(graph, [version.ref], around)


_DIRECTIONS: tuple[Literal["parents", "children"], ...] = ("parents", "children")

COMMANDS: tuple[click.Command, ...] = (registry,)
