"""New projects, builds and versions."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plimsoll.kernel.digest import Json

from ._text import heading, line, short, table, when

if TYPE_CHECKING:
    from rich.console import Console

    from plimsoll.flows.build import BuildReport, DocumentOutcome, KnowledgeBuilt
    from plimsoll.registry import Version, VersionRef
    from plimsoll.registry.labels import Label, LabelMove

_LISTED = 40


def init(screen: "Console", directory: Path, written: Sequence[Path]) -> None:
    """A project that was just made, and what to do next."""
    line(screen, f"made {len(written)} files in {directory}", style="bold")
    for path in written:
        line(screen, f"  {path.relative_to(directory) if path.is_relative_to(directory) else path}")
    heading(screen, "next")
    line(screen, f"  cd {directory}")
    documents = any(directory / "documents" in path.parents for path in written)
    first = "          # put your own documents into documents/ first, or try it as it is" if documents else ""
    line(screen, f"  plimsoll build{first}")
    line(screen, '  plimsoll ask "…"')
    if directory / "README.md" in written:
        line(screen, "README.md says how to go on")


def build(screen: "Console", report: "BuildReport") -> None:
    """What a build did."""
    for knowledge in report.knowledge:
        _knowledge(screen, knowledge)
    done = [(name, count) for name, count in report.stages.items() if count.done or count.cached]
    if done:
        rows = [(name, str(count.done), str(count.cached)) for name, count in done]
        table(screen, "stages", ["stage", ("done", "right"), ("known already", "right")], rows)
    line(screen, f"draft {report.draft.name} of {report.draft.app} is ready", style="bold green")
    if report.same_draft and not report.work_done:
        line(screen, "nothing had changed")
    elif not report.work_done:
        line(screen, "settings had changed, and no document")
    for note in report.notes:
        line(screen, note, style="yellow")


def build_json(report: "BuildReport") -> dict[str, Any]:
    """For programs."""
    return {
        "app": report.draft.app,
        "draft": report.draft.digest,
        "name": report.draft.name,
        "work_done": report.work_done,
        "stages": {name: {"done": count.done, "cached": count.cached} for name, count in report.stages.items()},
        "knowledge": [
            {
                "name": knowledge.name,
                "index": knowledge.snapshot.digest,
                "documents": knowledge.snapshot.documents,
                "chunks": knowledge.snapshot.chunks,
                "outcomes": knowledge.outcomes,
            }
            for knowledge in report.knowledge
        ],
        "versions": report.versions,
        "notes": report.notes,
    }


def versions(
    screen: "Console", found: "Sequence[Version]", labels: "Mapping[VersionRef, Sequence[str]] | None" = None
) -> None:
    """Versions, newest first of each artifact, with the labels that name them."""
    named = labels or {}
    rows = [
        (v.kind, v.name, f"v{v.number}", ", ".join(named.get(v.ref, ())), short(v.digest), when(v.created_at), v.author)
        for v in found
    ]
    table(screen, "versions", ["kind", "name", "version", "labels", "digest", "created (UTC)", "author"], rows)


def versions_json(found: "Sequence[Version]", labels: "Mapping[VersionRef, Sequence[str]]") -> list[dict[str, Any]]:
    """For programs."""
    return [{**asdict(version), "labels": labels.get(version.ref, ())} for version in found]


def published(screen: "Console", version: "Version") -> None:
    """A version that was published, or was there before."""
    line(screen, f"{version.ref.key} v{version.number}  {version.digest}", style="bold green")


def label_move(screen: "Console", place: str, move: "LabelMove | None") -> None:
    """A label that was moved."""
    if move is None:
        line(screen, f"{place} was there already")
        return
    line(screen, f"{place}: {_target(move.from_target)} → {_target(move.to_target)}", style="bold green")


def label_moves(screen: "Console", moves: "Sequence[LabelMove]") -> None:
    """The history of labels, oldest first."""
    rows = [
        (
            when(move.moved_at),
            f"{move.kind}:{move.name}@{move.label}",
            _target(move.from_target),
            _target(move.to_target),
            move.actor,
            "(erased)" if move.reason is None else move.reason,
        )
        for move in moves
    ]
    table(screen, "moves of labels", ["moved (UTC)", "label", "from", "to", "by", "why"], rows)


def labels(screen: "Console", found: "Sequence[Label]") -> None:
    """Labels and what they name."""
    rows = [(f"{label.key}@{label.label}", _target(label.target), when(label.moved_at), label.actor) for label in found]
    table(screen, "labels", ["label", "names", "since (UTC)", "by"], rows)


def _target(target: str | None) -> str:
    if target is None:
        return "nothing"
    return target if target.startswith("@") else short(target)


def version(screen: "Console", found: "Version", parents: "Sequence[VersionRef]", content: Json) -> None:
    """One version with its content."""
    import msgspec

    line(screen, f"{found.kind} {found.label}", style="bold")
    line(screen, f"{found.digest}  ·  {when(found.created_at)} UTC  ·  {found.author}")
    for parent in parents:
        line(screen, f"made from {parent.key} {short(parent.digest)}")
    screen.print()
    line(screen, msgspec.json.format(msgspec.json.encode(content), indent=2).decode())


def _knowledge(screen: "Console", knowledge: "KnowledgeBuilt") -> None:
    total = len(knowledge.outcomes)
    line(
        screen,
        f"{knowledge.name}: {knowledge.indexed} of {total} files indexed, {knowledge.snapshot.chunks:,} chunks",
        style="bold",
    )
    worth_saying = [outcome for outcome in knowledge.outcomes if outcome.fate != "indexed" or outcome.notes]
    for outcome in worth_saying[:_LISTED]:
        _say(screen, outcome)
    if len(worth_saying) > _LISTED:
        line(screen, f"  … and {len(worth_saying) - _LISTED} more; `plimsoll build --json` lists all")


def _say(screen: "Console", outcome: "DocumentOutcome") -> None:
    if outcome.fate == "indexed":
        line(screen, f"  note: {outcome.path}: {'; '.join(outcome.notes)}", style="dim")
        return
    # Most reasons begin with the name of the file already.
    what = outcome.reason if outcome.reason.startswith(outcome.path) else f"{outcome.path}: {outcome.reason}"
    line(screen, f"  {outcome.fate}: {what}", style="yellow" if outcome.fate == "failed" else "dim")
    if outcome.hint and outcome.fate == "failed":
        line(screen, f"    hint: {outcome.hint}", style="dim")
