"""Responses: translated into a chat completion, and back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import Response
from tests.api.dialects.made import CREATED, TRACE, answer, body, call, chunk, chunks, done, events, started

from plimsoll.api._errors import FieldError, UnsupportedFieldError
from plimsoll.api._problems import problem_from
from plimsoll.api.openai import ResponsesDialect
from plimsoll.kernel.errors import UnavailableError
from plimsoll.models import Chunks

DIALECT = ResponsesDialect()


def chat(**fields: Any) -> dict[str, Any]:
    return dict(DIALECT.read(body(**{"model": "ask", "input": "Hi", **fields})).body)


def reply(**fields: Any) -> Any:
    return DIALECT.reply(DIALECT.read(body(**{"model": "ask", "input": "Hi", **fields})), started(), CREATED)


def whole(*messages: dict[str, Any], finish_reason: str = "stop", **fields: Any) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(reply(**fields).whole(answer(*messages, finish_reason=finish_reason)))
    Response.model_validate(value)
    return value


def test_plain_text_becomes_a_conversation() -> None:
    assert chat(instructions="Be short.", max_output_tokens=50, temperature=0.5, metadata={"a": "b"}) == {
        "messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Hi"}],
        "max_completion_tokens": 50,
        "temperature": 0.5,
        "metadata": {"a": "b"},
    }


def test_items_become_messages_and_what_the_model_did_in_one_turn_is_one() -> None:
    items = [
        {"role": "developer", "content": "Be short."},
        {"type": "message", "role": "user", "content": [
            {"type": "input_text", "text": "See"},
            {"type": "input_image", "image_url": "https://example.org/a.png", "detail": "low"},
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="},
        ]},
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hmm"}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Let me look."}]},
        {"type": "function_call", "call_id": "c1", "name": "look", "arguments": '{"at":1}'},
        {"type": "function_call", "call_id": "c2", "name": "look", "arguments": ""},
        {"type": "function_call_output", "call_id": "c1", "output": "one"},
        {"type": "function_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "two"}]},
        {"role": "assistant", "content": "Done."},
        {"role": "assistant", "content": "Really."},
    ]  # fmt: skip
    assert chat(input=items)["messages"] == [
        {"role": "developer", "content": "Be short."},
        {"role": "user", "content": [
            {"type": "text", "text": "See"},
            {"type": "image_url", "image_url": {"url": "https://example.org/a.png", "detail": "low"}},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="}},
        ]},
        {"role": "assistant", "reasoning_content": "hmm", "content": [{"type": "text", "text": "Let me look."}],
         "tool_calls": [
             {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"at":1}'}},
             {"id": "c2", "type": "function", "function": {"name": "look", "arguments": "{}"}},
         ]},
        {"role": "tool", "tool_call_id": "c1", "content": "one"},
        {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "two"}]},
        {"role": "assistant", "content": "Done."},
        {"role": "assistant", "content": "Really."},
    ]  # fmt: skip


def test_tools_choices_and_forms_are_nested() -> None:
    asked = chat(
        tools=[{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True, "description": "d"}],
        tool_choice={"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
        parallel_tool_calls=False,
        text={
            "format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True},
            "verbosity": "low",
        },
        reasoning={"effort": "high", "summary": "auto"},
        top_logprobs=2,
        top_k=5,
    )
    del asked["messages"]
    assert asked == {
        "tools": [
            {
                "type": "function",
                "function": {"name": "f", "parameters": {"type": "object"}, "strict": True, "description": "d"},
            }
        ],
        "tool_choice": {
            "type": "allowed_tools",
            "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "f"}}]},
        },
        "parallel_tool_calls": False,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True},
        },
        "verbosity": "low",
        "reasoning_effort": "high",
        "logprobs": True,
        "top_logprobs": 2,
        "top_k": 5,
    }


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"background": True}, "background"),
        ({"store": True}, "store"),
        ({"prompt": {"id": "p"}}, "prompt"),
        ({"tools": [{"type": "web_search"}]}, "tools[0]"),
        ({"tools": [{"type": "file_search", "vector_store_ids": ["v"]}]}, "tools[0]"),
        ({"tools": [{"type": "function", "name": "f"}], "tool_choice": {"type": "web_search"}}, "tool_choice"),
        ({"input": [{"type": "item_reference", "id": "m"}]}, "input[0]"),
        ({"input": [{"type": "computer_call"}]}, "input[0]"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]},
            "input[0].content[0].file_id",
        ),
    ],
)
def test_what_needs_a_memory_or_tools_of_the_server_is_refused_and_named(change: dict[str, Any], param: str) -> None:
    with pytest.raises(UnsupportedFieldError) as refused:
        chat(**change)
    problem = problem_from(refused.value, request_id="r")
    assert (problem.status, problem.code, problem.param) == (400, "unsupported_parameter", param)


def test_absent_and_false_are_no_demands() -> None:
    quiet: dict[str, Any] = {"store": False, "background": False, "previous_response_id": None, "tools": []}
    assert chat(**quiet) == chat()


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"input": []}, "input"),
        ({"input": [{"role": "user"}]}, "input[0].content"),
        ({"input": [{"content": "x"}]}, "input[0].role"),
        ({"input": [{"type": "function_call", "name": "f"}]}, "input[0].call_id"),
        ({"input": [{"type": "reasoning", "summary": []}]}, "input"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"text": {"format": {"type": "json_schema", "name": "n"}}}, "text.format.schema"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"model": 7}, "model"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], param: str) -> None:
    with pytest.raises(FieldError) as refused:
        chat(**change)
    assert refused.value.param == param


def test_the_whole_answer() -> None:
    calls = [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"at":1}'}}]
    value = whole(
        {"content": "See:", "reasoning_content": "hmm", "tool_calls": calls},
        finish_reason="tool_calls",
        tools=[{"type": "function", "name": "look"}],
        store=False,
        instructions="Be short.",
    )
    assert (value["id"], value["status"], value["store"], value["model"]) == (
        f"resp_{TRACE}",
        "completed",
        False,
        "contracts/ask",
    )
    assert (value["instructions"], value["created_at"]) == ("Be short.", CREATED)
    reasoning, message, function = value["output"]
    assert reasoning["summary"] == [{"type": "summary_text", "text": "hmm"}]
    assert message["content"] == [{"type": "output_text", "text": "See:", "annotations": [], "logprobs": []}]
    assert (function["call_id"], function["name"], function["arguments"]) == ("c1", "look", '{"at":1}')
    assert value["usage"] == {
        "input_tokens": 120,
        "input_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 16},
        "output_tokens": 30,
        "output_tokens_details": {"reasoning_tokens": 12},
        "total_tokens": 150,
    }
    assert value["plimsoll"]["release_name"] == "r-3f9c2a"


@pytest.mark.parametrize(("finish", "reason"), [("length", "max_output_tokens"), ("content_filter", "content_filter")])
def test_a_cut_answer_is_incomplete(finish: str, reason: str) -> None:
    value = whole({"content": "Ninety"}, finish_reason=finish)
    assert (value["status"], value["incomplete_details"]) == ("incomplete", {"reason": reason})
    assert value["output"][0]["status"] == "incomplete"
    writer = reply(stream=True)
    data = writer.opening() + writer.pieces(chunks(chunk(content="Ninety"))) + writer.closing(done(finish))
    assert events(data)[-1][0] == "response.incomplete"


def test_a_stream_says_every_step_in_order() -> None:
    writer = reply(stream=True)
    data = writer.opening()
    data += writer.pieces(
        chunks(chunk(role="assistant", content=""), chunk(reasoning_content="hm"), chunk(content="Nine"))
    )
    data += writer.pieces(chunks(chunk(content="ty"), chunk(refusal="no")))
    data += writer.pieces(chunks(chunk(tool_calls=[call(0, id="c1", name="look")]), chunk(tool_calls=[call(0, "{}")])))
    data += writer.pieces(chunks(chunk(finish_reason="tool_calls"))) + writer.closing(done("tool_calls"))
    assert [name.removeprefix("response.") for name, _ in events(data)] == [
        "created", "in_progress",
        "output_item.added", "reasoning_summary_part.added", "reasoning_summary_text.delta",
        "reasoning_summary_text.done", "reasoning_summary_part.done", "output_item.done",
        "output_item.added", "content_part.added", "output_text.delta", "output_text.delta",
        "output_text.done", "content_part.done", "content_part.added", "refusal.delta",
        "refusal.done", "content_part.done", "output_item.done",
        "output_item.added", "function_call_arguments.delta", "function_call_arguments.done", "output_item.done",
        "completed",
    ]  # fmt: skip


def test_log_probabilities_ride_with_the_text() -> None:
    writer = reply(stream=True, include=["message.output_text.logprobs"])
    piece = chunk(content="a")
    piece["choices"][0]["logprobs"] = {"content": [{"token": "a", "logprob": -0.5}]}
    said = dict(events(writer.opening() + writer.pieces(chunks(piece)) + writer.closing(done())))
    token = {"bytes": [], "top_logprobs": [], "token": "a", "logprob": -0.5}
    assert said["response.output_text.delta"]["logprobs"] == said["response.output_text.done"]["logprobs"] == [token]


def test_an_error_in_the_middle_is_told_twice_as_event_and_as_state() -> None:
    writer = reply(stream=True)
    data = writer.opening() + writer.pieces(chunks(chunk(content="Nine")))
    problem = problem_from(UnavailableError("the provider hung up"), request_id="r")
    *_, (first, error), (second, failed) = events(data + writer.broken(problem))
    assert (first, second) == ("error", "response.failed")
    assert error["message"] == error["error"]["message"] == "the provider hung up"
    assert failed["response"]["status"] == "failed"
    assert failed["response"]["error"] == {"code": "server_error", "message": "the provider hung up"}
    assert failed["response"]["output"][0]["content"][0]["text"] == "Nine"
    Response.model_validate(failed["response"])


def test_thoughts_alone_are_one_item_whole_and_streamed() -> None:
    value = whole({"content": "", "reasoning_content": "hm"}, finish_reason="length")
    assert [item["type"] for item in value["output"]] == ["reasoning"]
    writer = reply(stream=True)
    last = events(writer.pieces(chunks(chunk(reasoning_content="hm"))) + writer.closing(done("length")))[-1][1]
    assert [item["type"] for item in last["response"]["output"]] == ["reasoning"]


def test_signed_thoughts_come_back_in_the_next_turn() -> None:
    block = {"type": "thinking", "thinking": "hm", "signature": "c2ln"}
    seal: dict[str, Any] = {"include": ["reasoning.encrypted_content"], "store": False}
    value = whole({"content": "x", "reasoning_content": "hm", "thinking_blocks": [block]}, **seal)
    message = chat(input=[{"role": "user", "content": "?"}, *value["output"], {"role": "user", "content": "!"}])[
        "messages"
    ][1]
    assert (message["thinking_blocks"], message["reasoning_content"]) == ([block], "hm")
    assert "encrypted_content" not in whole({"content": "x", "thinking_blocks": [block]})["output"][0]
    writer = reply(stream=True, **seal)
    data = writer.pieces(chunks(chunk(reasoning_content="hm"), chunk(thinking_blocks=[block]), chunk(content="x")))
    last = events(data + writer.closing(done()))[-1][1]
    assert last["response"]["output"] == value["output"]


@pytest.mark.parametrize("sealed", ["plim1.%%%", "plim1.e30=", "gAAAA", "plim1." + "W1s=", ""])
def test_what_is_no_seal_of_ours_is_passed_over(sealed: str) -> None:
    items = [{"type": "reasoning", "summary": [], "encrypted_content": sealed}, {"role": "assistant", "content": "x"}]
    assert chat(input=items)["messages"] == [{"role": "assistant", "content": "x"}]


PIECES = st.lists(
    st.one_of(
        st.text(max_size=4).map(lambda text: chunk(content=text)),
        st.text(min_size=1, max_size=4).map(lambda text: chunk(reasoning_content=text)),
        st.text(min_size=1, max_size=4).map(lambda text: chunk(refusal=text)),
        st.tuples(st.integers(0, 2), st.text(max_size=4)).map(
            lambda made: chunk(tool_calls=[call(made[0], made[1], id=f"c{made[0]}", name=f"f{made[0]}")])
        ),
    ),
    max_size=12,
)


@given(PIECES, st.integers(1, 4))
def test_every_stream_tells_the_same_as_its_last_event(sent: list[dict[str, Any]], together: int) -> None:
    writer = reply(stream=True)
    data = writer.opening()
    data += b"".join(writer.pieces(Chunks(tuple(sent[at : at + together]))) for at in range(0, len(sent), together))
    told = events(data + writer.closing(done()))
    assert [value["sequence_number"] for _, value in told] == list(range(len(told)))
    assert all(name == value["type"] for name, value in told)
    added = [value["output_index"] for name, value in told if name == "response.output_item.added"]
    ended = {value["output_index"]: value["item"] for name, value in told if name == "response.output_item.done"}
    output = told[-1][1]["response"]["output"]
    assert added == list(range(len(output)))
    assert [ended[index] for index in added] == output
    assert len({item["id"] for item in output}) == len(output)
    Response.model_validate(told[-1][1]["response"])
    for index, item in enumerate(output):
        deltas = "".join(
            value["delta"] for name, value in told if name.endswith(".delta") and value["output_index"] == index
        )
        assert deltas == _text(item)
    deltas_in = [piece["choices"][0]["delta"] for piece in sent]
    words = "".join(delta.get("content", delta.get("refusal", "")) for delta in deltas_in)
    assert "".join(_text(item) for item in output if item["type"] == "message") == words
    for index in range(3):
        given_arguments = [
            c["function"]["arguments"] for d in deltas_in for c in d.get("tool_calls", ()) if c["index"] == index
        ]
        told_arguments = [item["arguments"] for item in output if item.get("call_id") == f"c{index}"]
        assert told_arguments == (["".join(given_arguments)] if given_arguments else [])


def _text(item: dict[str, Any]) -> str:
    if item["type"] == "function_call":
        return str(item["arguments"])
    parts = item["summary"] if item["type"] == "reasoning" else item["content"]
    return "".join(part.get("text", part.get("refusal", "")) for part in parts)
