"""The noun trace, and the verbs that explain an answer: lineage, replay."""

import asyncio

import click

from ._exits import DONE, REFUSED
from ._state import State, json_option
from .show import answers


@click.group(short_help="What happened in each request")
def trace() -> None:
    """What happened in each request: list, show."""


@trace.command("list", epilog="Example: plimsoll trace list --limit 50")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000), help="How many, newest first.")
@click.option("--all", "tests_too", is_flag=True, help="Also the questions of suites, and replays.")
@json_option
def list_traces(state: State, limit: int, tests_too: bool) -> None:
    """The latest requests."""
    with state.platform(state.project_root(), "trace") as platform:
        traces = platform.traces.latest(platform.app, limit, tests_too=tests_too)
    state.output.result(traces, lambda screen: answers.traces(screen, traces))


@trace.command("show", epilog="Example: plimsoll trace show 3f9c2a81")
@click.argument("answer")
@json_option
def show_trace(state: State, answer: str) -> None:
    """One request, from the question to the answer; ANSWER is its id, or the first digits of it."""
    with state.platform(state.project_root(), "trace") as platform:
        found = platform.traces.get(platform.app, answer)
    state.output.result(found, lambda screen: answers.trace(screen, found))


@click.command(short_help="Everything behind an answer", epilog="Example: plimsoll lineage 3f9c2a81 --json")
@click.argument("answer")
@json_option
def lineage(state: State, answer: str) -> None:
    """The whole chain behind an answer: question, passages, prompt, model, release, versions, documents, evidence."""
    from plimsoll.governance import trace_lineage

    with state.platform(state.project_root(), "trace") as platform:
        chain = trace_lineage(
            platform.traces.get(platform.app, answer), platform.registry, platform.releases, platform.environments
        )
    state.output.result(chain.to_json(), lambda screen: answers.lineage(screen, chain))


@click.command(short_help="Make a past answer again and compare", epilog="Example: plimsoll replay 3f9c2a81")
@click.argument("answer")
@json_option
def replay(state: State, answer: str) -> int:
    """Run a past answer again on the exact versions that made it; exit 1 when a provable part differs."""
    from plimsoll.flows.replay import replay as replay_flow

    with state.platform(state.project_root(), "trace") as platform:
        past = platform.traces.get(platform.app, answer)
        again = asyncio.run(replay_flow(past, platform.traces, platform.serve_parts(), platform.recorder.flush))
    state.output.result(answers.replay_json(again), lambda screen: answers.replay(screen, again))
    return DONE if again.proved else REFUSED


COMMANDS: tuple[click.Command, ...] = (trace, lineage, replay)
