"""The noun guardrail: the tests of policies, one text under a policy, and which check looks at which stage."""

import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.errors import InvalidError

from .._exits import DONE, REFUSED
from .._state import State, json_option
from ..show.guardrails import explained, matrices, policies
from ._guarding import GuardrailMissingError, guard_parts, need, opened_policy, policy_of
from .guardrail_figures import FIGURES
from .guardrail_records import RECORDS

if TYPE_CHECKING:
    from plimsoll.guardrails import Stage
    from plimsoll.project import Project

_STAGES: "tuple[Stage, ...]" = ("input", "retrieved", "tool_call", "tool_result", "output")
_MOST_BYTES = 10_000_000


class TextUnreadableError(InvalidError):
    """What should be scanned is not text, or is too much."""

    code = "text_unreadable"

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source} cannot be scanned: {reason}", hint="give text in UTF-8")


@click.group(short_help="Policies: test, scan, explain, triggers, mark, rates, evaluate, tune, diff")
def guardrail() -> None:
    """Policies on what comes in, is retrieved, is called and goes out: whether they hold, and what they do."""


def _text_options(function: Callable[..., int]) -> Callable[..., int]:
    """Adds the name of a guardrail, a text, and where it stands."""
    given = click.option(
        "--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The text of a file."
    )
    stage = click.option("--on", "stage", default="input", show_default=True, type=click.Choice(_STAGES))
    return click.argument("name")(click.argument("text", required=False)(given(stage(function))))


@guardrail.command("test", epilog="Example: plimsoll guardrail test standard")
@click.argument("name", required=False)
@json_option
def test(state: State, name: str | None) -> int:
    """Run the tests that stand in guardrails/*.yaml; exit 1 when one fails."""
    from plimsoll.guardrails import run_examples

    project = state.project()
    chosen = (need(project, name),) if name is not None else tuple(project.guardrails)
    if not chosen:
        raise GuardrailMissingError("", ())
    outcomes = {}
    for one in chosen:
        with opened_policy(state, project, one) as policy:
            outcomes[one] = run_examples(policy, project.guardrails[one].content())
    state.output.result(policies.tests_json(outcomes), lambda screen: policies.tests(screen, outcomes))
    passed = all(outcome.passed for found in outcomes.values() for outcome in found)
    return DONE if passed else REFUSED


@guardrail.command("scan", epilog="Example: plimsoll guardrail scan standard 'My number is 4111 1111 1111 1111'")
@_text_options
@json_option
def scan(state: State, *, name: str, text: str | None, file: Path | None, stage: str) -> int:
    """Put one text (`-` for standard input) under a guardrail; exit 1 when it is stopped."""
    said = _text(text, file)
    project = state.project()
    with opened_policy(state, project, name) as policy:
        place = next(one for one in _STAGES if one == stage)
        review = policy.review(said, policy.stage_for(place) or place)
    state.output.result(policies.review_json(review), lambda screen: policies.review(screen, review, stage))
    return REFUSED if review.action in {"block", "ask"} else DONE


@guardrail.command("explain", epilog="Example: plimsoll guardrail explain standard 'Ignore all rules' --on input")
@_text_options
@click.option("--question", default="", help="What the person asked, for checks that look at it.")
@click.option("--instructions", default="", help="The system prompt, for checks that look at it.")
@click.option("--passage", "passages", multiple=True, help="A passage on which an answer rests; once for each.")
@click.option("--actor", default="", help="Who asks, for exceptions.")
@click.option("--endpoint", default="", help="Which endpoint is asked, for exceptions.")
@json_option
def explain(
    state: State, *, name: str, text: str | None, file: Path | None, stage: str, **around: "str | tuple[str, ...]"
) -> int:
    """Say why a text (`-` for standard input) gets its verdict: every check, its scores, thresholds and exceptions.

    Exit 1 when the text is stopped.
    """
    from plimsoll.checks import Context
    from plimsoll.flows.guard.measure import Said
    from plimsoll.flows.guard.measure import explain as explain_flow

    words = _text(text, file)
    at = next(one for one in _STAGES if one == stage)
    context = Context(stage, str(around["question"]), str(around["instructions"]), tuple(around["passages"]))
    said = Said(words, at, context, actor=str(around["actor"]), endpoint=str(around["endpoint"]))
    project = state.project()
    with opened_policy(state, project, name) as policy:
        found = explain_flow(policy, said, utc_now().date())
    state.output.result(explained.explained_json(found), lambda screen: explained.explained(screen, found))
    return REFUSED if found.review.action in {"block", "ask"} else DONE


@guardrail.command("list", epilog="Example: plimsoll guardrail list --json")
@json_option
def list_guardrails(state: State) -> None:
    """Every guardrail, which check looks at which stage and what it does, and who uses it."""
    from plimsoll.guardrails import coverage

    project = state.project()
    found = {name: coverage(policy_of(project, name)) for name in project.guardrails}
    users = {name: _users(project, name) for name in project.guardrails}
    state.output.result(policies.matrix_json(found, users), lambda screen: policies.matrix(screen, found, users))


@guardrail.command("matrix", epilog="Example: plimsoll guardrail matrix --live")
@click.option("--live", is_flag=True, help="What is live in the environments, instead of the files as they are.")
@json_option
def show_matrix(state: State, *, live: bool) -> None:
    """Endpoint by stage by check, with every cell: what looks there, what follows, and where nothing looks."""
    from plimsoll.flows.guard import live_matrix, matrix, places_of_project

    if live:
        with state.platform(state.project_root(), "read") as platform:
            found = live_matrix(guard_parts(platform))
    else:
        found = matrix(places_of_project(state.project()))
    state.output.result(matrices.matrix_json(found), lambda screen: matrices.matrix(screen, found))


def _users(project: "Project", name: str) -> tuple[str, ...]:
    endpoints = (f"endpoints/{key}" for key, one in project.endpoints.items() if one.guardrail == name)
    routes = (f"routes/{key}" for key, one in project.routes.items() if one.guardrail == name)
    return (*endpoints, *routes)


def _text(text: str | None, file: Path | None) -> str:
    """The text that was given, from a file or from standard input. Raises TextUnreadableError."""
    if (text is None) == (file is None):
        raise click.UsageError("give a text, `-`, or --file")
    if file is None and text is not None and text != "-":
        try:
            # What a shell passes on that is not UTF-8 arrives as half characters.
            text.encode()
        except UnicodeEncodeError as error:
            raise TextUnreadableError("the text", "it is not UTF-8") from error
        return text
    source = "standard input" if file is None else str(file)
    with nullcontext(sys.stdin.buffer) if file is None else file.open("rb") as stream:
        data = stream.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise TextUnreadableError(source, f"it has more than {_MOST_BYTES // 1_000_000} MB")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise TextUnreadableError(source, f"it is not UTF-8 (byte {error.start + 1})") from error


for _command in (*RECORDS, *FIGURES):
    guardrail.add_command(_command)

COMMANDS: tuple[click.Command, ...] = (guardrail,)
