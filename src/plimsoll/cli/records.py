"""The nouns whose records can be looked at: trace, registry; and the verbs that explain an answer: lineage, replay."""

import asyncio

import click

from ._exits import DONE, REFUSED
from ._state import State, json_option
from .show import answers, builds


@click.group()
def trace() -> None:
    """What happened in each request: list, show."""


@trace.command("list", epilog="Example: plimsoll trace list --limit 50")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000), help="How many, newest first.")
@click.option("--all", "tests_too", is_flag=True, help="Also the questions of suites, and replays.")
@json_option
def list_traces(state: State, limit: int, tests_too: bool) -> None:
    """The latest requests."""
    with state.platform(state.project_root()) as platform:
        traces = platform.traces.latest(platform.app, limit, tests_too=tests_too)
    state.output.result(traces, lambda screen: answers.traces(screen, traces))


@trace.command("show", epilog="Example: plimsoll trace show 3f9c2a81")
@click.argument("answer")
@json_option
def show_trace(state: State, answer: str) -> None:
    """One request, from the question to the answer; ANSWER is its id, or the first digits of it."""
    with state.platform(state.project_root()) as platform:
        found = platform.traces.get(platform.app, answer)
    state.output.result(found, lambda screen: answers.trace(screen, found))


@click.command(short_help="Everything behind an answer", epilog="Example: plimsoll lineage 3f9c2a81 --json")
@click.argument("answer")
@json_option
def lineage(state: State, answer: str) -> None:
    """The whole chain behind an answer: question, passages, prompt, model, release, versions, documents, evidence."""
    from plimsoll.governance import trace_lineage

    with state.platform(state.project_root()) as platform:
        chain = trace_lineage(platform.traces.get(platform.app, answer), platform.registry, platform.releases)
    state.output.result(chain.to_json(), lambda screen: answers.lineage(screen, chain))


@click.command(short_help="Make a past answer again and compare", epilog="Example: plimsoll replay 3f9c2a81")
@click.argument("answer")
@json_option
def replay(state: State, answer: str) -> int:
    """Run a past answer again on the exact versions that made it; exit 1 when a provable part differs."""
    from plimsoll.flows.replay import replay as replay_flow

    with state.platform(state.project_root()) as platform:
        past = platform.traces.get(platform.app, answer)
        again = asyncio.run(replay_flow(past, platform.traces, platform.serve_parts(), platform.recorder.flush))
    state.output.result(answers.replay_json(again), lambda screen: answers.replay(screen, again))
    return DONE if again.proved else REFUSED


@click.group()
def registry() -> None:
    """Artifacts and their immutable versions: list, show."""


@registry.command("list", epilog="Example: plimsoll registry list")
@json_option
def list_versions(state: State) -> None:
    """Every version of every artifact."""
    with state.platform(state.project_root()) as platform:
        versions = platform.registry.versions(platform.app)
    state.output.result(versions, lambda screen: builds.versions(screen, versions))


@registry.command("show", epilog="Example: plimsoll registry show prompt:answer --version 2")
@click.argument("artifact", metavar="KIND:NAME")
@click.option("--version", "number", type=click.IntRange(1, 2**31), help="Which version; otherwise the newest.")
@json_option
def show_version(state: State, artifact: str, number: int | None) -> None:
    """The content of a version, and what it was made from."""
    if ":" not in artifact:
        raise click.BadParameter("write KIND:NAME, such as prompt:answer", param_hint="KIND:NAME")
    with state.platform(state.project_root()) as platform:
        version = platform.registry.find(platform.app, artifact, number)
        content = platform.registry.content(version.digest)
        parents = platform.registry.parents(platform.app, version.ref)
    state.output.result(
        {"version": version, "parents": parents, "content": content},
        lambda screen: builds.version(screen, version, parents, content),
    )


COMMANDS = (trace, lineage, replay, registry)
