"""Serving: one release for each answer, and a trace of every request however it ends."""

import asyncio
import dataclasses
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from msgspec import structs
from tests.flows.conftest import Workshop
from tests.flows.scripted import hangs_up, parts_with, says

from plimsoll.bootstrap import Platform
from plimsoll.bootstrap._routes import RouteMaker, full_content
from plimsoll.flows import promote
from plimsoll.flows.ask import EndpointUnclearError, NothingToAskError, ask
from plimsoll.flows.promote import Wish
from plimsoll.flows.replay import ContentMissingError, replay
from plimsoll.flows.serve import (
    AnswerDone,
    AnswerEvent,
    Answering,
    AnswerRequest,
    AnswerStarted,
    EndpointMissingError,
)
from plimsoll.flows.serve._errors import QuestionMissingError
from plimsoll.governance import Lineage, trace_lineage
from plimsoll.kernel.errors import UnavailableError
from plimsoll.models import ChatEnd, ChatRequest, Chunks, Message, Usage, text_piece
from plimsoll.releases import Evidence, Manifest, NothingLiveError, Release
from plimsoll.settings import SecretMissingError
from plimsoll.tracing import Trace

LEAVE = "How many days of paid leave has an employee?"


def request(release: str = "", question: str = LEAVE, **changes: Any) -> AnswerRequest:
    fields: dict[str, Any] = {"environment": "staging", "release": release, **changes}
    return AnswerRequest.of("harbour", "ask", (Message("user", question),), **fields)


async def drain(answering: Answering, asked: AnswerRequest) -> list[AnswerEvent]:
    return [event async for event in answering.stream(asked)]


def only_trace(platform: Platform) -> Trace:
    platform.recorder.flush()
    (summary,) = platform.traces.latest("harbour", 10, tests_too=True)
    return platform.traces.get("harbour", summary.id)


def lineage_of(platform: Platform, trace: Trace) -> Lineage:
    return trace_lineage(trace, platform.registry, platform.releases, platform.environments)


def release_of(platform: Platform, draft: Manifest) -> Release:
    evidence = (Evidence("ask", draft.digest, draft.digest, "pass"),)
    manifest = Manifest(draft.app, draft.artifacts, evidence)
    return platform.releases.keep_release(manifest, by=platform.acting.by, source_commit="")


def ship(platform: Platform, draft: Manifest) -> Release:
    release = release_of(platform, draft)
    promote.ship(release, Wish("staging"), platform.promote_parts())
    return release


def test_an_answer_names_its_release_and_leaves_a_whole_trace(workshop: Workshop) -> None:
    draft = workshop.build().draft
    platform = workshop.open()
    release = ship(platform, draft)
    answer = asyncio.run(Answering(platform.serve_parts()).answer(request()))
    assert answer.started.release == release.manifest.digest
    assert "twenty-six days" in answer.done.text
    (quote, *_) = answer.done.citations
    assert quote.document == "policies/leave.md"
    text = (workshop.documents / quote.document).read_text()
    assert text[quote.start : quote.end] == quote.text
    trace = only_trace(platform)
    assert (trace.id, trace.release, trace.status) == (answer.started.trace_id, release.manifest.digest, "ok")
    assert (trace.question, trace.answer, trace.answered) == (LEAVE, answer.done.text, True)
    assert trace.prompt == "answer v1"
    assert trace.input_tokens > trace.output_tokens > 0
    assert trace.cost_usd == 0
    assert trace.time_to_first_token_ms is not None
    assert 0 < trace.time_to_first_token_ms <= trace.latency_ms
    assert [passage["id"] for passage in trace.passages] == [passage.id for passage in answer.started.passages]
    names = [span.name for span in trace.spans]
    assert names == ["invoke_workflow harbour/ask", "retrieval texts", "render prompt", "chat builtin/reader"]
    assert {span.parent_id for span in trace.spans[1:]} == {trace.spans[0].id}


def test_a_question_that_the_documents_do_not_answer_is_refused(workshop: Workshop) -> None:
    draft = workshop.build().draft
    answering = Answering(workshop.open().serve_parts())
    answer = asyncio.run(answering.answer(request(draft.digest, "What does the lifeboat on the roof cost?")))
    assert answer.done.answered is False
    assert answer.done.citations == ()


def test_no_answer_is_a_mix_of_two_releases(workshop: Workshop) -> None:
    """The pointer moves while an answer is being written; the answer stays with the release it began with."""
    platform = workshop.open()
    first = ship(platform, workshop.build().draft)
    workshop.write("prompts/answer.yaml", "system: Answer shortly.\n")
    second = release_of(platform, workshop.build().draft)
    began = asyncio.Event()
    moved = asyncio.Event()

    async def slow(chat: ChatRequest) -> AsyncGenerator[Chunks | ChatEnd]:
        yield text_piece(chat.messages[0].content)
        began.set()
        await moved.wait()
        yield text_piece(" and so on")
        yield ChatEnd(Usage(1, 1))

    async def story() -> tuple[str, str, str, str]:
        answering = Answering(parts_with(platform, slow))
        early = asyncio.create_task(answering.answer(request()))
        await began.wait()
        promote.ship(second, Wish("staging"), platform.promote_parts())
        moved.set()
        before, after = await early, await answering.answer(request())
        await answering.close()
        return before.started.release, before.done.text, after.started.release, after.done.text

    before, before_text, after, after_text = asyncio.run(story())
    assert (before, after) == (first.manifest.digest, second.manifest.digest)
    assert before_text == "Answer from the passages. and so on"
    assert after_text == "Answer shortly. and so on"


def test_a_language_model_cites_by_number_and_may_refuse(workshop: Workshop) -> None:
    draft = workshop.build().draft
    platform = workshop.open()
    cited = asyncio.run(
        Answering(parts_with(platform, says("It is ", "26 days [1", "], see [1, 99]."))).answer(request(draft.digest))
    )
    assert [quote.marker for quote in cited.done.citations] == [1]
    assert cited.done.citations[0].passage_id == cited.started.passages[0].id
    assert cited.done.answered is True
    assert cited.done.usage.cost_usd == 0.5
    refused = asyncio.run(
        Answering(parts_with(platform, says("The documents do not say."))).answer(request(draft.digest))
    )
    assert refused.done.answered is False


def test_a_model_that_fails_is_recorded_and_raised(workshop: Workshop) -> None:
    draft = workshop.build().draft
    platform = workshop.open()
    with pytest.raises(UnavailableError, match="hung up"):
        asyncio.run(drain(Answering(parts_with(platform, hangs_up)), request(draft.digest)))
    trace = only_trace(platform)
    assert (trace.status, trace.error, trace.answer) == ("error", "the model hung up", "Well, ")
    assert trace.spans[0].error == "the model hung up"


def test_a_fault_of_ours_is_recorded_without_its_words(workshop: Workshop) -> None:
    async def broken(chat: ChatRequest) -> AsyncGenerator[Chunks | ChatEnd]:
        if chat.messages:
            raise ZeroDivisionError("secret detail")
        yield text_piece("")

    draft = workshop.build().draft
    platform = workshop.open()
    with pytest.raises(ZeroDivisionError):
        asyncio.run(Answering(parts_with(platform, broken)).answer(request(draft.digest)))
    assert only_trace(platform).error == "a fault in Plimsoll (ZeroDivisionError)"


def test_a_caller_that_goes_away_is_recorded(workshop: Workshop) -> None:
    draft = workshop.build().draft
    platform = workshop.open()

    async def leave_early() -> None:
        events = Answering(parts_with(platform, says("one ", "two ", "three"))).stream(request(draft.digest))
        async for event in events:
            if isinstance(event, Chunks):
                break
        await events.aclose()

    asyncio.run(leave_early())
    trace = only_trace(platform)
    assert (trace.status, trace.error, trace.answer) == ("cancelled", "the caller went away", "one ")


def test_events_come_in_order_and_add_up(workshop: Workshop) -> None:
    draft = workshop.build().draft
    answering = Answering(parts_with(workshop.open(), says("a", "b", "c")))

    async def collect() -> list[Any]:
        return [event async for event in answering.stream(request(draft.digest))]

    events = asyncio.run(collect())
    assert [type(event) for event in events] == [AnswerStarted, Chunks, Chunks, Chunks, AnswerDone]
    assert events[-1].text == "abc"


def test_a_conversation_keeps_its_turns_between_system_and_question(workshop: Workshop) -> None:
    seen: list[ChatRequest] = []

    async def listen(chat: ChatRequest) -> AsyncGenerator[Chunks | ChatEnd]:
        seen.append(chat)
        yield ChatEnd(Usage(1, 1))

    draft = workshop.build().draft
    turns = (Message("user", "Hello"), Message("assistant", "Hello!"), Message("user", LEAVE))
    asked = AnswerRequest.of("harbour", "ask", turns, {"temperature": 0.1}, release=draft.digest)
    asyncio.run(Answering(parts_with(workshop.open(), listen)).answer(asked))
    (chat,) = seen
    assert [message.role for message in chat.messages] == ["system", "user", "assistant", "user"]
    assert (chat.question, chat.body["temperature"]) == (LEAVE, 0.1)
    assert LEAVE in chat.messages[-1].content
    assert "twenty-six days" in chat.messages[-1].content


@pytest.mark.parametrize("turns", [(), (Message("assistant", "?"),), (Message("user", "  \n"),)])
def test_a_request_without_a_question_is_refused(workshop: Workshop, turns: tuple[Message, ...]) -> None:
    draft = workshop.build().draft
    asked = AnswerRequest.of("harbour", "ask", turns, release=draft.digest)
    with pytest.raises(QuestionMissingError):
        asyncio.run(Answering(workshop.open().serve_parts()).answer(asked))


def test_what_is_not_there_is_said(workshop: Workshop) -> None:
    draft = workshop.build().draft
    parts = workshop.open().serve_parts()
    with pytest.raises(NothingLiveError):
        asyncio.run(Answering(parts).answer(request()))
    wrong = structs.replace(request(draft.digest), target="tell")
    with pytest.raises(EndpointMissingError, match="no endpoint `tell`"):
        asyncio.run(Answering(parts).answer(wrong))


def test_a_key_that_is_not_set_is_named_with_the_place_that_needs_it(workshop: Workshop) -> None:
    workshop.write("routes/default.yaml", "model: openai/gpt-4.1-mini\napi_key: ${env:HARBOUR_KEY}\n")
    draft = workshop.build().draft
    platform = workshop.open()
    with pytest.raises(SecretMissingError, match=r"routes/default\.yaml needs .* HARBOUR_KEY"):
        asyncio.run(Answering(platform.serve_parts()).answer(request(draft.digest)))
    trace = only_trace(platform)
    assert (trace.status, trace.release) == ("error", draft.digest)


def test_the_usual_key_is_asked_for_when_the_route_names_none(workshop: Workshop) -> None:
    workshop.write("routes/default.yaml", "model: openai/gpt-4.1-mini\n")
    draft = workshop.build().draft
    platform = workshop.open()
    with pytest.raises(SecretMissingError, match="needs the environment variable OPENAI_API_KEY"):
        asyncio.run(Answering(platform.serve_parts()).answer(request(draft.digest)))
    content = platform.registry.content(draft.artifacts["route:default"])
    settings = dataclasses.replace(platform.settings, environ={"OPENAI_API_KEY": "sk-1"})
    route = full_content(content)
    maker = RouteMaker(settings, lambda: platform.embedder("builtin/static"))
    assert maker.settings_of("default", route["targets"][0], route).api_key == "sk-1"


def test_two_endpoints_need_a_choice(workshop: Workshop) -> None:
    workshop.write("endpoints/brief.yaml", "kind: rag\nprompt: answer\nknowledge: texts\nroute: default\n")
    workshop.build()
    parts = workshop.open().serve_parts()
    with pytest.raises(EndpointUnclearError, match="ask, brief"):
        asyncio.run(ask("harbour", LEAVE, endpoint=None, environment=None, parts=parts))
    answer = asyncio.run(ask("harbour", LEAVE, endpoint="brief", environment=None, parts=parts))
    assert "twenty-six" in answer.done.text


def test_an_endpoint_that_predicts_is_not_asked(workshop: Workshop) -> None:
    workshop.write("models/kind.yaml", "kind: few_shot\nlabels:\n  lease: [rent]\n  leave: [paid holiday]\n")
    workshop.write("endpoints/kind.yaml", "kind: predict\nmodel: kind\n")
    workshop.build()
    parts = workshop.open().serve_parts()
    answer = asyncio.run(ask("harbour", LEAVE, endpoint=None, environment=None, parts=parts))
    assert "twenty-six" in answer.done.text
    (workshop.root / "endpoints/ask.yaml").unlink()
    (workshop.root / "evals/ask.yaml").unlink(missing_ok=True)
    workshop.build()
    with pytest.raises(NothingToAskError, match="no endpoint that answers questions"):
        asyncio.run(ask("harbour", LEAVE, endpoint=None, environment=None, parts=parts))


def test_lineage_follows_an_answer_to_its_documents(workshop: Workshop) -> None:
    draft = workshop.build().draft
    platform = workshop.open()
    release = ship(platform, draft)
    asyncio.run(Answering(platform.serve_parts()).answer(request()))
    chain = lineage_of(platform, only_trace(platform))
    assert chain.release == release
    assert chain.shipped is not None
    assert chain.shipped.to_release == release.manifest.digest
    assert [used.cited for used in chain.passages if used.document == "policies/leave.md"] == [True]
    assert {used.version.kind for used in chain.artifacts} == {
        "endpoint",
        "index",
        "knowledge",
        "prompt",
        "route",
        "source",
    }
    index = next(used for used in chain.artifacts if used.version.kind == "index")
    assert {parent.kind for parent in index.parents} == {"source", "knowledge"}


def test_lineage_of_a_working_build_has_no_release(workshop: Workshop) -> None:
    workshop.build()
    platform = workshop.open()
    asyncio.run(ask("harbour", LEAVE, endpoint=None, environment=None, parts=platform.serve_parts()))
    chain = lineage_of(platform, only_trace(platform))
    assert (chain.release, chain.shipped) == (None, None)
    assert chain.manifest.name.startswith("d-")


def test_replay_proves_retrieval_and_prompt_after_everything_has_moved_on(workshop: Workshop) -> None:
    platform = workshop.open()
    ship(platform, workshop.build().draft)
    asyncio.run(Answering(platform.serve_parts()).answer(request()))
    past = only_trace(platform)
    (workshop.documents / "policies" / "leave.md").write_text("# Leave\n\nNobody ever goes away.")
    workshop.write("prompts/answer.yaml", "system: Say something else.\n")
    ship(platform, workshop.build().draft)
    again = asyncio.run(replay(past, platform.traces, platform.serve_parts(), platform.recorder.flush))
    assert again.proved
    assert all(part.same for part in again.parts)
    assert again.again.release == past.release


@pytest.mark.parametrize("changes", [{"content": "off"}, {"request": {}}, {"request": {"messages": [], "cut": True}}])
def test_what_is_not_kept_whole_cannot_be_asked_again(workshop: Workshop, changes: dict[str, Any]) -> None:
    platform = workshop.open()
    draft = workshop.build().draft
    asyncio.run(Answering(parts_with(platform, says("one answer"))).answer(request(draft.digest)))
    past = structs.replace(only_trace(platform), **changes)
    with pytest.raises(ContentMissingError):
        asyncio.run(replay(past, platform.traces, platform.serve_parts(), platform.recorder.flush))


def test_replay_says_what_differs(workshop: Workshop) -> None:
    platform = workshop.open()
    draft = workshop.build().draft
    asyncio.run(Answering(parts_with(platform, says("one answer"))).answer(request(draft.digest)))
    past = only_trace(platform)
    again = asyncio.run(replay(past, platform.traces, parts_with(platform, says("another")), platform.recorder.flush))
    assert {part.part: part.same for part in again.parts} == {
        "passages": True,
        "prompt": True,
        "citations": True,
        "answer": False,
    }
    assert again.proved
    unfinished = structs.replace(past, messages=(), passages=(), status="cancelled", answer="")
    given_up = asyncio.run(replay(unfinished, platform.traces, platform.serve_parts(), platform.recorder.flush))
    assert {part.same for part in given_up.parts} == {None}
    assert given_up.proved
    down = asyncio.run(replay(past, platform.traces, parts_with(platform, hangs_up), platform.recorder.flush))
    assert [part.same for part in down.parts] == [True, True, None, None]
    assert (down.proved, down.again.status) == (True, "error")
    changed = structs.replace(past, messages=({"role": "user", "content": "something else was sent"},))
    tampered = asyncio.run(replay(changed, platform.traces, platform.serve_parts(), platform.recorder.flush))
    assert not tampered.proved


def test_a_missing_key_keeps_only_its_target_from_answering(workshop: Workshop) -> None:
    workshop.write(
        "routes/default.yaml",
        "targets: [{model: openai/gpt-4.1-mini, api_key: '${env:HARBOUR_KEY}'}, {model: builtin/reader}]\n",
    )
    draft = workshop.build().draft
    platform = workshop.open()
    (missing,) = platform.check_routes(draft)
    assert "HARBOUR_KEY" in missing.message
    answer = asyncio.run(Answering(platform.serve_parts()).answer(request(draft.digest)))
    assert "twenty-six days" in answer.done.text
    assert [(one.target, one.outcome) for one in answer.done.attempts] == [
        ("openai/gpt-4.1-mini", "failed"),
        ("builtin/reader", "ok"),
    ]
