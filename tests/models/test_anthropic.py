"""OpenAI's form to Anthropic's Messages API and back; the official SDK's types are the judge of the requests."""

import json
from typing import Any, Final

import msgspec
import pytest
from anthropic.types import Message
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming, MessageCreateParamsStreaming
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from tests.models.hostile import bodies, json_values

from plimsoll.kernel.errors import InvalidError
from plimsoll.models.providers._endpoint import ProviderEndpoint
from plimsoll.models.providers.anthropic import AnthropicTranslator
from plimsoll.models.providers.translated import Call, NonsenseError, RefusedError
from plimsoll.testing.models import Received, ScriptedAnswer, ScriptedCall
from plimsoll.testing.models.wires import AnthropicWire

SONNET: Final = "claude-sonnet-4-5"
OLD: Final = "claude-3-7-sonnet-20250219"
NEW: Final = "claude-opus-5"
USER: Final[dict[str, Any]] = {"role": "user", "content": "Hello?"}
TOOL: Final[dict[str, Any]] = {
    "type": "function",
    "function": {"name": "weather", "description": "d", "parameters": {"type": "object", "properties": {}}},
}
CALL: Final[dict[str, Any]] = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"town": "Bonn"}'},
}
SCHEMA: Final[dict[str, Any]] = {
    "type": "json_schema",
    "json_schema": {"name": "cap", "schema": {"type": "object", "properties": {"cap": {"type": "integer"}}}},
}
NO_CALL: Final = Call("/messages", (), b"")

_whole: TypeAdapter[Any] = TypeAdapter(MessageCreateParamsNonStreaming)
_stream: TypeAdapter[Any] = TypeAdapter(MessageCreateParamsStreaming)


def translator(model: str = SONNET, *, most: int | None = None, **options: str) -> AnthropicTranslator:
    endpoint = ProviderEndpoint(
        f"anthropic/{model}", model, "https://a.example/v1", "sk-1", max_output_tokens=most, options=options
    )
    return AnthropicTranslator(endpoint)


def sent(model: str = SONNET, *, most: int | None = None, options: dict[str, str] | None = None, **fields: Any) -> Any:
    """The body that is sent for these fields; the SDK's own types accept it."""
    call = translator(model, most=most, **(options or {})).call({"messages": [USER], **fields}, streams=False)
    body = json.loads(call.body)
    _whole.validate_python(body)
    return body


def test_the_least_request() -> None:
    assert sent() == {
        "model": SONNET,
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello?"}]}],
    }


def test_headers_and_address() -> None:
    call = translator(beta="tokens-2026").call({"messages": [USER]}, streams=True)
    assert call.path == "/messages"
    assert dict(call.headers) == {
        "content-type": "application/json",
        "anthropic-version": "2023-06-01",
        "anthropic-beta": "tokens-2026",
        "x-api-key": "sk-1",
    }
    assert "sk-1" not in repr(call)
    _stream.validate_python(json.loads(call.body))
    bearer = translator(auth="bearer", api_version="2030-01-01").call({"messages": [USER]}, streams=False)
    assert dict(bearer.headers)["authorization"] == "Bearer sk-1"
    assert dict(bearer.headers)["anthropic-version"] == "2030-01-01"


@pytest.mark.parametrize(
    ("fields", "most", "tokens"),
    [
        ({"max_tokens": 7}, 100, 7),
        ({"max_completion_tokens": 8, "max_tokens": 7}, 100, 8),
        ({}, 100, 100),
        ({}, None, 4096),
    ],
)
def test_max_tokens_is_always_there(fields: dict[str, Any], most: int | None, tokens: int) -> None:
    assert sent(most=most, **fields)["max_tokens"] == tokens


def test_system_texts_stand_apart() -> None:
    body = sent(messages=[{"role": "system", "content": "Be brief."}, USER])
    assert body["system"] == "Be brief."
    cached = {"type": "text", "text": "Long.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    body = sent(messages=[{"role": "system", "content": [cached]}, {"role": "developer", "content": "Short."}, USER])
    assert body["system"] == [cached, {"type": "text", "text": "Short."}]
    assert [message["role"] for message in body["messages"]] == ["user"]


def test_a_whole_conversation_with_parallel_tools() -> None:
    second = {**CALL, "id": "call_2"}
    turns = [
        USER,
        {"role": "assistant", "content": "I look.", "tool_calls": [CALL, second]},
        {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
        {"role": "tool", "tool_call_id": "call_2", "content": [{"type": "text", "text": "sun"}], "is_error": True},
        {"role": "user", "content": "And now?"},
    ]
    body = sent(messages=turns, tools=[TOOL])
    use = {"type": "tool_use", "name": "weather", "input": {"town": "Bonn"}}
    assert body["messages"][1] == {
        "role": "assistant",
        "content": [{"type": "text", "text": "I look."}, {**use, "id": "call_1"}, {**use, "id": "call_2"}],
    }
    assert body["messages"][2]["content"] == [
        {"type": "tool_result", "tool_use_id": "call_1", "content": "rain"},
        {
            "type": "tool_result",
            "tool_use_id": "call_2",
            "content": [{"type": "text", "text": "sun"}],
            "is_error": True,
        },
        {"type": "text", "text": "And now?"},
    ]


@pytest.mark.parametrize(
    ("choice", "parallel", "expected"),
    [
        ("auto", None, {"type": "auto"}),
        ("required", None, {"type": "any"}),
        ("none", False, {"type": "none"}),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        ("required", False, {"type": "any", "disable_parallel_tool_use": True}),
        ({"type": "function", "function": {"name": "weather"}}, None, {"type": "tool", "name": "weather"}),
        ({"type": "any"}, None, {"type": "any"}),
        (None, None, None),
    ],
)
def test_tool_choice(choice: Any, parallel: bool | None, expected: Any) -> None:
    assert sent(tools=[TOOL], tool_choice=choice, parallel_tool_calls=parallel).get("tool_choice") == expected


def test_only_some_tools_are_allowed() -> None:
    other = {"type": "function", "function": {"name": "time"}}
    third = {"type": "function", "function": {"name": "news"}}
    names = [{"type": "function", "function": {"name": name}} for name in ("weather", "time")]
    choice = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": names}}
    body = sent(tools=[TOOL, other, third], tool_choice=choice)
    assert [tool["name"] for tool in body["tools"]] == ["weather", "time"]
    assert body["tool_choice"] == {"type": "any"}


def test_tools_keep_what_anthropic_knows_of_them() -> None:
    native = {"type": "web_search_20250305", "name": "web_search"}
    strict = {**TOOL, "function": {**TOOL["function"], "strict": True}, "cache_control": {"type": "ephemeral"}}
    body = sent(tools=[strict, native])
    assert body["tools"][0]["strict"] is True
    assert body["tools"][0]["cache_control"] == {"type": "ephemeral"}
    assert body["tools"][1] == native


def test_pictures_and_files() -> None:
    parts = [
        {"type": "image_url", "image_url": {"url": "https://p.example/a.png"}, "cache_control": {"type": "ephemeral"}},
        {"type": "image_url", "image_url": {"url": "data:image/webp;base64,QUJD"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,QUJD", "filename": "a.pdf"}},
    ]
    blocks = sent(messages=[{"role": "user", "content": parts}])["messages"][0]["content"]
    assert blocks == [
        {
            "type": "image",
            "source": {"type": "url", "url": "https://p.example/a.png"},
            "cache_control": {"type": "ephemeral"},
        },
        {"type": "image", "source": {"type": "base64", "media_type": "image/webp", "data": "QUJD"}},
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "QUJD"},
            "title": "a.pdf",
        },
    ]


def test_a_file_of_text_is_a_document_of_text_and_one_without_a_name_has_no_title() -> None:
    file = {"filename": "document", "file_data": "data:text/csv;base64,YSxi"}
    (block,) = sent(messages=[{"role": "user", "content": [{"type": "file", "file": file}]}])["messages"][0]["content"]
    assert block == {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a,b"}}


def test_a_conversation_without_a_word_is_refused() -> None:
    with pytest.raises(InvalidError, match="says nothing to answer"):
        sent(messages=[{"role": "user", "content": ""}])


def test_stop_and_temperature() -> None:
    body = sent(stop="END", temperature=1.7, top_p=0.5)
    assert (body["stop_sequences"], body["temperature"]) == (["END"], 1)
    assert "top_p" not in body  # both at once are refused
    assert sent(top_p=0.5)["top_p"] == 0.5
    assert sent(stop=["a", "b"])["stop_sequences"] == ["a", "b"]
    assert "temperature" not in sent(NEW, temperature=0.2)
    assert sent(NEW, temperature=0.2, options={"sampling": "True"})["temperature"] == 0.2
    assert "temperature" not in sent(temperature=0.2, options={"sampling": "off"})


@pytest.mark.parametrize(
    ("effort", "most", "budget"),
    [("minimal", 8192, 1024), ("low", 8192, 2048), ("high", 8192, 4096), ("max", 200_000, 32768), ("low", 1500, None)],
)
def test_effort_is_a_budget_that_leaves_room_for_the_answer(effort: str, most: int, budget: int | None) -> None:
    body = sent(reasoning_effort=effort, max_tokens=most, temperature=0)
    expected = {"type": "enabled", "budget_tokens": budget} if budget else None
    assert body.get("thinking") == expected
    assert body["max_tokens"] == most
    assert ("temperature" in body) is (budget is None)


def test_newer_models_think_as_they_see_fit() -> None:
    body = sent(NEW, reasoning_effort="xhigh")
    assert (body["thinking"], body["output_config"]) == ({"type": "adaptive"}, {"effort": "xhigh"})
    assert sent("claude-opus-4-6", reasoning_effort="xhigh")["output_config"] == {"effort": "high"}
    assert sent(NEW, reasoning_effort="none")["thinking"] == {"type": "disabled"}
    assert "thinking" not in sent(NEW, reasoning_effort="low", options={"thinking": "none"})
    native = {"type": "enabled", "budget_tokens": 2000}
    assert sent(reasoning_effort="low", thinking=native)["thinking"] == native


def test_no_thinking_where_it_would_be_refused() -> None:
    forced = sent(reasoning_effort="low", max_tokens=9000, tools=[TOOL], tool_choice="required")
    assert "thinking" not in forced
    turns = [USER, {"role": "assistant", "tool_calls": [CALL]}, {"role": "tool", "tool_call_id": "call_1"}]
    assert "thinking" not in sent(reasoning_effort="low", max_tokens=9000, tools=[TOOL], messages=turns)
    block = {"type": "thinking", "thinking": "Hm.", "signature": "sig"}
    turns[1] = {"role": "assistant", "tool_calls": [CALL], "thinking_blocks": [block]}
    body = sent(reasoning_effort="low", max_tokens=9000, tools=[TOOL], messages=turns)
    assert body["thinking"]["budget_tokens"] == 2048
    assert body["messages"][1]["content"][0] == block


def test_structured_output_where_it_exists_and_a_tool_where_not() -> None:
    native = sent(response_format=SCHEMA)
    schema = {"type": "object", "properties": {"cap": {"type": "integer"}}, "additionalProperties": False}
    assert native["output_config"]["format"] == {"type": "json_schema", "schema": schema}
    old = sent(OLD, response_format=SCHEMA)
    assert old["tool_choice"] == {"type": "tool", "name": "answer_as_json"}
    assert old["tools"][0]["input_schema"] == SCHEMA["json_schema"]["schema"]
    mixed = sent(OLD, response_format=SCHEMA, tools=[TOOL])
    assert [tool["name"] for tool in mixed["tools"]] == ["weather", "answer_as_json"]
    assert mixed["tool_choice"] == {"type": "any"}
    anything = sent(response_format={"type": "json_object"})
    assert anything["tools"][0]["input_schema"] == {"type": "object"}
    assert "tools" not in sent(response_format={"type": "text"})
    assert "output_config" in sent(OLD, response_format=SCHEMA, options={"structured_output": "native"})


def test_what_is_only_openais_is_left_out_and_the_rest_is_passed_on() -> None:
    body = sent(user="u", seed=1, logit_bias={}, store=True, verbosity="low", top_k=5, container="c_1")
    assert (body["top_k"], body["container"]) == (5, "c_1")
    assert not {"user", "seed", "logit_bias", "store", "verbosity"} & set(body)


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"audio": {"voice": "x"}}, "audio"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"web_search_options": {}}, "web_search_options"),
        ({"messages": [{"role": "function", "name": "f", "content": "x"}]}, "messages[0].role"),
        ({"messages": ["hello"]}, "messages[0].role"),
        ({"tools": [{"type": "custom", "custom": {"name": "x"}}]}, "tools[0]"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function"),
        ({"response_format": {"type": "grammar"}}, "response_format"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}}, "response_format"),
        (
            {"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}]},
            "messages[0].content[0]",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:;x"}}]}]},
            "messages[0].content[0]",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            "messages[0].content[0]",
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{"}}]}]},
            "messages[0].tool_calls[0].function.arguments",
        ),
        ({"messages": [{"role": "assistant", "tool_calls": ["f"]}]}, "messages[0].tool_calls[0]"),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_place(fields: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidError) as caught:
        sent(**fields)
    assert f"`{place}`" in caught.value.message
    assert caught.value.hint


@given(bodies)
def test_no_request_breaks_the_translator(body: dict[str, Any]) -> None:
    try:
        call = translator().call(body, streams=False)
    except InvalidError:
        return
    assert json.loads(call.body)["model"] == SONNET


def test_a_whole_answer_with_thoughts_and_tools() -> None:
    raw = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": SONNET,
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "sig"},
            {"type": "redacted_thinking", "data": "xyz"},
            {"type": "text", "text": "I look. "},
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
            {"type": "text", "text": "Wait."},
            {"type": "tool_use", "id": "t_1", "name": "weather", "input": {"town": "Köln"}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 10,
            "cache_read_input_tokens": 5,
            "cache_creation_input_tokens": 3,
            "output_tokens": 9,
        },
    }
    Message.model_validate(raw)
    body, facts = translator().whole(json.dumps(raw).encode(), NO_CALL)
    message = body["choices"][0]["message"]
    assert message["content"] == "I look. Wait."
    assert message["reasoning_content"] == "Hm."
    assert [block["type"] for block in message["thinking_blocks"]] == ["thinking", "redacted_thinking"]
    call = message["tool_calls"][0]
    assert (call["id"], json.loads(call["function"]["arguments"])) == ("t_1", {"town": "Köln"})
    assert facts.finish_reason == "tool_calls"
    assert facts.usage is not None
    assert (facts.usage.input_tokens, facts.usage.cached_tokens, facts.usage.cache_write_tokens) == (18, 5, 3)


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "content_filter"),
        ("reason_of_tomorrow", "stop"),
    ],
)
def test_stop_reasons(reason: str, finish: str) -> None:
    raw = {"type": "message", "content": [{"type": "text", "text": "x"}], "stop_reason": reason}
    _, facts = translator().whole(json.dumps(raw).encode(), NO_CALL)
    assert (facts.finish_reason, facts.usage) == (finish, None)


def test_the_thoughts_of_a_stream_can_be_sent_back() -> None:
    answer = ScriptedAnswer(
        thinking="First, then.",
        signature="sig-1",
        calls=(ScriptedCall("t_1", "weather", '{"town":"Bonn"}'),),
        finish="tool_calls",
    )
    asked = Received("POST", "/messages", {}, {"stream": True})
    reader = translator().reader(NO_CALL)
    chunks = [chunk for event in AnthropicWire().events(answer, asked) for chunk in reader.feed(event)]
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    blocks = [block for delta in deltas for block in delta.get("thinking_blocks", ())]
    assert blocks == [{"type": "thinking", "thinking": "First, then.", "signature": "sig-1"}]
    assert "".join(delta.get("reasoning_content", "") for delta in deltas) == "First, then."
    assert reader.is_done
    assert reader.facts.finish_reason == "tool_calls"


@given(st.lists(st.integers(1, 40), max_size=60))
def test_the_cut_of_packets_never_matters(sizes: list[int]) -> None:
    asked = Received("POST", "/messages", {}, {"stream": True})
    answer = ScriptedAnswer(text="Grüße aus 東京, 🚢!", thinking="Hm 🦄", signature="s")
    raw = b"".join(AnthropicWire().events(answer, asked))
    once = translator().reader(NO_CALL)
    expected = once.feed(raw)
    cut = translator().reader(NO_CALL)
    found: list[Any] = []
    at = 0
    for size in sizes:
        found += cut.feed(raw[at : at + size])
        at += size
    found += cut.feed(raw[at:])
    assert found == expected
    assert cut.facts == once.facts


def test_an_answer_by_tool_is_text_for_the_caller() -> None:
    made = translator(OLD).call({"messages": [USER], "response_format": SCHEMA}, streams=True)
    asked = Received("POST", "/messages", {}, json.loads(made.body))
    reader = translator(OLD).reader(made)
    events = AnthropicWire().events(ScriptedAnswer(text='{"cap": 5}'), asked)
    chunks = [chunk for event in events for chunk in reader.feed(event)]
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert json.loads(text) == {"cap": 5}
    assert reader.facts.finish_reason == "stop"
    body, facts = translator(OLD).whole(AnthropicWire().whole(ScriptedAnswer(text='{"cap": 5}'), asked).body, made)
    assert json.loads(body["choices"][0]["message"]["content"]) == {"cap": 5}
    assert "tool_calls" not in body["choices"][0]["message"]
    assert facts.finish_reason == "stop"


@pytest.mark.parametrize(
    ("status", "kind", "said", "meaning"),
    [
        (401, "authentication_error", "invalid x-api-key", "denied"),
        (402, "billing_error", "no credit", "quota"),
        (403, "permission_error", "no", "denied"),
        (404, "not_found_error", "model: x", "missing"),
        (400, "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum", "too_long"),
        (400, "invalid_request_error", "Output blocked by content filtering policy", "refused"),
        (400, "invalid_request_error", "temperature", "rejected"),
        (413, "request_too_large", "big", "too_long"),
        (429, "rate_limit_error", "slow down", "busy"),
        (500, "api_error", "oops", "down"),
        (529, "overloaded_error", "overloaded", "busy"),
    ],
)
def test_refusals(status: int, kind: str, said: str, meaning: str) -> None:
    raw = json.dumps({"type": "error", "error": {"type": kind, "message": said}}).encode()
    refusal = translator().refusal(status, {"retry-after": "9"}, raw)
    assert (refusal.kind, refusal.status, refusal.said) == (meaning, status, said)
    assert refusal.retry_after_s == (9.0 if meaning in {"busy", "down"} else None)
    assert translator().refusal(502, {}, b"<html>bad gateway").kind == "down"


def test_an_error_event_ends_the_stream() -> None:
    reader = translator().reader(NO_CALL)
    with pytest.raises(RefusedError) as caught:
        reader.feed(b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"busy"}}\n\n')
    assert (caught.value.refusal.kind, caught.value.refusal.status) == ("busy", 529)


@given(st.binary(max_size=200))
def test_hostile_bytes_are_nonsense_and_nothing_else(raw: bytes) -> None:
    for read in (
        lambda: translator().whole(raw, NO_CALL),
        lambda: translator().reader(NO_CALL).feed(b"data: " + raw + b"\n\n"),
    ):
        try:
            read()
        except (NonsenseError, RefusedError):
            continue


@given(json_values)
def test_hostile_events_are_nonsense_and_nothing_else(value: Any) -> None:
    event = {"type": "message_delta", "delta": value, "usage": value, "message": value, "content_block": value}
    reader = translator().reader(NO_CALL)
    for kind in ("message_start", "content_block_start", "content_block_delta", "message_delta"):
        try:
            reader.feed(b"data: " + msgspec.json.encode({**event, "type": kind}) + b"\n\n")
        except (NonsenseError, RefusedError):
            continue
    assert reader.facts.usage is None or reader.facts.usage.input_tokens >= 0


def ended(reason: str, sequence: str | None) -> tuple[Any, Any]:
    """The choice of a whole answer, and the last of a stream, that end so."""
    message = {"content": [{"type": "text", "text": "a"}], "stop_reason": reason, "stop_sequence": sequence}
    body, _ = translator().whole(json.dumps(message).encode(), NO_CALL)
    event = {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": sequence}}
    chunks = translator().reader(NO_CALL).feed(b"data: %b\n\n" % json.dumps(event).encode())
    return body["choices"][0], chunks[-1]["choices"][0]


@pytest.mark.parametrize(
    ("reason", "sequence", "told"),
    [("stop_sequence", "END", "END"), ("pause_turn", None, "pause_turn"), ("end_turn", None, None)],
)
def test_what_openais_word_for_the_end_leaves_out_is_told_beside_it(
    reason: str, sequence: str | None, told: str | None
) -> None:
    for choice in ended(reason, sequence):
        assert (choice["finish_reason"], choice.get("stop_reason")) == ("stop", told)
