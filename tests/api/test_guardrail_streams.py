"""Every API tells the same of an answer under a guardrail, streamed or not, wherever the model's pieces were cut."""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.api.dialects.made import CREATED, body, done, events, started
from tests.guardrails.test_streaming import Sentencewise

from plimsoll.api._dialect import Dialect
from plimsoll.api.anthropic import MessagesDialect
from plimsoll.api.openai import ChatDialect, ResponsesDialect
from plimsoll.flows.serve import Answer
from plimsoll.flows.serve._errors import GuardrailBlockedError
from plimsoll.flows.serve.guarding import Guard, Passing
from plimsoll.guardrails import Policy
from plimsoll.models import Body, Chunks

OWN_MAIL, OWN_IBAN = "ann.o'hara@example.org", "DE89 3704 0044 0532 0130 00"
SAID = f"I am {OWN_MAIL}, and my account is {OWN_IBAN}."
EVERYWHERE = ["input", "retrieved", "tool_result", "tool_call", "output"]
POLICY = Policy.from_json(
    "standard",
    {
        "checks": [
            {"check": "pii", "on": EVERYWHERE, "action": "redact", "restore": True},
            {"check": "secrets", "on": ["output", "tool_call"], "action": "redact"},
            {"check": "blocklist", "name": "rival", "words": ["zeus ltd"], "on": EVERYWHERE, "action": "block"},
            {"check": "sentencewise", "on": ["output"], "action": "flag", "on_error": "flag"},
        ]
    },
    {"sentencewise": Sentencewise()},
)
PLANTS = (
    "bob.smith@example.org",
    "4111-1111-1111-1111",
    "GB29 NWBK 6016 1331 9268 19",
    "460-89-9847",
    "192.168.1.20",
    "00:1B:44:11:3A:B7",
    "+49 (0)89 1234567",
    "born on 1999-12-31",
    "AKIAIOSFODNN7EXAMPLE",
    "password: hunter2!!x",
    OWN_MAIL,
    "[EMAIL_1]",
    "[EMAIL_1][IBAN_1] [EMAIL_2]",
    "[[EMAIL_1] [EMAIL",
    "Zeus Ltd",
    "\uff14\uff11\uff11\uff11 1111 1111 1111 \u00e9\U0001f513",
)


@dataclass
class Told:
    """What a client of an API heard."""

    text: str = ""
    thoughts: str = ""
    calls: list[str] = field(default_factory=list)
    error: str = ""


@dataclass(frozen=True)
class Api:
    """One of the three: how it is asked, and how its answers are read."""

    name: str
    dialect: Dialect
    ask: Body
    whole: Callable[[Any], Told]
    streamed: Callable[[str, Any, Told], None]

    def __str__(self) -> str:
        return self.name


def _whole_chat(value: Any) -> Told:
    message = value["choices"][0]["message"]
    calls = [call["function"]["arguments"] for call in message.get("tool_calls") or ()]
    return Told(message.get("content") or "", message.get("reasoning_content") or "", calls)


def _streamed_chat(_: str, value: Any, told: Told) -> None:
    for choice in value.get("choices", ()) if isinstance(value, dict) else ():
        delta = choice["delta"]
        told.text += delta.get("content") or ""
        told.thoughts += delta.get("reasoning_content") or ""
        for call in delta.get("tool_calls") or ():
            told.calls += [""] * (call["index"] + 1 - len(told.calls))
            told.calls[call["index"]] += call["function"].get("arguments") or ""


def _whole_responses(value: Any) -> Told:
    told = Told()
    for item in value["output"]:
        if item["type"] == "message":
            told.text += "".join(part["text"] for part in item["content"])
        elif item["type"] == "reasoning":
            told.thoughts += "".join(part["text"] for part in item["summary"])
        else:
            told.calls.append(item["arguments"])
    return told


def _streamed_responses(name: str, value: Any, told: Told) -> None:
    if name == "response.output_text.delta":
        told.text += value["delta"]
    elif name == "response.reasoning_summary_text.delta":
        told.thoughts += value["delta"]
    elif name == "response.function_call_arguments.delta":
        told.calls.append(value["delta"])
    elif name == "response.completed":
        assert _whole_responses(value["response"]) == told, "the last event tells it all again"


def _whole_messages(value: Any) -> Told:
    told = Told()
    for block in value["content"]:
        told.text += block.get("text", "")
        told.thoughts += block.get("thinking", "")
        if block["type"] == "tool_use":
            told.calls.append(json.dumps(block["input"]))
    return told


def _streamed_messages(name: str, value: Any, told: Told) -> None:
    if name == "content_block_delta":
        told.text += value["delta"].get("text", "")
        told.thoughts += value["delta"].get("thinking", "")
        if "partial_json" in value["delta"]:
            told.calls.append(json.dumps(json.loads(value["delta"]["partial_json"])))


_MESSAGES = [{"role": "user", "content": SAID}]
APIS = (
    Api("chat", ChatDialect(), {"model": "ask", "messages": _MESSAGES}, _whole_chat, _streamed_chat),
    Api("responses", ResponsesDialect(), {"model": "ask", "input": SAID}, _whole_responses, _streamed_responses),
    Api(
        "messages",
        MessagesDialect(),
        {"model": "ask", "messages": _MESSAGES, "max_tokens": 9},
        _whole_messages,
        _streamed_messages,
    ),
)
apis = pytest.mark.parametrize("api", APIS, ids=str)


async def begun(api: Api) -> tuple[Passing, Any]:
    """A guarded request, and what writes its answer."""
    asked = api.dialect.read(body(**api.ask))
    passing = Passing(Guard(POLICY))
    allowed = await passing.messages(asked.body, 0)
    assert allowed["messages"][-1]["content"] == "I am [EMAIL_1], and my account is [IBAN_1]."
    return passing, api.dialect.reply(asked, started(), CREATED)


async def whole(api: Api, message: Body) -> tuple[Told, Any]:
    """What a client hears at once, and what was noted."""
    passing, writer = await begun(api)
    finish = "tool_calls" if message.get("tool_calls") else "stop"
    answer = {"choices": [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}]}
    try:
        told = await passing.restored(await passing.answer(answer))
    except GuardrailBlockedError as error:
        return Told(error=error.message), passing.notes
    return api.whole(json.loads(writer.whole(Answer(started(), told, done(finish))))), passing.notes


async def streamed(api: Api, deltas: Sequence[Body], finish: str = "stop") -> tuple[Told, Any]:
    """The same for the pieces of a stream."""
    passing, writer = await begun(api)
    passing.begin()
    raw = writer.opening()
    told = Told()
    choices: list[Body] = [*({"delta": delta, "finish_reason": None} for delta in deltas), {"finish_reason": finish}]
    try:
        for choice in choices:
            allowed = await passing.pieces(Chunks(({"choices": [{"index": 0, "delta": {}, **choice}]},)))
            raw += b"".join(map(writer.pieces, await passing.told(allowed)))
        raw += b"".join(map(writer.pieces, await passing.told(await passing.rest(), last=True)))
        raw += writer.closing(done(finish))
    except GuardrailBlockedError as error:
        told.error = error.message
    for name, value in events(raw):
        api.streamed(name, value, told)
    return told, passing.notes


def pieces_of(text: str, cuts: Sequence[int]) -> Iterator[str]:
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    return (text[start:end] for start, end in pairwise(places))


def call_of(arguments: str) -> dict[str, Any]:
    return {"id": "c1", "type": "function", "function": {"name": "mail", "arguments": arguments}}


def same(api: Api, message: Body, deltas: Sequence[Body], finish: str = "stop") -> Told:
    """A stream tells what a whole answer tells; one that is stopped has told a beginning, and nothing that stopped."""

    async def both() -> tuple[tuple[Told, Any], tuple[Told, Any]]:
        return await whole(api, message), await streamed(api, deltas, finish)

    (expected, noted), (found, found_noted) = asyncio.run(both())
    assert found_noted == noted
    if expected.error:
        assert found.error == expected.error
        assert "Zeus" not in found.text + found.thoughts + "".join(found.calls)
        return expected
    assert found == expected
    for hidden in ("bob.smith", "4111", "NWBK", "460-89", "AKIA", "hunter2"):
        assert hidden not in found.text + found.thoughts + "".join(found.calls)
    return expected


@apis
@pytest.mark.parametrize("name", ["content", "reasoning_content"])
@pytest.mark.parametrize("plant", PLANTS)
def test_a_text_may_be_cut_at_every_place(api: Api, name: str, plant: str) -> None:
    text = f"Tell [EMAIL_1] and {plant} now. Then [IBAN_1], {plant}"
    after = {} if name == "content" else {"content": "Well."}
    for at in range(len(text) + 1):
        told = same(api, {name: text, **after}, [{name: piece} for piece in pieces_of(text, [at])] + [after])
        if "Zeus" not in plant:
            assert (told.text if name == "content" else told.thoughts).startswith(f"Tell {OWN_MAIL} and ")


ARGUMENTS = (
    *(json.dumps({"to": ["[EMAIL_1]", plant], "n": 1.50}) for plant in PLANTS),
    *(json.dumps({"deep": json.dumps({"to": plant, "own": "[EMAIL_1]"})}) for plant in PLANTS[:3]),
    '{"card":4111111111111111,"own":"[IBAN_1]"}',
    '{"to":"bob.smith\\u0040example.org"}',
    '{"Zeus\\u0020Ltd":1}',
)


@apis
@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_a_call_may_be_cut_at_every_place(api: Api, arguments: str) -> None:
    for at in range(len(arguments) + 1):
        first = {"tool_calls": [{"index": 0, **call_of("")}]}
        rest = [{"tool_calls": [{"index": 0, "function": {"arguments": one}}]} for one in pieces_of(arguments, [at])]
        told = same(api, {"content": None, "tool_calls": [call_of(arguments)]}, [first, *rest], "tool_calls")
        for call in told.calls:
            assert json.loads(call), "what is put back leaves it JSON"
            assert (OWN_MAIL in call) == ("[EMAIL_1]" in arguments or OWN_MAIL in arguments)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(APIS),
    st.lists(st.sampled_from((*PLANTS, " ", ". ", "Then", "@", "[", "]", "\n")), max_size=8).map(" ".join),
    st.lists(st.sampled_from((*PLANTS[:6], "[EMAIL_1]")), max_size=3),
    st.lists(st.integers(0, 200), max_size=9),
)
def test_words_and_calls_together_are_told_alike(api: Api, text: str, to: list[str], cuts: list[int]) -> None:
    arguments = json.dumps({"to": to, "why": text})
    first = {"tool_calls": [{"index": 0, **call_of("")}]}
    more = [{"tool_calls": [{"index": 0, "function": {"arguments": one}}]} for one in pieces_of(arguments, cuts)]
    deltas: list[Body] = [*({"content": piece} for piece in pieces_of(text, cuts)), first, *more]
    told = same(api, {"content": text, "tool_calls": [call_of(arguments)]}, deltas, "tool_calls")
    assert told.error or [list(json.loads(call)) for call in told.calls] == [["to", "why"]]


@apis
def test_a_call_goes_on_with_the_numbers_of_the_words_before_it(api: Api) -> None:
    text, arguments = "eve@example.org and bob@example.org", '{"to":"bob@example.org, new@example.org"}'
    deltas: list[Body] = [{"content": text}, {"tool_calls": [{"index": 0, **call_of(arguments)}]}]
    told = same(api, {"content": text, "tool_calls": [call_of(arguments)]}, deltas, "tool_calls")
    assert told.text == "[EMAIL_2] and [EMAIL_3]"
    assert [json.loads(call) for call in told.calls] == [{"to": "[EMAIL_3], [EMAIL_4]"}]


@apis
def test_thoughts_are_numbered_by_themselves(api: Api) -> None:
    """They come before the words in a stream, and may stand behind them in a whole answer."""
    text, thought = "eve@example.org and bob@example.org", "bob@example.org or ann.o'hara@example.org"
    deltas: list[Body] = [{"reasoning_content": thought}, {"content": text}]
    told = same(api, {"content": text, "reasoning_content": thought}, deltas)
    assert (told.text, told.thoughts) == ("[EMAIL_2] and [EMAIL_3]", f"[EMAIL_2] or {OWN_MAIL}")


def test_two_answers_at_once_are_numbered_as_one_after_the_other() -> None:
    texts = ("first bob@example.org, then eve@example.org", "first eve@example.org, then bob@example.org")

    async def story(order: Sequence[int]) -> list[str]:
        passing, _ = await begun(APIS[0])
        passing.begin()
        said = ["", ""]
        for index in order:
            delta = {"content": texts[index]}
            piece = {"choices": [{"index": index, "delta": delta, "finish_reason": None}]}
            end = {"choices": [{"index": index, "delta": {}, "finish_reason": "stop"}]}
            allowed = await passing.pieces(Chunks((piece, end)))
            for chunk in () if allowed is None else allowed.chunks:
                said[index] += chunk["choices"][0]["delta"].get("content", "")
        return said

    async def at_once() -> list[str]:
        passing, _ = await begun(APIS[0])
        choices = [
            {"index": index, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            for index, text in enumerate(texts)
        ]
        answer = await passing.answer({"choices": choices})
        return [choice["message"]["content"] for choice in answer["choices"]]

    expected = asyncio.run(at_once())
    assert expected == ["first [EMAIL_2], then [EMAIL_3]"] * 2
    assert [asyncio.run(story(order)) for order in ((0, 1), (1, 0))] == [expected, expected]


@apis
def test_what_an_api_calls_a_result_of_a_tool_is_looked_at_as_one(api: Api) -> None:
    found = f"Zeus Ltd, {OWN_MAIL}"
    results: dict[str, dict[str, Any]] = {
        "chat": {"messages": [*_MESSAGES, {"role": "tool", "tool_call_id": "c1", "content": found}]},
        "responses": {
            "input": [
                {"role": "user", "content": SAID},
                {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c1", "output": found},
            ]
        },
        "messages": {
            "messages": [
                *_MESSAGES,
                {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "f", "input": {}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": found}]},
            ]
        },
    }
    rule = {"check": "blocklist", "name": "rival", "words": ["zeus ltd"], "on": ["tool_result"], "action": "flag"}
    passing = Passing(Guard(Policy.from_json("found", {"checks": [rule]})))
    asyncio.run(passing.messages(api.dialect.read(body(**{**api.ask, **results[api.name]})).body, 0))
    assert [(note.stage, note.kind) for note in passing.notes] == [("tool_result", "rival")]
