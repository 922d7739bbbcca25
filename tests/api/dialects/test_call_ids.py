"""The signature behind a call goes out with its id and comes back with it, in the APIs that have no place for it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.api.dialects.made import CREATED, answer, body, call, chunk, chunks, done, events, started

from plimsoll.api._call_ids import named_call, plain_id, signed_id
from plimsoll.api.anthropic import MessagesDialect
from plimsoll.api.openai.responses import ResponsesDialect

SIGNATURE = "CoQBAXLI2nz/+A=="
EXTRA = {"google": {"thought_signature": SIGNATURE}}
CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "look", "arguments": '{"at":1}'},
    "extra_content": EXTRA,
}
MESSAGES: dict[str, Any] = {"model": "ask", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}
RESPONSES: dict[str, Any] = {"model": "ask", "input": "Hi"}


@given(st.text(min_size=1).filter(lambda text: "_plim1_" not in text), st.text(min_size=1))
def test_what_goes_out_comes_back(given_id: str, signature: str) -> None:
    signed = signed_id({"id": given_id, "extra_content": {"google": {"thought_signature": signature}}})
    assert named_call(signed) == {"id": given_id, "extra_content": {"google": {"thought_signature": signature}}}
    assert plain_id(signed) == given_id


def test_a_signed_id_has_only_characters_that_every_client_takes() -> None:
    assert all(letter.isascii() and (letter.isalnum() or letter in "_-") for letter in signed_id(CALL))


@given(st.text())
def test_another_id_stays_as_it_is(given_id: str) -> None:
    assert signed_id({"id": given_id}) == given_id
    assert named_call(given_id)["id"] == plain_id(given_id)


@pytest.mark.parametrize("given_id", ["a_plim1_%%", "a_plim1_gA", "_plim1_QQ", ""])
def test_what_is_no_signature_of_ours_is_a_part_of_the_id(given_id: str) -> None:
    assert (named_call(given_id), plain_id(given_id)) == ({"id": given_id}, given_id)


def next_turn(content: list[dict[str, Any]]) -> Any:
    """What a model is told after Anthropic's client answered its call."""
    (use,) = [block for block in content if block["type"] == "tool_use"]
    result = {"type": "tool_result", "tool_use_id": use["id"], "content": "no"}
    turns = [{"role": "assistant", "content": content}, {"role": "user", "content": [result]}]
    return MessagesDialect().read(body(**{**MESSAGES, "messages": [*MESSAGES["messages"], *turns]})).body["messages"]


def test_anthropics_clients_bring_it_back() -> None:
    dialect = MessagesDialect()
    writer = dialect.reply(dialect.read(body(**MESSAGES)), started(), CREATED)
    whole = json.loads(writer.whole(answer({"content": None, "tool_calls": [CALL]}, finish_reason="tool_calls")))
    first = {**call(0, '{"at":1}', id="call_1", name="look"), "extra_content": EXTRA}
    told = events(writer.pieces(chunks(chunk(tool_calls=[first]))) + writer.closing(done("tool_calls")))
    (streamed,) = [event["content_block"] for name, event in told if name == "content_block_start"]
    assert streamed["id"] == whole["content"][0]["id"]
    _, assistant, result = next_turn(whole["content"])
    assert assistant["tool_calls"] == [CALL]
    assert result["tool_call_id"] == "call_1"


def test_openais_clients_bring_it_back() -> None:
    dialect = ResponsesDialect()
    writer = dialect.reply(dialect.read(body(**RESPONSES)), started(), CREATED)
    whole = json.loads(writer.whole(answer({"content": None, "tool_calls": [CALL]}, finish_reason="tool_calls")))
    first = {**call(0, '{"at":1}', id="call_1", name="look"), "extra_content": EXTRA}
    told = events(writer.pieces(chunks(chunk(tool_calls=[first]))) + writer.closing(done("tool_calls")))
    assert told[-1][1]["response"]["output"] == whole["output"]
    output = {"type": "function_call_output", "call_id": whole["output"][0]["call_id"], "output": "no"}
    asked = dialect.read(body(**{**RESPONSES, "input": [{"role": "user", "content": "Hi"}, *whole["output"], output]}))
    _, assistant, result = asked.body["messages"]
    assert assistant["tool_calls"] == [CALL]
    assert result["tool_call_id"] == "call_1"
