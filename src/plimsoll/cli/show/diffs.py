"""What differs between two versions or two releases: rules that hold less than before first, then everything else."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ._text import brief, heading, line, short, when

if TYPE_CHECKING:
    from rich.console import Console

    from plimsoll.flows.compare import IndexComparison, ReleaseComparison, VersionComparison
    from plimsoll.governance.release_diff import ArtifactChange, EvidenceChange
    from plimsoll.registry import Version
    from plimsoll.registry.diff import Change, TextDiff, VersionDiff
    from plimsoll.retrieval.compare import Neighbours, ProbeChange

_SIGNS = {"added": "+", "removed": "-", "changed": "~", "moved": ">"}
_STYLES = {"added": "green", "removed": "yellow", "changed": "", "moved": "dim"}
_LOOSENS = "bold red"
_LISTED = 20
_MOST_TEXT_LINES = 60
_NAMES_LISTED = 4

Write = Callable[[str, str], None]
"""Prints a line in a style, indented as the place where it stands asks for."""


def version(screen: "Console", found: "VersionComparison", old: "Version", new: "Version") -> None:
    """Two versions of one artifact."""
    line(screen, f"{new.kind} {old.label} → {new.label}", style="bold")
    line(screen, f"{short(old.digest)} of {when(old.created_at)} → {short(new.digest)} of {when(new.created_at)} UTC")
    screen.print()
    _diff(found.diff, _writer(screen, ""))
    if found.index is not None:
        _index(screen, found.index)


def version_json(found: "VersionComparison", old: "Version", new: "Version") -> dict[str, Any]:
    """For programs."""
    return {"old": old, "new": new, **found.to_json()}


def release(screen: "Console", found: "ReleaseComparison") -> None:
    """Two releases."""
    diff = found.diff
    line(screen, f"{diff.old.name} → {diff.new.name}", style="bold")
    if diff.empty:
        line(screen, "they are the same release", style="bold green")
        return
    _summary(screen, found)
    for artifact in diff.artifacts:
        _artifact(screen, artifact)
    for evidence in diff.evidence:
        _evidence(screen, evidence)
    for index in found.indexes:
        _index(screen, index)


def release_json(found: "ReleaseComparison") -> dict[str, Any]:
    """For programs."""
    return found.to_json()


def _summary(screen: "Console", found: "ReleaseComparison") -> None:
    """How much differs, and every loosened rule, before anything else."""
    diff = found.diff
    sorts = [artifact.what for artifact in diff.artifacts]
    parts = [f"{sorts.count(what)} {what}" for what in ("changed", "added", "removed") if what in sorts]
    line(screen, f"artifacts: {', '.join([*parts, f'{diff.unchanged} the same'])}")
    gone = [f"{artifact.key} removed" for artifact in diff.artifacts if artifact.loosens]
    gone += [f"suite {evidence.suite} no longer judges the release" for evidence in diff.evidence if evidence.loosens]
    rules = [*gone, *(f"{key}: {change.sentence}" for key, change in diff.loosening)]
    if rules:
        count = f"{len(rules)} {'rule holds' if len(rules) == 1 else 'rules hold'} less than before"
        line(screen, f"loosens: {count}", style=_LOOSENS)
        for rule in rules:
            line(screen, f"  ! {rule}", style=_LOOSENS)


def _artifact(screen: "Console", artifact: "ArtifactChange") -> None:
    kind, _, name = artifact.key.partition(":")
    digests = " → ".join(short(digest) for digest in (artifact.before, artifact.after) if digest)
    heading(screen, f"{_SIGNS[artifact.what]} {kind} {name}  {digests}")
    if artifact.diff is not None:
        _diff(artifact.diff, _writer(screen, "  "))
    elif artifact.what == "changed":
        line(screen, "  one of the two contents is no longer kept, so nothing can be said of it", style="yellow")


def _evidence(screen: "Console", evidence: "EvidenceChange") -> None:
    verdicts = " → ".join(dict.fromkeys(verdict for verdict in (evidence.before, evidence.after) if verdict))
    heading(screen, f"{_SIGNS[evidence.what]} evidence of suite {evidence.suite}: {verdicts}")
    write = _writer(screen, "  ")
    for measure in evidence.measures:
        write(measure.sentence, "")
    if evidence.suite_diff is not None:
        _diff(evidence.suite_diff, write)
    if evidence.dataset_diff is not None:
        _diff(evidence.dataset_diff, write)
    if evidence.what == "changed" and not (evidence.measures or evidence.suite_diff or evidence.dataset_diff):
        write("another run with the same figures", "dim")


def _diff(diff: "VersionDiff", write: Write) -> None:
    if diff.empty:
        write("they have the same content", "bold green")
        return
    for change in diff.loosening:
        _change(change, write)
    for count in diff.counts:
        write(count.sentence, "")
    others = [change for change in diff.changes if not change.loosens]
    for change in others[:_LISTED]:
        _change(change, write)
    left_out = len(others[_LISTED:]) + sum(count.unlisted for count in diff.counts)
    if left_out:
        write(f"… and {left_out:,} more", "dim")
    for text in diff.texts:
        _text(text, write)


def _change(change: "Change", write: Write) -> None:
    if change.loosens:
        write(f"! loosens  {change.sentence}", _LOOSENS)
    else:
        write(f"{_SIGNS[change.what]} {change.sentence}", _STYLES[change.what])


def _text(text: "TextDiff", write: Write) -> None:
    write("", "")
    write(f"text of {text.place}", "bold")
    for row in text.lines[:_MOST_TEXT_LINES]:
        write(_shown_spaces(row), {"+": "green", "-": "red", "@": "cyan"}.get(row[:1], "dim"))
    left_out = len(text.lines[_MOST_TEXT_LINES:]) + text.unlisted
    if left_out:
        write(f"… and {left_out:,} more lines; --json shows more of them", "dim")


def _shown_spaces(row: str) -> str:
    """A changed line whose end cannot be seen: its last spaces as dots, a tab as an arrow."""
    if row[:1] not in {"+", "-"}:
        return row
    plain = row.rstrip(" \t")
    return plain + row[len(plain) :].replace(" ", "·").replace("\t", "→")


def _index(screen: "Console", found: "IndexComparison") -> None:
    heading(screen, f"neighbours in index {found.name}")
    write = _writer(screen, "  ")
    neighbours = found.neighbours
    if neighbours is None:
        write(found.note, "yellow")
        return
    documents, passages = neighbours.document_overlap or 0.0, neighbours.passage_overlap or 0.0
    write(
        f"questions that find other documents, or the same in another order: {neighbours.changed} of "
        f"{len(neighbours.probes)} (top {neighbours.top_k} passages)",
        "",
    )
    write(f"kept on average: {documents:.0%} of the documents, {passages:.0%} of the passages", "")
    for probe in neighbours.worst:
        _probe(probe, write)


def _probe(probe: "ProbeChange", write: Write) -> None:
    write(f"{probe.documents.overlap:.0%} kept: {brief(probe.probe)}", "")
    moved = _moves(probe.documents)
    for sign, names, style in (
        ("-", probe.documents.lost, "red"),
        ("+", probe.documents.gained, "green"),
        (">", moved, "dim"),
    ):
        if names:
            more = f" and {len(names) - _NAMES_LISTED} more" if len(names) > _NAMES_LISTED else ""
            write(f"  {sign} {', '.join(names[:_NAMES_LISTED])}{more}", style)
    if not probe.documents.changed:
        passages = probe.passages
        write(f"  other passages of the same documents: {len(passages.gained)} of {_size(passages)}", "dim")


def _moves(found: "Neighbours") -> Sequence[str]:
    return [f"{move.name} {move.before} → {move.after}" for move in found.moves]


def _size(found: "Neighbours") -> int:
    return len(found.kept) + len(found.gained)


def _writer(screen: "Console", indent: str) -> Write:
    return lambda text, style: line(screen, f"{indent}{text}".rstrip(), style=style)
