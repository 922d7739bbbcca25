"""Chat completions: the request, the whole answer, and the chunks."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from tests.api.dialects.made import CREATED, TRACE, answer, body, call, chunk, chunks, done, events, started

from plimsoll.api._errors import FieldError
from plimsoll.api._problems import problem_from
from plimsoll.api.openai import ChatDialect
from plimsoll.api.openai._completions import ChatReply
from plimsoll.kernel.errors import UnavailableError
from plimsoll.models import Chunks

USER = {"role": "user", "content": "How long?"}
DIALECT = ChatDialect()


def reply(**fields: Any) -> ChatReply:
    asked = DIALECT.read(body(model="ask", messages=[USER], **fields))
    return DIALECT.reply(asked, started(), CREATED)


def test_a_request_is_read_and_unknown_fields_are_kept() -> None:
    asked = DIALECT.read(
        body(
            model="ask",
            messages=[USER],
            stream=True,
            stream_options={"include_usage": True},
            temperature=0.2,
            top_k=7,
            chat_template_kwargs={"thinking": False},
            user="u-1",
            safety_identifier="s-1",
        )
    )
    assert (asked.target, asked.stream, asked.echo) == ("ask", True, True)
    assert asked.users == (("safety_identifier", "s-1"), ("user", "u-1"))
    assert asked.body == {
        "messages": [USER],
        "temperature": 0.2,
        "top_k": 7,
        "chat_template_kwargs": {"thinking": False},
        "user": "u-1",
        "safety_identifier": "s-1",
    }


def test_messages_with_tools_and_pictures_pass_untouched() -> None:
    messages = [
        {"role": "developer", "content": "Be short."},
        {
            "role": "user",
            "content": [{"type": "text", "text": "?"}, {"type": "image_url", "image_url": {"url": "data:x"}}],
        },
        {
            "role": "assistant",
            "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "c", "content": "42"},
        {"role": "assistant", "content": None, "audio": {"id": "a"}},
    ]
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}, "strict": True}}]
    asked = DIALECT.read(body(model="ask", messages=messages, tools=tools, tool_choice="auto", n=3, logprobs=True))
    assert asked.body == {"messages": messages, "tools": tools, "tool_choice": "auto", "n": 3, "logprobs": True}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"model": None}, "model"),
        ({"model": ""}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": [{"content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "pirate", "content": "x"}]}, "messages[0].role"),
        ({"messages": [USER, {"role": "user"}]}, "messages[1].content"),
        ({"messages": [{"role": "tool", "content": None}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": ["x"]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"function": {}}]}]},
            "messages[0].tool_calls[0].function.name",
        ),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"n": 0}, "n"),
        ({"n": 1.5}, "n"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": -0.1}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": 2**60}, "max_completion_tokens"),
        ({"tools": [{"name": "f"}]}, "tools[0].type"),
        ({"user": 7}, "user"),
    ],
)
def test_what_the_gateway_understands_must_be_right(change: dict[str, Any], param: str) -> None:
    with pytest.raises(FieldError) as refused:
        DIALECT.read(body(**{"model": "ask", "messages": [USER], **change}))
    assert refused.value.param == param
    problem = problem_from(refused.value, request_id="r")
    assert (problem.status, problem.param, problem.type) == (400, param, "invalid_request_error")


def test_a_missing_field_is_named() -> None:
    with pytest.raises(FieldError, match="`model`: this field is required"):
        DIALECT.read(body(messages=[USER]))


def test_the_whole_answer_keeps_what_the_provider_sent_and_says_who_answered() -> None:
    logprobs = {"content": [{"token": "a", "logprob": -0.1, "bytes": [97], "top_logprobs": []}], "refusal": None}
    given = answer(
        {"content": "one"}, {"content": None, "refusal": "no"}, id="x", model="m", service_tier="flex", citations=["u"]
    )
    given.body["choices"][0]["logprobs"] = logprobs
    whole = events(b"data: " + reply().whole(given) + b"\n\n")[0][1]
    parsed = ChatCompletion.model_validate(whole)
    assert (parsed.id, parsed.created, parsed.model) == (f"chatcmpl-{TRACE}", CREATED, "contracts/ask")
    assert (whole["service_tier"], whole["citations"], whole["system_fingerprint"]) == ("flex", ["u"], "r-3f9c2a")
    assert [choice.index for choice in parsed.choices] == [0, 1]
    assert whole["choices"][0]["logprobs"] == logprobs
    assert whole["choices"][1]["message"]["refusal"] == "no"
    assert whole["usage"]["prompt_tokens_details"]["cached_tokens"] == 64
    assert whole["usage"]["completion_tokens_details"]["reasoning_tokens"] == 12
    assert whole["usage"]["total_tokens"] == 150


def test_the_facts_beside_the_answer() -> None:
    whole = events(b"data: " + reply().whole(answer()) + b"\n\n")[0][1]
    facts = whole["plimsoll"]
    assert (facts["model"], facts["trace"], facts["cost_usd"]) == ("openai/second", TRACE, 0.00125)
    assert [attempt["outcome"] for attempt in facts["attempts"]] == ["failed", "ok"]
    assert facts["citations"][0]["quote"] == "Ninety days."
    assert facts["passages"] == [{"id": "p1", "document": "contracts/acme.pdf", "page": 3, "score": 0.82}]


def test_a_stream_of_one_choice() -> None:
    writer = reply(stream=True)
    data = writer.opening() + writer.pieces(chunks(chunk(content="Ninety "), chunk(content="days.")))
    data += writer.pieces(chunks(chunk(finish_reason="stop"))) + writer.closing(done())
    *sent, last, end = [value for _, value in events(data)]
    assert end == "[DONE]"
    assert [piece["choices"][0]["delta"] for piece in sent] == [
        {"role": "assistant", "content": "Ninety "},
        {"content": "days."},
    ]
    assert last["choices"] == [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}]
    assert last["plimsoll"]["answered"] is True
    assert not any("usage" in piece for piece in [*sent, last])


def test_usage_comes_in_a_chunk_of_its_own_before_the_end() -> None:
    writer = reply(stream=True, stream_options={"include_usage": True})
    data = writer.pieces(chunks(chunk(role="assistant", content="Ninety"))) + writer.closing(done("length"))
    first, finish, usage, end = [value for _, value in events(data)]
    assert (first["usage"], finish["usage"], finish["choices"][0]["finish_reason"]) == (None, None, "length")
    assert (usage["choices"], usage["usage"]["total_tokens"], end) == ([], 150, "[DONE]")


def test_an_answer_without_a_piece_still_has_a_role_and_an_end() -> None:
    first, finish, _ = [value for _, value in events(reply(stream=True).closing(done()))]
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert finish["choices"][0]["finish_reason"] == "stop"


def test_chunks_keep_fields_of_the_provider_but_not_its_identity() -> None:
    writer = reply(stream=True)
    sent = {
        **chunk(content="a"),
        "id": "theirs",
        "model": "theirs",
        "usage": {"x": 1},
        "citations": ["u"],
        "obfuscation": "zz",
    }
    [(_, value)] = events(writer.pieces(chunks(sent)))
    assert (value["id"], value["model"], value["citations"]) == (f"chatcmpl-{TRACE}", "contracts/ask", ["u"])
    assert not {"usage", "obfuscation"} & value.keys()
    assert writer.pieces(chunks({"choices": [], "usage": {"prompt_tokens": 1}})) == b""


def test_an_error_in_the_middle_is_one_event_without_the_end() -> None:
    problem = problem_from(UnavailableError("the provider closed the connection", retry_after_s=3), request_id="r")
    [(_, value)] = events(reply(stream=True).broken(problem))
    assert value == {
        "error": {
            "message": "the provider closed the connection",
            "type": "server_error",
            "param": None,
            "code": "unavailable",
        }
    }


CHUNKS = st.lists(
    st.builds(
        lambda index, text, role, finish: chunk(
            index,
            "stop" if finish else None,
            **({"role": "assistant"} if role else {}),
            **({"content": text} if text else {}),
        ),
        st.integers(0, 2),
        st.text(max_size=4),
        st.booleans(),
        st.booleans(),
    ),
    max_size=8,
)


@given(CHUNKS, st.integers(1, 4), st.booleans())
def test_every_stream_has_each_role_once_all_text_and_each_end_once(
    sent: list[dict[str, Any]], together: int, include_usage: bool
) -> None:
    writer = reply(stream=True, stream_options={"include_usage": include_usage})
    data = b"".join(writer.pieces(Chunks(tuple(sent[at : at + together]))) for at in range(0, len(sent), together))
    data += writer.closing(done())
    *values, end = [value for _, value in events(data)]
    assert end == "[DONE]"
    for value in values:
        ChatCompletionChunk.model_validate(value)
    assert len({(value["id"], value["created"], value["model"]) for value in values}) == 1
    assert all(("usage" in value) == include_usage for value in values)
    got = [choice for value in values for choice in value["choices"]]
    indices = {choice["index"] for choice in got}
    assert indices == ({piece["choices"][0]["index"] for piece in sent} or {0})
    for index in indices:
        of_choice = [choice for choice in got if choice["index"] == index]
        assert ["role" in choice["delta"] for choice in of_choice] == [True] + [False] * (len(of_choice) - 1)
        assert [choice["finish_reason"] for choice in of_choice] == [None] * (len(of_choice) - 1) + ["stop"]
        text = "".join(choice["delta"].get("content") or "" for choice in of_choice)
        expected = (piece["choices"][0] for piece in sent if piece["choices"][0]["index"] == index)
        assert text == "".join(choice["delta"].get("content", "") for choice in expected)


@given(CHUNKS)
def test_how_chunks_arrive_together_changes_nothing(sent: list[dict[str, Any]]) -> None:
    one, many = reply(stream=True), reply(stream=True)
    assert one.pieces(Chunks(tuple(sent))) == b"".join(many.pieces(chunks(piece)) for piece in sent)


def test_pieces_of_tool_calls_pass_as_they_are() -> None:
    writer = reply(stream=True)
    first = call(0, id="c1", name="add")
    data = writer.pieces(chunks(chunk(tool_calls=[first]), chunk(tool_calls=[call(0, '{"a":')])))
    data += writer.closing(done("tool_calls"))
    values = [value["choices"][0] for _, value in events(data) if value != "[DONE]"]
    assert values[0]["delta"] == {"role": "assistant", "tool_calls": [first]}
    assert values[1]["delta"] == {"tool_calls": [call(0, '{"a":')]}
    assert values[2]["finish_reason"] == "tool_calls"
