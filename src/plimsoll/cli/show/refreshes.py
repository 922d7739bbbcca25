"""Refreshes of knowledge bases, for people and for programs."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ._text import brief, line, table, when

if TYPE_CHECKING:
    from rich.console import Console

    from plimsoll.flows.build.canary import EmbedderCheck
    from plimsoll.flows.refresh import RefreshState
    from plimsoll.worker import Job, Schedule

_STYLES = {"live": "bold green", "candidate": "bold green", "unchanged": "", "failed": "bold red"}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a knowledge base stands."""

    name: str
    job: "Job | None"
    schedule: "Schedule | None"
    due: datetime | None
    embedder: "tuple[EmbedderCheck, ...]" = ()
    """Of each of its live indexes, whether the embedder is what it was."""


def asked(screen: "Console", job: "Job", *, is_new: bool) -> None:
    """A job that nobody waits for."""
    said = "asked for" if is_new else f"{job.state} already, and joined"
    line(screen, f"a refresh of {job.knowledge} is {said}; see `plimsoll knowledge status`")


def given_up(screen: "Console", name: str, job: "Job | None") -> None:
    """What became of the wish to end a refresh."""
    line(screen, f"no refresh of {name} waits or runs" if job is None else f"the refresh of {name} was ended")


def ended(screen: "Console", job: "Job") -> None:
    """How a refresh ended."""
    state = job.result
    if state is None:
        line(screen, f"{job.knowledge}: {job.fault or job.state}", style="bold red")
        return
    line(screen, f"{job.knowledge}: {state.outcome}", style=_STYLES.get(state.outcome, "bold yellow"))
    line(screen, f"  {state.why}")
    if state.change is not None and state.outcome != "unchanged":
        change = state.change
        line(screen, f"  documents: {change.added} new, {change.changed} changed, {change.removed} gone")
    if state.unchecked:
        line(screen, f"  the embedder was not checked: {state.unchecked}", style="yellow")
    if state.failed:
        line(screen, f"  {state.failed} documents could not be read", style="yellow")
    _gates(screen, state)
    if state.hint:
        line(screen, f"  {state.hint}")


def _gates(screen: "Console", state: "RefreshState") -> None:
    rows = [
        (gate.suite, name, _figure(value), _figure(gate.live.get(name)), gate.verdict)
        for gate in state.gates
        for name, value in gate.measures.items()
    ]
    right = [("new", "right"), ("live", "right")]
    table(screen, "", ["suite", "measure", *right, "verdict"], rows)
    for gate in state.gates:
        if gate.worse_rows:
            line(screen, f"  {gate.suite}: the live release does better on {', '.join(gate.worse_rows)}")


def standings(screen: "Console", rows: list[Standing]) -> None:
    """Every knowledge base."""
    shown = [(row.name, _state(row.job), _how(row.job), _asked_at(row.job), _next(row)) for row in rows]
    table(screen, "", ["knowledge", "refresh", "what came of it", "asked for", "next"], shown)
    if not rows:
        line(screen, "the project has no knowledge base")
    for row in rows:
        for check in row.embedder:
            _embedder(screen, check)


def _embedder(screen: "Console", check: "EmbedderCheck") -> None:
    """What was found of an embedder; nothing of one that is what it was."""
    if check.verdict == "changed":
        line(screen, f"{check.knowledge}: {check.why}", style="bold red")
        line(screen, f"  {check.hint}")
    elif check.verdict == "not checked":
        line(screen, f"{check.knowledge}: its embedder was not checked: {check.why}", style="yellow")


def _state(job: "Job | None") -> str:
    if job is None:
        return "never"
    if job.is_active and job.progress is not None:
        return f"{job.state}: {job.progress.stage} {job.progress.done}/{job.progress.total}"
    step = f", after {job.steps[-1]}" if job.is_active and job.steps else ""
    return f"{job.state}{step}"


def _how(job: "Job | None") -> str:
    if job is None or job.is_active:
        return ""
    return brief(f"{job.result.outcome}: {job.result.why}" if job.result else job.fault)


def _asked_at(job: "Job | None") -> str:
    return when(job.asked_at) if job else ""


def _next(row: Standing) -> str:
    schedule = row.schedule
    if schedule is None:
        return "when asked"
    change = f"on change, every {schedule.on_change_s} s" if schedule.on_change_s else ""
    return ", ".join(part for part in (when(row.due), change) if part)


def _figure(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"


def job_json(job: "Job") -> dict[str, Any]:
    """For programs."""
    return {
        "id": job.id,
        "knowledge": job.knowledge,
        "state": job.state,
        "asked_by": job.asked_by,
        "asked_at": job.asked_at,
        "ended_at": job.ended_at,
        "steps": list(job.steps),
        "restarts": job.restarts,
        "progress": asdict(job.progress) if job.progress else None,
        "result": _result_json(job.result) if job.result else None,
        "fault": job.fault,
    }


def _result_json(state: "RefreshState") -> dict[str, Any]:
    content = asdict(state)
    content["evidence"] = [item.to_json() for item in state.evidence]
    return content


def standing_json(row: Standing) -> dict[str, Any]:
    """For programs."""
    return {
        "knowledge": row.name,
        "schedule": asdict(row.schedule) if row.schedule else None,
        "due": row.due,
        "job": job_json(row.job) if row.job else None,
        "embedder": [asdict(check) for check in row.embedder],
    }
