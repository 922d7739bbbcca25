"""What was taken out of a call is put back for its caller, and for nobody else: not for the model, traces or cache."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from tests.flows.scripted import sum_of, worst_of
from tests.gateway.port import Yard

from plimsoll.bootstrap import Platform
from plimsoll.flows.serve import AnswerDone, Answering, AnswerRequest, Caller
from plimsoll.flows.serve.guarding import Guard, RestoredStream
from plimsoll.flows.serve.parts import Route
from plimsoll.guardrails import Policy
from plimsoll.kernel.digest import Json
from plimsoll.kernel.ids import new_trace_id
from plimsoll.models import Body, ChatEnd, ChatRequest, Chunks, Completion, Message, Passage, Usage
from plimsoll.models.answers import Lifetimes
from plimsoll.releases import Manifest
from plimsoll.tracing import Trace

MAIL, OTHER = "bob@example.org", "eve@example.org"
EVERYWHERE = ["input", "retrieved", "tool_result", "tool_call", "output"]
RULE: dict[str, Any] = {"check": "pii", "kinds": ["email"], "on": EVERYWHERE, "action": "redact", "restore": True}


def policy_on(*stages: str, **rule: Any) -> Policy:
    return Policy.from_json("p", {"checks": [{**RULE, "on": list(stages) or EVERYWHERE, **rule}]})


def said(text: str, **more: Any) -> Body:
    message = {"role": "assistant", "content": text, **more}
    return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


def asked(guard: Guard, *texts: str) -> Any:
    return guard.messages({"messages": [{"role": "user", "content": text} for text in texts]})


@pytest.mark.parametrize("stages", [EVERYWHERE, ["input"], ["input", "tool_call"]])
def test_what_the_caller_said_is_put_back_whatever_else_is_looked_at(stages: list[str]) -> None:
    guard = Guard(policy_on(*stages))
    asked(guard, f"I am {MAIL}.")
    told = guard.returned().whole(guard.answer(said("You are [EMAIL_1], and not [EMAIL_2].")))
    assert told["choices"][0]["message"]["content"] == f"You are {MAIL}, and not [EMAIL_2]."
    stream, back = guard.stream(), RestoredStream(guard.returned())
    assert stream is not None
    text = ""
    for piece in ("You are [EMA", "IL_1", "], and not [", "EMAIL_2]."):
        allowed = stream.feed(Chunks(({"choices": [{"index": 0, "delta": {"content": piece}}]},)))
        out = None if allowed is None else back.feed(allowed)
        text += "" if out is None else out.text
    text += "".join(one.text for one in (back.feed(stream.finish() or Chunks(())), back.finish()) if one is not None)
    assert text == f"You are {MAIL}, and not [EMAIL_2]."


def test_what_others_said_is_never_put_back() -> None:
    """Neither what was found for a request, nor what a tool said, nor what the model says of its own."""
    guard = Guard(policy_on())
    tool = {"role": "tool", "tool_call_id": "c1", "content": "It is tool@example.org."}
    user = {"role": "user", "content": f"I am {MAIL}."}
    allowed = guard.messages({"messages": [tool, user]})["messages"]
    assert [one["content"] for one in allowed] == ["It is [EMAIL_2].", "I am [EMAIL_1]."]
    (found,) = guard.passages((Passage("p1", "a.md", "A", 1, 0, 9, f"By found@example.org, {MAIL}", 1.0),))
    assert found.text == "By [EMAIL_3], [EMAIL_1]"
    answer = guard.answer(said("[EMAIL_1], [EMAIL_2], [EMAIL_3] and own@example.org"))
    text = "[EMAIL_1], [EMAIL_2], [EMAIL_3] and [EMAIL_4]"
    assert answer["choices"][0]["message"]["content"] == text
    assert guard.returned().whole(answer)["choices"][0]["message"]["content"] == text.replace("[EMAIL_1]", MAIL)


def test_a_tool_s_result_that_is_looked_at_as_input_is_not_the_caller_s() -> None:
    guard = Guard(policy_on("input"))
    guard.messages({"messages": [{"role": "tool", "tool_call_id": "c1", "content": "tool@example.org"}]})
    assert not guard.restores


def test_placeholders_that_stand_in_a_conversation_already_are_not_given_again() -> None:
    """In an earlier answer `[EMAIL_1]` was somebody else: this one may not be taken for them."""
    guard = Guard(policy_on())
    assert asked(guard, "Earlier: [EMAIL_1] and [EMAIL_2] wrote.", f"I am {MAIL}.")["messages"][1]["content"] == (
        "I am [EMAIL_3]."
    )
    told = guard.returned().whole(guard.answer(said("[EMAIL_1] is not [EMAIL_3]")))
    assert told["choices"][0]["message"]["content"] == f"[EMAIL_1] is not {MAIL}"


def test_two_kinds_with_one_placeholder_are_told_apart() -> None:
    rules = [{**RULE, "kinds": [kind], "with": "[SOMEBODY]"} for kind in ("email", "iban")]
    guard = Guard(Policy.from_json("p", {"checks": rules}))
    allowed = asked(guard, f"{MAIL} has DE89 3704 0044 0532 0130 00.")["messages"][0]["content"]
    assert allowed == "[SOMEBODY_1] has [SOMEBODY_2]."
    told = guard.returned().whole(guard.answer(said("[SOMEBODY_2], [SOMEBODY_1]")))
    assert told["choices"][0]["message"]["content"] == f"DE89 3704 0044 0532 0130 00, {MAIL}"


ODD = 'bo"b\\n'


@pytest.mark.parametrize(
    "arguments",
    [
        '{"to": "[NAME_1]", "n": 1.50, "big": 123456789012345678901234567890}',
        '{ "to" : ["x [NAME_1] y", {"[NAME_1]": null}]}',
        json.dumps({"inner": json.dumps({"to": "[NAME_1]", "more": json.dumps(["[NAME_1]"])})}),
        '"[NAME_1]"',
    ],
)
def test_json_stays_json(arguments: str) -> None:
    rule: Any = {
        "check": "blocklist",
        "name": "name",
        "words": [ODD],
        "on": ["input"],
        "action": "redact",
        "restore": True,
    }
    guard = Guard(Policy.from_json("p", {"checks": [rule]}))
    assert asked(guard, f"I am {ODD}!")["messages"][0]["content"] == "I am [NAME_1]!"
    call = {"id": "[NAME_1]", "type": "function", "function": {"name": "[NAME_1]", "arguments": arguments}}
    told = guard.returned().whole(guard.answer(said("", tool_calls=[call])))["choices"][0]["message"]["tool_calls"][0]
    assert (told["id"], told["function"]["name"]) == ("[NAME_1]", "[NAME_1]")
    found = told["function"]["arguments"]
    assert "1.50" in found or "1.50" not in arguments
    assert "123456789012345678901234567890" in found or "123456789012345678901234567890" not in arguments

    def values(value: Any) -> Iterator[str]:
        if isinstance(value, str) and value.startswith(("{", "[")) and value != "[NAME_1]":
            value = json.loads(value)
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            for inner in value.values() if isinstance(value, dict) else value:
                yield from values(inner)

    assert {one.strip("xy ") for one in values(json.loads(found))} == {ODD}


def test_what_is_held_goes_out_before_the_reason_why_the_answer_ended() -> None:
    guard = Guard(policy_on())
    asked(guard, f"I am {MAIL}.")
    back = RestoredStream(guard.returned())
    thought = {"choices": [{"index": 0, "delta": {"reasoning_content": "Is it [EMAIL"}}]}
    words = {"choices": [{"index": 0, "delta": {"content": "It is [EM"}}]}
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    out = [back.feed(Chunks((chunk,))) for chunk in (thought, words, end)]
    deltas = [chunk["choices"][0]["delta"] for one in out if one is not None for chunk in one.chunks]
    assert deltas == [
        {"reasoning_content": "Is it "},
        {"reasoning_content": "[EMAIL"},
        {"content": "It is "},
        {"content": "[EM"},
        {},
    ]
    assert back.finish() is None


@pytest.mark.parametrize("kind", ["json_object", "json_schema"])
def test_an_answer_that_is_asked_for_as_json_stays_json(kind: str) -> None:
    rule: Any = {"check": "blocklist", "name": "name", "words": [ODD], "on": ["input"], "action": "redact"}
    guard = Guard(Policy.from_json("p", {"checks": [{**rule, "restore": True}]}))
    message = {"role": "user", "content": f"I am {ODD}!"}
    guard.messages({"messages": [message], "response_format": {"type": kind}})
    text = '{"name": "[NAME_1]"}'
    told = guard.returned().whole(said(text))["choices"][0]["message"]["content"]
    assert json.loads(told) == {"name": ODD}
    back = RestoredStream(guard.returned())
    pieces = [back.feed(Chunks(({"choices": [{"index": 0, "delta": {"content": one}}]},))) for one in text]
    assert "".join(one.text for one in (*pieces, back.finish()) if one is not None) == told


def test_many_things_are_put_back_in_one_go() -> None:
    guard = Guard(policy_on("input"))
    mails = " ".join(f"a{number}@example.org" for number in range(20_000))
    text = asked(guard, mails)["messages"][0]["content"]
    assert guard.returned().whole(guard.answer(said(text)))["choices"][0]["message"]["content"] == mails


@dataclasses.dataclass
class Repeats:
    """A model that says the question again, in small pieces, and calls a tool with it."""

    name: str = "scripted/model"
    heard: list[Any] = dataclasses.field(default_factory=list)

    def _said(self, request: ChatRequest) -> tuple[str, Body]:
        self.heard.append(json.loads(json.dumps(request.body)))
        text = request.messages[-1].content
        function = {"name": "mail", "arguments": json.dumps({"to": text})}
        return text, {"id": "c1", "type": "function", "function": function}

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Chunks | ChatEnd]:
        text, call = self._said(request)
        for at in range(0, len(text), 3):
            yield Chunks(({"choices": [{"index": 0, "delta": {"content": text[at : at + 3]}}]},))
        yield Chunks(({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, **call}]}}]},))
        yield Chunks(({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},))
        yield ChatEnd(Usage(1, 1, 0.0), "tool_calls")

    async def complete(self, request: ChatRequest) -> Completion:
        text, call = self._said(request)
        message = {"role": "assistant", "content": text, "tool_calls": [call]}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
        return Completion({"choices": [choice]}, ChatEnd(Usage(1, 1, 0.0), "tool_calls"))

    async def close(self) -> None:
        """Nothing to give back."""


@dataclasses.dataclass
class Place:
    """A built project whose guardrail puts back, and whose answers are kept."""

    platform: Platform
    draft: Manifest
    policy: Policy = dataclasses.field(default_factory=policy_on)

    def ask(self, text: str, model: Repeats, *, streamed: bool, name: str = "") -> tuple[str, str, Trace, AnswerDone]:
        """Text and calls as the caller gets them, and the trace."""

        def make(_name: str, _content: Json) -> Route:
            return Route("scripted", model, worst_of, sum_of, caching=Lifetimes(exact_s=600.0))

        parts = dataclasses.replace(self.platform.serve_parts(), make_route=make, make_guardrail=lambda *_: self.policy)
        request = AnswerRequest.of("harbour", "ask", (Message("user", text),), release=self.draft.digest)
        caller = Caller("s-0123456789abcdef", team="crew", name=name)
        request = structs.replace(request, trace_id=new_trace_id(), caller=caller)
        told = asyncio.run(self._told(Answering(parts), request, streamed=streamed))
        self.platform.recorder.flush()
        return (*told[:2], self.platform.traces.get("harbour", request.trace_id), told[2])

    async def _told(
        self, answering: Answering, request: AnswerRequest, *, streamed: bool
    ) -> tuple[str, str, AnswerDone]:
        if not streamed:
            answer = await answering.answer(request)
            message = answer.body["choices"][0]["message"]
            return message["content"], message["tool_calls"][0]["function"]["arguments"], answer.done
        text, calls = "", ""
        async for event in answering.stream(request):
            if isinstance(event, AnswerDone):
                return text, calls, event
            if isinstance(event, Chunks):
                text += event.text
                for chunk in event.chunks:
                    for call in chunk["choices"][0]["delta"].get("tool_calls", ()):
                        calls += call["function"]["arguments"]
        raise AssertionError(text)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    files = {
        "guardrails/standard.yaml": "checks: [{check: pii, on: [output], action: redact}]\n",
        "endpoints/ask.yaml": "kind: chat\nprompt: answer\nroute: default\nguardrail: standard\n",
    }
    yard = Yard(Path(tmp_path_factory.mktemp("restored")) / "harbour", files, {})
    draft = yard.build().draft
    yield Place(yard.open(), draft)
    yard.close()


@pytest.mark.parametrize("streamed", [False, True])
def test_model_and_trace_see_placeholders_and_the_caller_what_was_said(place: Place, *, streamed: bool) -> None:
    model = Repeats()
    text, arguments, trace, done = place.ask(f"{streamed}: I am {MAIL}", model, streamed=streamed)
    assert text == done.text == f"{streamed}: I am {MAIL}"
    assert json.loads(arguments) == {"to": text}
    assert MAIL not in json.dumps(model.heard)
    assert trace.answer == f"{streamed}: I am [EMAIL_1]"
    assert MAIL not in str(trace)
    assert [(note["stage"], note["count"]) for note in trace.guardrails] == [("input", 1)]
    (note,) = trace.guardrails
    assert isinstance(note["score"], float)
    assert 0.5 < note["score"] <= 1
    assert note["version"]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("first", [False, True])
def test_a_kept_answer_gives_nobody_what_another_said(place: Place, *, first: bool, streamed: bool) -> None:
    model = Repeats()
    question = f"Whose is it? {first} {streamed}:"
    before = place.ask(f"{question} {MAIL}", model, streamed=first)
    after = place.ask(f"{question} {OTHER}", model, streamed=streamed)
    assert (before[0], after[0]) == (f"{question} {MAIL}", f"{question} {OTHER}")
    assert (before[3].cached, after[3].cached, len(model.heard)) == ("", "exact", 1)
    assert json.loads(after[1]) == {"to": after[0]}
    place.platform.answers.flush()
    files = [path for path in place.platform.settings.home.rglob("*") if path.is_file()]
    assert files
    assert not any(MAIL.encode() in path.read_bytes() for path in files), "it is kept nowhere"


def test_an_answer_under_an_exception_is_not_kept_and_none_is_given(place: Place) -> None:
    exceptions = [{"actors": ["tester"], "until": "2999-01-01", "reason": "load test"}]
    narrow = dataclasses.replace(place, policy=policy_on(exceptions=exceptions))
    model = Repeats()
    for name in ("tester", "tester", "other", "tester"):
        text, _, trace, done = narrow.ask("Nobody in particular", model, streamed=False, name=name)
        assert (text, trace.cached, done.cached) == ("Nobody in particular", "", "")
    assert len(model.heard) == 4
    assert narrow.ask("Nobody in particular", model, streamed=False, name="other")[3].cached == "exact"
