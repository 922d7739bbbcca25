"""The noun trace, and the verbs that explain an answer: lineage, replay."""

import asyncio
from typing import Any

import click

from ._exits import DONE, REFUSED
from ._state import State, json_option, may
from .show import answers, traces

_OF_PEOPLE = ("text", "user", "key", "joined")


@click.group(short_help="What happened in each request")
def trace() -> None:
    """What happened in each request: list, show."""


@trace.command("list", epilog='Example: plimsoll trace list --status error --text "notice period"')
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000), help="How many, newest first.")
@click.option("--all", "tests_too", is_flag=True, help="Also the questions of suites, and replays.")
@click.option("--text", default="", help="Words of the question or the answer; word* for all that begin so.")
@click.option("--status", type=click.Choice(["ok", "error", "cancelled"]), help="How they ended.")
@click.option("--env", "environment", help="Of this environment.")
@click.option("--endpoint", help="Of this endpoint, or served route.")
@click.option("--model", help="That this model answered, or should have answered first.")
@click.option("--user", help="For this user.")
@click.option("--key", help="With this key, by its public part.")
@click.option("--joined", default="", metavar="TRACE", help="That belong to this trace of a caller.")
@click.option("--after", default="", metavar="PLACE", help="Go on where the list before ended.")
@json_option
def list_traces(state: State, limit: int, after: str, **wanted: Any) -> None:
    """The latest requests, all or some of them. Without the right `trace` only when they were, and what they used."""
    from plimsoll.tracing import TraceFilter

    chosen = TraceFilter(**wanted)
    # What can be looked for can be found out.
    asks_for_words = any(wanted[name] for name in _OF_PEOPLE)
    with state.platform(state.project_root(), "trace" if asks_for_words else "read") as platform:
        page = platform.traces.page(platform.app, chosen, limit=limit, after=after)
        told = traces.told(page.traces, with_content=may(platform, "trace"))
    narrowed = bool(after) or chosen != TraceFilter(tests_too=chosen.tests_too)
    state.output.result(told.found, lambda screen: traces.traces(screen, told, page.next, narrowed=narrowed))


@trace.command("show", epilog="Example: plimsoll trace show 3f9c2a81")
@click.argument("answer")
@json_option
def show_trace(state: State, answer: str) -> None:
    """One request, from the question to the answer; ANSWER is its id, or the first digits of it."""
    with state.platform(state.project_root(), "trace") as platform:
        found = platform.traces.get(platform.app, answer)
        judgements = platform.feedback.of_trace(found.id)
    state.output.result(traces.trace_json(found, judgements), lambda screen: traces.trace(screen, found, judgements))


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
        parts = platform.serve_parts(metered=True)
        replaying = replay_flow(past, platform.traces, parts, platform.recorder.flush, caller=platform.caller)
        again = asyncio.run(replaying)
    state.output.result(answers.replay_json(again), lambda screen: answers.replay(screen, again))
    return DONE if again.proved else REFUSED


COMMANDS: tuple[click.Command, ...] = (trace, lineage, replay)
