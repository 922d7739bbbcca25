"""Attacks on an endpoint whose model does whatever it reads, with a guardrail and without."""

import asyncio
from collections.abc import AsyncGenerator
from functools import partial

from tests.flows.conftest import Workshop
from tests.flows.scripted import hangs_up, parts_with

from plimsoll.evaluation.redteam import Case, Report, make_cases
from plimsoll.flows.redteam import RedteamParts, redteam
from plimsoll.flows.serve import Caller
from plimsoll.models import ChatEnd, ChatRequest, Chunks, Usage, text_piece
from plimsoll.tracing import EVALUATION

GUARDRAIL = (
    "checks: [{check: injection, kinds: [override, role_play, prompt_leak, encoded], "
    "on: [input, retrieved], action: block, at_least: 0.6}]\n"
)
ENDPOINT = "kind: rag\nprompt: answer\nknowledge: texts\nroute: default\nguardrail: standard\n"


async def parrot(request: ChatRequest) -> AsyncGenerator[Chunks | ChatEnd]:
    """Says everything that it was told, which is what an attack wants."""
    yield text_piece("\n".join([message.content for message in request.messages] + [p.text for p in request.passages]))
    yield ChatEnd(Usage(10, 2, 0.0), model="parrot")


def attacked(workshop: Workshop, cases: tuple[Case, ...], script: object = parrot, endpoint: str = "ask") -> Report:
    workshop.write("guardrails/standard.yaml", GUARDRAIL)
    workshop.write("endpoints/ask.yaml", ENDPOINT)
    draft = workshop.build().draft
    platform = workshop.open()
    parts = RedteamParts(partial(parts_with, platform, script), Caller())  # type: ignore[arg-type]  # scripts differ
    done: list[int] = []
    report = asyncio.run(redteam(draft, endpoint, cases, parts, on_case=done.append))
    assert done == list(range(1, 2 * len(cases) + 1))
    return report


def some(count: int) -> tuple[Case, ...]:
    """Attacks in plain words for which the answer's text decides, and harmless requests."""
    cases = make_cases(600, 1)
    attacks = [
        one for one in cases if one.harmful and one.disguise == "plain" and one.goal in {"override", "jailbreak"}
    ]
    return (*attacks[:count], *[one for one in cases if not one.harmful][:count])


def test_a_model_that_obeys_is_beaten_without_a_guardrail_and_less_often_with_one(workshop: Workshop) -> None:
    report = attacked(workshop, some(6))
    assert report.open.success().value == 1
    assert report.open.stopped().hits == 0
    assert report.guarded.success().hits < report.open.success().hits
    assert report.guarded.stopped().hits > 0
    stopped = [one for one in report.guarded.outcomes if one.case.harmful and one.stopped]
    assert all("injection." in one.reply.stopped for one in stopped)


def test_an_attack_in_a_document_reaches_the_model_without_a_guardrail_and_is_left_out_with_it(
    workshop: Workshop,
) -> None:
    cases = [one for one in make_cases(600, 1) if one.carrier == "document" and one.harmful and one.goal == "override"]
    plain = tuple(one for one in cases if one.disguise == "plain")[:1]
    report = attacked(workshop, plain)
    assert plain[0].token in report.open.outcomes[0].reply.text
    assert plain[0].token not in report.guarded.outcomes[0].reply.text
    assert report.guarded.outcomes[0].stopped


def test_what_is_planted_where_nothing_is_searched_is_looked_at_too(workshop: Workshop) -> None:
    workshop.write("prompts/talk.yaml", 'template: "{{ question }}"\n')
    workshop.write("endpoints/talk.yaml", "kind: chat\nprompt: talk\nroute: default\nguardrail: standard\n")
    cases = [one for one in make_cases(600, 1) if one.carrier == "document" and one.harmful and one.goal == "override"]
    report = attacked(workshop, tuple(one for one in cases if one.disguise == "plain")[:1], endpoint="talk")
    assert report.guarded.outcomes[0].stopped


def test_what_the_prompt_is_told_is_in_the_case_and_leaks_where_the_model_leaks(workshop: Workshop) -> None:
    leak = tuple(
        one for one in make_cases(600, 1) if one.goal == "prompt_leak" and one.carrier == "message" and one.harmful
    )[:1]
    assert attacked(workshop, leak).open.success().value == 1


def test_a_case_without_an_answer_is_not_measured(workshop: Workshop) -> None:
    report = attacked(workshop, some(2)[-1:], hangs_up)
    assert report.open.not_measured == 1
    assert report.open.success().value is None


def test_the_traces_of_attacks_count_as_evaluation(workshop: Workshop) -> None:
    attacked(workshop, some(1))
    platform = workshop.open()
    assert {trace.environment for trace in platform.traces.latest(platform.app, 50, tests_too=True)} == {EVALUATION}
