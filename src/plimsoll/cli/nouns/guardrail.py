"""The noun guardrail: the tests of policies, one text under a policy, which check looks at which stage."""

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plimsoll.kernel.errors import InvalidError, NotFoundError

from .._exits import DONE, REFUSED
from .._state import State, json_option
from ..show import guardrails

if TYPE_CHECKING:
    from plimsoll.guardrails import Policy, Stage
    from plimsoll.project import Project

_STAGES: "tuple[Stage, ...]" = ("input", "retrieved", "tool_call", "output")
_MOST_BYTES = 10_000_000


class GuardrailMissingError(NotFoundError):
    """The project has no guardrail of this name, or none at all."""

    code = "guardrail_missing"

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        listed = ", ".join(known)
        super().__init__(
            f"the project has no guardrail {name}" if name else "the project has no guardrail",
            hint=f"its guardrails are: {listed}" if known else "write one, such as guardrails/standard.yaml",
        )


class TextUnreadableError(InvalidError):
    """What should be scanned is not text, or is too much."""

    code = "text_unreadable"

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source} cannot be scanned: {reason}", hint="give text in UTF-8")


@click.group(short_help="Policies: test, scan, list")
def guardrail() -> None:
    """Policies on what comes in, is retrieved and goes out: test, scan, list."""


@guardrail.command("test", epilog="Example: plimsoll guardrail test standard")
@click.argument("name", required=False)
@json_option
def test(state: State, name: str | None) -> int:
    """Run the tests that stand in guardrails/*.yaml; exit 1 when one fails."""
    from plimsoll.guardrails import run_examples

    project = state.project()
    chosen = (_need(project, name),) if name is not None else tuple(project.guardrails)
    if not chosen:
        raise GuardrailMissingError("", ())
    outcomes = {one: run_examples(_policy(project, one), project.guardrails[one].content()) for one in chosen}
    state.output.result(guardrails.tests_json(outcomes), lambda screen: guardrails.tests(screen, outcomes))
    passed = all(outcome.passed for found in outcomes.values() for outcome in found)
    return DONE if passed else REFUSED


@guardrail.command("scan", epilog="Example: plimsoll guardrail scan standard 'My number is 4111 1111 1111 1111'")
@click.argument("name")
@click.argument("text", required=False)
@click.option("--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Scan the text of a file.")
@click.option("--on", "stage", default="input", show_default=True, type=click.Choice(_STAGES))
@json_option
def scan(state: State, *, name: str, text: str | None, file: Path | None, stage: str) -> int:
    """Put one text (`-` for standard input) under a guardrail; exit 1 when it is stopped."""
    if (text is None) == (file is None):
        raise click.UsageError("give a text, `-`, or --file")
    project = state.project()
    policy = _policy(project, _need(project, name))
    review = policy.review(_text(text, file), next(one for one in _STAGES if one == stage))
    state.output.result(guardrails.review_json(review), lambda screen: guardrails.review(screen, review, stage))
    return REFUSED if review.action in {"block", "ask"} else DONE


@guardrail.command("list", epilog="Example: plimsoll guardrail list --json")
@json_option
def list_guardrails(state: State) -> None:
    """Every guardrail, which check looks at which stage and what it does, and who uses it."""
    from plimsoll.guardrails import coverage

    project = state.project()
    found = {name: coverage(_policy(project, name)) for name in project.guardrails}
    users = {name: _users(project, name) for name in project.guardrails}
    state.output.result(guardrails.matrix_json(found, users), lambda screen: guardrails.matrix(screen, found, users))


def _need(project: "Project", name: str) -> str:
    if name not in project.guardrails:
        raise GuardrailMissingError(name, tuple(project.guardrails))
    return name


def _policy(project: "Project", name: str) -> "Policy":
    from plimsoll.guardrails import Policy

    return Policy.from_json(name, project.guardrails[name].content())


def _users(project: "Project", name: str) -> tuple[str, ...]:
    endpoints = (f"endpoints/{key}" for key, one in project.endpoints.items() if one.guardrail == name)
    routes = (f"routes/{key}" for key, one in project.routes.items() if one.guardrail == name)
    return (*endpoints, *routes)


def _text(text: str | None, file: Path | None) -> str:
    if file is None and text != "-":
        return text or ""
    source = "standard input" if file is None else str(file)
    with nullcontext(sys.stdin.buffer) if file is None else file.open("rb") as stream:
        data = stream.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise TextUnreadableError(source, f"it has more than {_MOST_BYTES // 1_000_000} MB")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise TextUnreadableError(source, "it is not UTF-8") from error


COMMANDS: tuple[click.Command, ...] = (guardrail,)
