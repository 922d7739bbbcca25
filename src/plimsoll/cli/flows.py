"""The verbs of the journey: init, build, ask."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plimsoll.kernel.errors import InvalidError

from ._exits import DONE, WRONG_USE
from ._output import progress
from ._state import State, json_option
from .show import answers, builds

if TYPE_CHECKING:
    from plimsoll.bootstrap import Platform
    from plimsoll.flows.ask import Who
    from plimsoll.flows.build import BuildReport
    from plimsoll.flows.serve.parts import ServeParts
    from plimsoll.project import Project

_MOST_INPUT_BYTES = 8 * 1024 * 1024


@click.command(short_help="Make a new project folder", epilog="Example: plimsoll init rag my-app")
@click.argument("template", type=click.Choice(["rag", "documents", "chat", "gateway"]))
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--name", help="Name of the application; otherwise the folder's.")
@json_option
def init(state: State, template: str, directory: Path, name: str | None) -> None:
    """Make a new project folder.

    `rag` (texts), `documents` (PDFs, Word files, scans), `chat` (no documents), or `gateway` (one place through which
    applications call models).
    """
    from plimsoll.project import project_name, write_template

    written = write_template(template, directory, name=name or project_name(directory))
    state.output.result(
        {"directory": directory, "files": written}, lambda screen: builds.init(screen, directory, written)
    )


@click.command(
    short_help="Index what changed in project and documents",
    epilog="Example: plimsoll build && plimsoll ask 'What is the notice period?'",
)
@click.option("--strict", is_flag=True, help="Exit with 2 when a document could not be indexed.")
@json_option
def build(state: State, strict: bool) -> int:
    """Read the project and its documents, and index what changed."""
    project = state.project()
    with state.platform(project.root) as platform:
        report = build_with_progress(state, project, platform)
    state.output.result(builds.build_json(report), lambda screen: builds.build(screen, report))
    failed = any(outcome.fate == "failed" for knowledge in report.knowledge for outcome in knowledge.outcomes)
    return WRONG_USE if strict and failed else DONE


@click.command(short_help="Ask one question", epilog="Example: plimsoll ask 'When does the lease end?' --env staging")
@click.argument("question")
@click.option("--endpoint", help="The endpoint to ask; needed when there are several.")
@click.option("--env", "environment", help="Ask the release that is live there, not the working build.")
@click.option("--group", "groups", multiple=True, help="Find only what members of this group may see; may be repeated.")
@click.option("--filter", "conditions", help='What documents must be, such as \'{"year": {"gte": 2024}}\'.')
@json_option
def ask(
    state: State,
    question: str,
    endpoint: str | None,
    environment: str | None,
    groups: tuple[str, ...],
    conditions: str | None,
) -> None:
    """Ask one question; the answer names its documents and its release.

    An endpoint of kind `predict` is asked for what it says of a text. `-` reads the text from standard input.
    Who may build sees every document here; with --group only what members of those groups may see.
    """
    from plimsoll.flows.ask import Who, feature_of, reach_of
    from plimsoll.flows.ask import ask as ask_flow

    if question == "-":
        question = sys.stdin.buffer.read(_MOST_INPUT_BYTES).decode(errors="replace")
    if not question.strip():
        raise click.BadParameter("the question is empty", param_hint="QUESTION")
    root = state.project_root()
    with state.platform(root, "call") as platform:
        if environment is None:
            _say_what_changed(state, platform)
        parts = platform.serve_parts(metered=True)
        who = Who(platform.caller, reach_of(platform.acting, groups, conditions))
        feature = None if endpoint is None else feature_of(platform.app, endpoint, environment, parts)
        if endpoint is not None and feature is not None:
            _predict(state, platform.app, {feature: question}, (endpoint, environment, parts, who))
            return
        answer = asyncio.run(
            ask_flow(platform.app, question, endpoint=endpoint, environment=environment, parts=parts, who=who)
        )
    state.output.result(answers.answer_json(answer), lambda screen: answers.answer(screen, answer))


def _predict(state: State, app: str, row: dict[str, str], asked: tuple[str, str | None, "ServeParts", "Who"]) -> None:
    """What a classical model says; `asked` are endpoint, environment, parts, and who asks."""
    from plimsoll.flows.ask import predict, readable

    endpoint, environment, parts, who = asked
    rows = {name: readable(text) for name, text in row.items()}
    found = asyncio.run(predict(app, rows, endpoint=endpoint, environment=environment, parts=parts, who=who))
    state.output.result(answers.predictions_json(found), lambda screen: answers.predictions(screen, found))


def _say_what_changed(state: State, platform: "Platform") -> None:
    """The working build answers, which may not be what stands in the files any more."""
    from plimsoll.flows.build import changed_files

    draft = platform.releases.working_draft(platform.app)
    try:
        changed = changed_files(state.project(), draft, platform.registry.content)
    except InvalidError as error:
        state.output.note(f"{error.message}; the last build answers")
        return
    if changed:
        state.output.note(f"changed since the last build: {', '.join(changed)}; run `plimsoll build`")


def build_with_progress(state: State, project: "Project", platform: "Platform") -> "BuildReport":
    """Build, with progress bars on a terminal."""
    from plimsoll.flows.build import build as build_flow

    with progress(state.output) as advance:
        return build_flow(project, platform.build_parts(advance))


COMMANDS = (init, build, ask)
