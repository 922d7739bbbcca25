"""A guardrail sees every text of a call and of an answer, however it is cut."""

import json
from typing import Any

import pytest

from plimsoll.flows.serve._errors import GuardrailBlockedError
from plimsoll.flows.serve.guarding import Guard, StreamGuard
from plimsoll.guardrails import Policy
from plimsoll.models import Chunks

MAIL = "bob@example.org"
CHECKS: list[dict[str, Any]] = [
    {"check": "pii", "kinds": ["email"], "on": ["input", "output"], "action": "redact"},
    {"check": "blocklist", "name": "rival", "words": ["zeus ltd"], "on": ["input", "output"], "action": "block"},
]


def guard() -> Guard:
    return Guard(Policy.from_json("standard", {"checks": CHECKS}))


def let_through(stream: StreamGuard | None, choice: dict[str, Any]) -> list[Chunks]:
    chunks = Chunks(({"choices": [choice]},))
    allowed = chunks if stream is None else stream.feed(chunks)
    return [] if allowed is None else [allowed]


def streamed(*deltas: dict[str, Any], finish: str | None = "stop") -> list[dict[str, Any]]:
    """The pieces that come out of a stream with these."""
    stream = guard().stream()
    assert stream is not None
    choices: list[dict[str, Any]] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    if finish:
        choices.append({"index": 0, "delta": {}, "finish_reason": finish})
    out = [one for choice in choices for one in let_through(stream, choice)]
    out += filter(None, [stream.finish()])
    return [dict(choice["delta"]) for chunks in out for chunk in chunks.chunks for choice in chunk["choices"]]


def test_text_in_several_parts_is_read_as_one() -> None:
    parts = [{"type": "text", "text": "bob@exam"}, {"type": "text", "text": "ple.org"}]
    body = guard().messages({"messages": [{"role": "user", "content": parts}]})
    assert body["messages"][0]["content"] == [{"type": "text", "text": "[EMAIL]"}]
    assert parts[0]["text"] == "bob@exam", "what was sent is not changed"


@pytest.mark.parametrize(
    "more",
    [
        {"tools": [{"type": "function", "function": {"name": "mail", "parameters": {"description": MAIL}}}]},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"enum": [MAIL]}}}},
        {"prediction": {"type": "content", "content": [{"type": "text", "text": MAIL}]}},
        {"metadata": {"id": MAIL}},
        {"vendor": MAIL},
    ],
)
def test_a_text_beside_the_messages_is_taken_out(more: dict[str, Any]) -> None:
    body = guard().messages({"messages": [{"role": "user", "content": "Hello?"}], **more})
    assert json.dumps(body).count("[EMAIL]") == 1
    assert MAIL not in json.dumps(body)


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "function_call": {"name": "mail", "arguments": '{"to": "bob\\u0040example.org"}'}},
        {"role": "user", "name": MAIL, "content": "Hello?"},
        {"role": "assistant", "content": "", "thinking_blocks": [{"type": "thinking", "thinking": MAIL}]},
    ],
)
def test_a_text_beside_the_content_is_taken_out(message: dict[str, Any]) -> None:
    body = guard().messages({"messages": [message]})
    assert "[EMAIL]" in json.dumps(body)


def test_names_and_encoded_data_stay_as_they_are() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A1b2+/" * 50 + "=="}}
    body = {"messages": [{"role": "user", "content": [image]}], "user": MAIL, "reasoning_effort": "low"}
    assert guard().messages(body) == body


def test_what_is_blocked_stands_in_no_key_and_at_no_depth() -> None:
    deep: Any = "x"
    for _ in range(300):
        deep = [deep]
    for vendor in ({"Zeus Ltd": 1}, {MAIL: 1}, deep):
        with pytest.raises(GuardrailBlockedError):
            guard().messages({"messages": [{"role": "user", "content": "Hello?"}], "vendor": vendor})


def test_a_whole_answer_tells_no_probabilities() -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "logprobs": {"content": [{"token": "Hi"}]}}
    assert guard().answer({"choices": [choice]})["choices"][0]["logprobs"] is None


@pytest.mark.parametrize("finish", ["stop", None])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"content": "I know Zeus "}, {"content": "Ltd"}),
        ({"reasoning": "I know Zeus "}, {"reasoning": "Ltd"}),
        ({"vendor_text": "I know Zeus "}, {"vendor_text": "Ltd"}),
        ({"audio": {"transcript": "I know Zeus "}}, {"audio": {"transcript": "Ltd"}}),
        ({"reasoning_details": [{"text": "Zeus "}]}, {"reasoning_details": [{"text": "Ltd"}]}),
        ({"function_call": {"name": "x", "arguments": "Zeus "}}, {"function_call": {"arguments": "Ltd"}}),
        (
            {"tool_calls": [{"index": 0, "custom": {"name": "x", "input": "Zeus "}}]},
            {"tool_calls": [{"index": 0, "custom": {"input": "Ltd"}}]},
        ),
    ],
)
def test_a_text_that_is_cut_is_stopped(first: dict[str, Any], second: dict[str, Any], finish: str | None) -> None:
    with pytest.raises(GuardrailBlockedError):
        streamed(first, second, finish=finish)


@pytest.mark.parametrize("finish", ["stop", None])
def test_nothing_that_was_held_is_lost(finish: str | None) -> None:
    call = {"index": 0, "id": "c1", "type": "function", "function": {"name": "mail", "arguments": "{}"}}
    note = {"annotations": [{"type": "url_citation", "url_citation": {"title": "Rules"}}]}
    pieces = streamed({"content": "Well: bob@"}, note, {"tool_calls": [call]}, finish=finish)
    assert "".join(piece.get("content", "") for piece in pieces) == "Well: bob@"
    assert note in pieces
    assert {"tool_calls": [call]} in pieces


def test_a_thought_ends_before_its_signature() -> None:
    block = {"thinking_blocks": [{"type": "thinking", "thinking": "I see bob", "signature": "c2ln"}]}
    pieces = streamed({"reasoning_content": "I see bob"}, block, {"content": "Yes."})
    at = pieces.index(block)
    assert "".join(piece.get("reasoning_content", "") for piece in pieces[:at]) == "I see bob"
    assert not any("content" in piece for piece in pieces[:at])


@pytest.mark.parametrize(("stage", "held"), [("output", True), ("tool_call", True), ("input", False)])
def test_calls_of_tools_are_held_until_the_answer_ends_where_a_policy_looks_at_them(stage: str, held: bool) -> None:
    check = {"check": "pii", "kinds": ["email"], "on": [stage], "action": "redact"}
    stream = Guard(Policy.from_json("standard", {"checks": [check]})).stream()
    begun = {"index": 0, "id": "c1", "type": "function", "function": {"name": "mail", "arguments": '{"to": "b'}}
    rest = {"index": 0, "function": {"arguments": 'ob"}'}}
    out: list[list[str]] = []
    for delta, finish in (({"tool_calls": [begun]}, None), ({"tool_calls": [rest]}, None), ({}, "tool_calls")):
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        pieces = [chunk for one in let_through(stream, choice) for chunk in one.chunks]
        calls = [call for piece in pieces for call in piece["choices"][0]["delta"].get("tool_calls", ())]
        out.append([call["function"]["arguments"] for call in calls])
    assert out == ([[], [], ['{"to": "bob"}']] if held else [['{"to": "b'], ['ob"}'], []])
