"""Of the noun knowledge: refresh and status; and the worker that does what is due."""

import os
import signal
import sys
import threading
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.errors import InvalidError, UnavailableError

from .._exits import DONE, REFUSED, UNAVAILABLE
from .._output import progress
from .._state import State, json_option
from ..show import refreshes as show
from .knowledge import knowledge

if TYPE_CHECKING:
    from plimsoll.access import Right
    from plimsoll.project import Project
    from plimsoll.settings import Settings
    from plimsoll.worker import Job, JobsPlace

_STEPS = 5


class KnowledgeUnclearError(InvalidError):
    """There are several knowledge bases, and none was named."""

    code = "knowledge_unclear"

    def __init__(self, names: tuple[str, ...]) -> None:
        listed = ", ".join(names) or "none"
        super().__init__("which knowledge base?", hint=f"name one of them: {listed}")


@knowledge.command("refresh", epilog="Example: plimsoll knowledge refresh contracts")
@click.argument("name", required=False)
@click.option("--no-wait", is_flag=True, help="Only ask for it: a worker does it, now or when one runs.")
@json_option
def refresh(state: State, *, name: str | None, no_wait: bool) -> int:
    """Look at the sources, build a new index of what changed, and bring it before its gate; one of NAME at a time.

    Exit 1 when a gate says no or nothing was measured. The live release stays until a new one has passed.
    """
    from plimsoll.worker import Jobs, refresh_now

    project, settings, place = _place(state, "publish")
    chosen = _chosen(project, name)
    if no_wait:
        with Jobs(place) as jobs:
            job, is_new = jobs.ask(chosen, "command")
        state.output.result(show.job_json(job), lambda screen: show.asked(screen, job, is_new=is_new))
        return DONE
    with progress(state.output) as advance:

        def tell(now: "Job") -> None:
            advance("steps", len(now.steps), _STEPS)
            if now.progress is not None:
                advance(now.progress.stage, now.progress.done, now.progress.total)

        job = refresh_now(place, settings, project.root, chosen, tell)
    state.output.result(show.job_json(job), lambda screen: show.ended(screen, job))
    return _exit_code(job)


@knowledge.command("cancel", epilog="Example: plimsoll knowledge cancel contracts")
@click.argument("name", required=False)
@json_option
def cancel(state: State, *, name: str | None) -> None:
    """End the refresh of NAME that waits or runs. What is live stays, and the next one goes on from what was finished.

    One that runs ends where it next says how far it is; what it was publishing or shipping just then is done whole.
    """
    from plimsoll.worker import Jobs

    project, _, place = _place(state, "publish")
    chosen = _chosen(project, name)
    with Jobs(place) as jobs:
        job = jobs.active(chosen)
        if job is not None:
            jobs.end(job.id)
            job = jobs.job(job.id)
    ended = None if job is None else show.job_json(job)
    state.output.result({"knowledge": chosen, "job": ended}, lambda screen: show.given_up(screen, chosen, job))


@knowledge.command("status", epilog="Example: plimsoll knowledge status --json")
@json_option
def status(state: State) -> None:
    """Every knowledge base: its last refresh, what runs and how far it is, when the next is due, and its embedder."""
    from plimsoll.worker import Jobs, JobsPlace, schedules_of

    project = state.project()
    with state.platform(project.root, "read") as platform:
        place = JobsPlace.of(platform.settings, project.app.name)
        embedders = platform.embedder_watch().current()
    with Jobs(place) as jobs:
        latest = jobs.latest()
    schedules, now = schedules_of(project), utc_now()
    rows = []
    for name in sorted(project.knowledge):
        job = latest.get(name)
        schedule = schedules.get(name)
        due = schedule.due_at(job.asked_at if job else None, now) if schedule else None
        checks = tuple(check for check in embedders if check.knowledge == name)
        rows.append(show.Standing(name, job, schedule, due, checks))
    state.output.result([show.standing_json(row) for row in rows], lambda screen: show.standings(screen, rows))


@click.command(short_help="Run refreshes that wait or are due", epilog="Example: plimsoll worker")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    envvar="PLIMSOLL_LOG_FORMAT",
    help="How the log on stderr is written.",
)
@click.option("--beside", "is_beside", is_flag=True, hidden=True)
@click.pass_obj
def worker(state: State, log_format: Literal["json", "text"], *, is_beside: bool) -> None:
    """Do what waits, take up what was left unfinished, and begin what is due; ends on SIGTERM and Ctrl-C.

    One worker of a project at a time works. `plimsoll serve` has one beside it where the project has schedules.
    """
    from plimsoll.api.server import logging_to
    from plimsoll.worker import Worker, watching_embedders

    project, settings, place = _place(state, "publish")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if is_beside:
        threading.Thread(target=_watch, args=(stop,), name="plimsoll-parent", daemon=True).start()
    lock = settings.home / f"embedders-{project.app.name}.lock"
    with (
        logging_to(sys.stderr, log_format, requests=False),
        Worker(place, settings, project.root) as working,
        watching_embedders(lambda: state.platform(project.root), lock, at_start=False),
    ):
        state.output.say(f"[bold green]working[/] for {project.app.name}; Ctrl-C stops")
        working.run(stop)


def worker_beside(settings: "Settings", app: str, root: Path, log_format: str) -> AbstractContextManager[None]:
    """A worker in a process of its own for as long as a server runs; none where nothing is scheduled and nothing waits.

    A server answers also where the library of the worker is missing, or the place of its jobs cannot be used.
    """
    from plimsoll.worker import JobsPlace, beside, worker_needed

    try:
        needed = worker_needed(JobsPlace.of(settings, app), root)
    except UnavailableError:
        needed = False
    if not needed:
        return nullcontext()
    arguments = ["-C", str(root.absolute()), "worker", "--beside", "--log-format", log_format]
    # -P: it imports nothing from the current folder, as the installed command does not.
    return beside([sys.executable, "-P", "-c", "from plimsoll.cli import main; main()", *arguments])


def _watch(stop: threading.Event) -> None:
    """End with the process that has the other side of our standard input, however that ends."""
    # Not through `sys.stdin`, whose lock this thread would hold while the process ends.
    while os.read(sys.stdin.fileno(), 1):
        pass
    stop.set()


def _place(state: State, needs: "Right") -> "tuple[Project, Settings, JobsPlace]":
    """Raises DeniedError: who asks for a job needs the right to it, whoever's worker does it."""
    from plimsoll.worker import JobsPlace

    project = state.project()
    with state.platform(project.root, needs) as platform:
        settings = platform.settings
    return project, settings, JobsPlace.of(settings, project.app.name)


def _chosen(project: "Project", name: str | None) -> str:
    from plimsoll.flows.refresh import KnowledgeUnknownError

    names = tuple(sorted(project.knowledge))
    if name is None and len(names) != 1:
        raise KnowledgeUnclearError(names)
    if name is not None and name not in names:
        raise KnowledgeUnknownError(name, names)
    return name or names[0]


def _exit_code(job: "Job") -> int:
    outcome = job.result.outcome if job.result else "failed"
    if outcome in {"refused", "not measured"}:
        return REFUSED
    return UNAVAILABLE if outcome == "failed" else DONE


COMMANDS: tuple[click.Command, ...] = (worker,)
