"""Anthropic's Messages: translated into a chat completion, and back."""

import json
from typing import Any

import pytest
from anthropic.types import Message
from hypothesis import given
from hypothesis import strategies as st
from tests.api.dialects.made import CREATED, TRACE, answer, body, call, chunk, chunks, done, events, started

from plimsoll.api._errors import FieldError, MalformedBodyError, UnsupportedFieldError
from plimsoll.api._problems import problem_from
from plimsoll.api.anthropic import MessagesDialect, count_tokens, read_count
from plimsoll.kernel.errors import UnavailableError
from plimsoll.models import Chunks

DIALECT = MessagesDialect()
ASKED: dict[str, Any] = {"model": "ask", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}
PICTURE = {"type": "base64", "media_type": "image/png", "data": "AA=="}
KEEP = {"type": "ephemeral"}


def chat(**fields: Any) -> dict[str, Any]:
    return dict(DIALECT.read(body(**{**ASKED, **fields})).body)


def reply(**fields: Any) -> Any:
    return DIALECT.reply(DIALECT.read(body(**{**ASKED, **fields})), started(), CREATED)


def whole(*messages: dict[str, Any], finish_reason: str = "stop", **fields: Any) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(reply(**fields).whole(answer(*messages, finish_reason=finish_reason)))
    Message.model_validate(value)
    return value


def test_a_plain_request() -> None:
    asked = DIALECT.read(
        body(**ASKED, system="Be short.", stream=True, top_k=5, stop_sequences=["\n"], metadata={"user_id": "u-1"})
    )
    assert (asked.target, asked.stream, asked.users) == ("ask", True, (("metadata.user_id", "u-1"),))
    assert asked.body == {
        "messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Hi"}],
        "max_completion_tokens": 100,
        "top_k": 5,
        "stop": ["\n"],
        "user": "u-1",
    }


def test_blocks_become_parts_calls_and_what_tools_said() -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "c2ln"}
    messages = [
        {"role": "user", "content": [
            {"type": "text", "text": "See", "cache_control": KEEP},
            {"type": "image", "source": PICTURE},
            {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
            {"type": "document", "title": "a.pdf", "source": {**PICTURE, "media_type": "application/pdf"}},
            {"type": "search_result", "source": "s", "title": "t", "content": []},
        ]},
        {"role": "assistant", "content": [
            thought, {"type": "text", "text": "Let me look."},
            {"type": "tool_use", "id": "t1", "name": "look", "input": {"at": 1}},
        ]},
        {"role": "user", "content": [
            {"type": "text", "text": "Go on."},
            {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "no"}], "is_error": True},
        ]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t2"}]},
    ]  # fmt: skip
    system = [{"type": "text", "text": "Be short.", "cache_control": KEEP}]
    assert chat(messages=messages, system=system)["messages"] == [
        {"role": "system", "content": system},
        {"role": "user", "content": [
            {"type": "text", "text": "See", "cache_control": KEEP},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
            {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="}},
            {"type": "search_result", "source": "s", "title": "t", "content": []},
        ]},
        {"role": "assistant", "content": "Let me look.", "thinking_blocks": [thought],
         "tool_calls": [{"id": "t1", "type": "function", "function": {"name": "look", "arguments": '{"at":1}'}}]},
        {"role": "tool", "tool_call_id": "t1", "content": [{"type": "text", "text": "no"}], "is_error": True},
        {"role": "user", "content": [{"type": "text", "text": "Go on."}]},
        {"role": "tool", "tool_call_id": "t2", "content": ""},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"type": "auto"}, {"tool_choice": "auto"}),
        ({"type": "any", "disable_parallel_tool_use": True}, {"tool_choice": "required", "parallel_tool_calls": False}),
        ({"type": "none"}, {"tool_choice": "none"}),
        ({"type": "tool", "name": "look"}, {"tool_choice": {"type": "function", "function": {"name": "look"}}}),
        (None, {}),
    ],
)
def test_tools_and_choices(choice: Any, expected: dict[str, Any]) -> None:
    schema = {"type": "object", "properties": {"at": {"type": "integer"}}}
    own = {"type": "web_search_20250305", "name": "web_search"}
    tools = [{"name": "look", "description": "d", "input_schema": schema, "cache_control": KEEP}, own]
    asked = chat(tools=tools, tool_choice=choice)
    function = {"name": "look", "parameters": schema, "description": "d"}
    assert asked.pop("tools") == [{"type": "function", "function": function, "cache_control": KEEP}, own]
    assert {name: value for name, value in asked.items() if name in {"tool_choice", "parallel_tool_calls"}} == expected


def test_thinking_forms_and_tiers() -> None:
    asked = chat(
        thinking={"type": "enabled", "budget_tokens": 1024},
        output_config={"effort": "low", "format": {"type": "json_schema", "schema": {"type": "object"}}},
        service_tier="standard_only",
    )
    assert asked["thinking"] == {"type": "enabled", "budget_tokens": 1024}
    assert (asked["reasoning_effort"], asked["service_tier"]) == ("low", "default")
    assert asked["response_format"]["json_schema"] == {"name": "answer", "schema": {"type": "object"}, "strict": True}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": None}, "max_tokens"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
        ({"messages": [{"role": "user", "content": [{"type": "tool_result"}]}]}, "messages[0].content[0].tool_use_id"),
        (
            {"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "t"}]}]},
            "messages[0].content[0].name",
        ),
        ({"tools": [{"input_schema": {}}]}, "tools[0].name"),
        ({"tools": [{"name": "f"}], "tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"temperature": 1.5}, "temperature"),
    ],
)
def test_what_is_wrong_is_named_in_anthropics_envelope(change: dict[str, Any], param: str) -> None:
    with pytest.raises(FieldError) as refused:
        chat(**change)
    assert refused.value.param == param
    told = json.loads(problem_from(refused.value, request_id="r1").to_anthropic())
    assert (told["type"], told["error"]["type"], told["request_id"]) == ("error", "invalid_request_error", "r1")
    assert told["error"]["message"].startswith(f"{param}: ")


def test_max_tokens_is_required() -> None:
    with pytest.raises(FieldError, match="max_tokens"):
        DIALECT.read(body(model="ask", messages=ASKED["messages"]))
    with pytest.raises(MalformedBodyError):
        DIALECT.read(b"{")
    with pytest.raises(UnsupportedFieldError):
        chat(mcp_servers=[{"type": "url", "url": "https://example.org", "name": "x"}])


def test_the_whole_answer() -> None:
    calls = [
        {"id": "t1", "type": "function", "function": {"name": "look", "arguments": '{"at":1}'}},
        {"id": "t2", "type": "function", "function": {"name": "look", "arguments": "not json"}},
    ]
    value = whole({"content": "See:", "reasoning_content": "hm", "tool_calls": calls}, finish_reason="tool_calls")
    assert (value["id"], value["model"], value["stop_reason"]) == (f"msg_{TRACE}", "contracts/ask", "tool_use")
    assert value["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": ""},
        {"type": "text", "text": "See:", "citations": None},
        {"type": "tool_use", "id": "t1", "name": "look", "input": {"at": 1}},
        {"type": "tool_use", "id": "t2", "name": "look", "input": {"arguments": "not json"}},
    ]
    assert value["usage"] == {
        "input_tokens": 40,
        "cache_creation_input_tokens": 16,
        "cache_read_input_tokens": 64,
        "output_tokens": 30,
    }
    assert value["plimsoll"]["release_name"] == "r-3f9c2a"


@pytest.mark.parametrize(
    ("finish", "reason"),
    [("stop", "end_turn"), ("length", "max_tokens"), ("content_filter", "refusal"), ("odd", "end_turn")],
)
def test_why_it_ended(finish: str, reason: str) -> None:
    assert whole({"content": "x"}, finish_reason=finish)["stop_reason"] == reason


def test_a_stop_sequence_is_told_where_the_provider_says_which() -> None:
    given = answer({"content": "x"})
    given.body["choices"][0]["stop_reason"] = "END"
    value = json.loads(reply(stop_sequences=["END"]).whole(given))
    assert (value["stop_reason"], value["stop_sequence"]) == ("stop_sequence", "END")


@pytest.mark.parametrize(
    ("told", "stops", "reason", "sequence"),
    [
        ("stop_sequence", ["END"], "stop_sequence", "END"),
        ("stop_sequence", ["END", "."], "stop_sequence", None),
        ("stop_sequence", [], "end_turn", None),
        ("pause_turn", [], "pause_turn", None),
        (128_001, ["END"], "end_turn", None),
    ],
)
def test_why_it_ended_as_far_as_the_provider_tells(
    told: Any, stops: list[str], reason: str, sequence: str | None
) -> None:
    given = answer({"content": "x"})
    given.body["choices"][0]["stop_reason"] = told
    value = json.loads(reply(stop_sequences=stops).whole(given))
    assert (value["stop_reason"], value["stop_sequence"]) == (reason, sequence)
    writer = reply(stop_sequences=stops)
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "stop_reason": told}]}
    streamed = events(writer.pieces(chunks(chunk(content="x"), last)) + writer.closing(done()))[-2][1]
    assert streamed["delta"] == {"stop_reason": reason, "stop_sequence": sequence}


def test_a_document_with_more_than_openais_form_can_say_stays_as_it_is() -> None:
    source = {**PICTURE, "media_type": "application/pdf"}
    blocks = [
        {"type": "document", "title": "t", "source": source, "context": "c"},
        {"type": "document", "title": "t", "source": source, "citations": {"enabled": True}},
    ]
    assert chat(messages=[{"role": "user", "content": blocks}])["messages"] == [{"role": "user", "content": blocks}]


def test_a_stream_says_every_step_in_order() -> None:
    writer = reply(stream=True)
    data = writer.opening() + writer.pieces(
        chunks(chunk(role="assistant", content=""), chunk(content="Nine"), chunk(content="ty"))
    )
    data += writer.pieces(
        chunks(chunk(tool_calls=[call(0, id="t1", name="look")]), chunk(tool_calls=[call(0, '{"at":')]))
    )
    data += writer.pieces(chunks(chunk(tool_calls=[call(0, "1}")]), chunk(finish_reason="tool_calls")))
    told = events(data + writer.closing(done("tool_calls")))
    assert [name for name, _ in told] == [
        "message_start", "ping",
        "content_block_start", "content_block_delta", "content_block_delta", "content_block_stop",
        "content_block_start", "content_block_delta", "content_block_delta", "content_block_stop",
        "message_delta", "message_stop",
    ]  # fmt: skip
    assert told[-2][1]["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}
    assert told[-2][1]["usage"]["input_tokens"] == 40


def test_a_stream_begins_with_about_how_many_tokens_came_in_and_ends_with_how_many_it_were() -> None:
    writer = reply(stream=True, messages=[{"role": "user", "content": "ä" * 400}])
    told = events(writer.opening() + writer.pieces(chunks(chunk(content="x"))) + writer.closing(done()))
    first, last = told[0][1]["message"]["usage"], told[-2][1]["usage"]
    assert first == {
        "input_tokens": 4 + 200 + len("Ninety days.") // 4,
        "output_tokens": 0,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
    }
    assert last == {
        "input_tokens": 40,
        "output_tokens": 30,
        "cache_creation_input_tokens": 16,
        "cache_read_input_tokens": 64,
    }


@given(st.text(max_size=50), st.text(max_size=50))
def test_a_longer_request_is_not_said_to_have_fewer_tokens(before: str, more: str) -> None:
    def said(text: str) -> int:
        writer = reply(stream=True, messages=[{"role": "user", "content": text}])
        tokens: int = events(writer.opening())[0][1]["message"]["usage"]["input_tokens"]
        return tokens

    assert 0 < said(before) <= said(before + more)


def test_signed_and_hidden_thoughts_are_streamed_as_blocks() -> None:
    signed = {"type": "thinking", "thinking": "hm", "signature": "c2ln"}
    hidden = {"type": "redacted_thinking", "data": "eA=="}
    writer = reply(stream=True)
    data = writer.pieces(
        chunks(chunk(reasoning_content="h"), chunk(reasoning_content="m"), chunk(thinking_blocks=[signed]))
    )
    data += writer.pieces(chunks(chunk(thinking_blocks=[hidden]), chunk(content="x"))) + writer.closing(done())
    assert _rebuilt(events(data)) == [signed, hidden, {"type": "text", "text": "x"}]


def test_an_error_in_the_middle() -> None:
    problem = problem_from(UnavailableError("the provider hung up"), request_id="r1")
    [(name, value)] = events(reply(stream=True).broken(problem))
    assert name == value["type"] == "error"
    assert value["error"]["type"] == "overloaded_error"


PIECES = st.lists(
    st.one_of(
        st.text(max_size=4).map(lambda text: chunk(content=text)),
        st.text(min_size=1, max_size=4).map(lambda text: chunk(reasoning_content=text)),
        st.tuples(st.integers(0, 2), st.text(max_size=4)).map(
            lambda made: chunk(tool_calls=[call(made[0], made[1], id=f"t{made[0]}", name=f"f{made[0]}")])
        ),
    ),
    max_size=12,
)


@given(PIECES, st.integers(1, 4))
def test_every_stream_has_its_blocks_one_after_another_and_loses_nothing(
    sent: list[dict[str, Any]], together: int
) -> None:
    writer = reply(stream=True)
    data = writer.opening()
    data += b"".join(writer.pieces(Chunks(tuple(sent[at : at + together]))) for at in range(0, len(sent), together))
    blocks = _rebuilt(events(data + writer.closing(done())))
    deltas = [piece["choices"][0]["delta"] for piece in sent]
    assert "".join(block.get("text", "") for block in blocks) == "".join(delta.get("content", "") for delta in deltas)
    thoughts = "".join(block.get("thinking", "") for block in blocks)
    assert thoughts == "".join(delta.get("reasoning_content", "") for delta in deltas)
    for index in range(3):
        given_arguments = [
            c["function"]["arguments"] for d in deltas for c in d.get("tool_calls", ()) if c["index"] == index
        ]
        told = [block["input"] for block in blocks if block.get("id") == f"t{index}"]
        assert told == (["".join(given_arguments)] if given_arguments else [])
    assert blocks


def _rebuilt(told: list[tuple[str, Any]]) -> list[dict[str, Any]]:
    """The blocks that a client puts together; it fails where two are open at once, or one is out of order."""
    blocks: list[dict[str, Any]] = []
    opened = False
    for name, value in told:
        if name == "content_block_start":
            assert not opened
            assert value["index"] == len(blocks)
            opened = True
            block = value["content_block"]
            blocks.append({**block, "input": ""} if block["type"] == "tool_use" else dict(block))
        elif name == "content_block_delta":
            assert opened
            assert value["index"] == len(blocks) - 1
            for field in ("text", "thinking", "signature"):
                if field in value["delta"]:
                    blocks[-1][field] += value["delta"][field]
            blocks[-1].update(
                {"input": blocks[-1]["input"] + value["delta"]["partial_json"]}
                if "partial_json" in value["delta"]
                else {}
            )
        elif name == "content_block_stop":
            assert opened
            opened = False
    assert not opened
    return blocks


def test_tokens_are_estimated_by_the_counter_that_is_given() -> None:
    asked = read_count(
        body(
            model="ask",
            system="abc",
            messages=[
                {"role": "user", "content": [{"type": "text", "text": "de"}, {"type": "image", "source": PICTURE}]}
            ],
            tools=[{"name": "f", "input_schema": {"type": "object"}}],
        )
    )
    told = json.loads(count_tokens(asked, len))
    assert told["plimsoll"] == {"estimated": True}
    assert told["input_tokens"] > 3 + 2 + len("f")
