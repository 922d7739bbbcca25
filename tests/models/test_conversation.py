"""Conversations as parts that a person can read."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.models.conversation import Part, calls_of, conversation, inputs_of, output_parts, parts_of, plain

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "parts", "type", "text", "tool_calls", "function", "name", "input"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"role": "user", "content": "Hello"}, ["Hello"]),
        ({"role": "user", "content": [{"type": "text", "text": "a"}, "b"]}, ["a", "b"]),
        (
            {"content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 4000}}]},
            ["[picture image/png, 3 kB]"],
        ),
        ({"content": [{"type": "image_url", "image_url": "https://a/b.png"}]}, ["[picture https://a/b.png]"]),
        (
            {"content": [{"type": "input_audio", "input_audio": {"format": "wav", "data": "A" * 40}}]},
            ["[file audio wav 30 B]"],
        ),
        (
            {"content": [{"type": "file", "file": {"filename": "a.pdf", "file_data": "data:x/y;base64,AAAA"}}]},
            ["[file a.pdf x/y, 3 B]"],
        ),
        ({"content": [{"type": "hologram", "data": "…"}]}, ["[file hologram]"]),
        ({"role": ["tool"], "content": "x"}, ["x"]),
        ({"role": "assistant", "content": None, "refusal": "No."}, ["No."]),
        ({"role": "assistant", "reasoning_content": "Let me see.", "content": "Yes."}, ["Let me see.", "Yes."]),
        (
            {"tool_calls": [{"id": "c", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}]},
            ['weather({"city": "Oslo"})'],
        ),
        ({"tool_calls": [{"type": "custom", "custom": {"name": "sql", "input": "SELECT 1"}}]}, ["sql(SELECT 1)"]),
        ({"function_call": {"name": "old", "arguments": "{}"}}, ["old({})"]),
        ({"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "rain"}]}, ["rain"]),
        (
            {"role": "assistant", "parts": [{"type": "tool_call", "name": "f", "arguments": {"a": 1}}]},
            ['f({"a": 1})'],
        ),
        (
            {"parts": [{"type": "uri", "modality": "image", "uri": "https://a"}, {"type": "reasoning", "content": ""}]},
            ["[picture image https://a]", ""],
        ),
    ],
)  # fmt: skip
def test_a_message_is_readable(message: dict[str, Any], said: list[str]) -> None:
    assert [plain(part) for part in parts_of(message)] == said


def test_a_result_has_the_name_of_its_call() -> None:
    call = {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "weather", "arguments": "{}"}}]}
    turns = conversation([call, {"role": "tool", "tool_call_id": "c", "content": "rain"}, "no message"])
    assert turns[1].parts == (Part("result", "rain", "weather", "c"),)
    assert [turn.role for turn in turns] == ["assistant", "tool"]


def test_data_in_a_picture_are_never_written_out() -> None:
    secret = "iVBORw0KGgo" * 500
    [part] = parts_of({"content": [{"type": "image_url", "image_url": {"url": f"DATA:image/png;base64,{secret}"}}]})
    assert secret[:20] not in part.text


def test_the_last_answer_of_a_request_says_what_it_calls() -> None:
    def told(*parts: Any) -> dict[str, Any]:
        return {"gen_ai.output.messages": [{"role": "assistant", "parts": list(parts)}]}

    first, last = {"type": "tool_call", "name": "a", "arguments": {}}, {"type": "tool_call", "name": "b"}
    assert [part.name for part in calls_of([told(first), told({"type": "text", "content": "x"}, last), {}])] == ["b"]
    assert calls_of([]) == ()


@pytest.mark.parametrize("told", [None, 3, "no json", "[" * 5000, '{"a": 1}', [1, "x"]])
def test_an_answer_that_nobody_understands_is_none(told: Any) -> None:
    assert output_parts({"gen_ai.output.messages": told}) == ()


def test_messages_as_json_text() -> None:
    text = json.dumps([{"role": "assistant", "content": "Hi"}])
    assert output_parts({"gen_ai.output.messages": text}) == (Part("text", "Hi"),)


@pytest.mark.parametrize(
    ("given", "texts"),
    [
        ({"input": "one"}, ("one",)),
        ({"input": ["one", "two"]}, ("one", "two")),
        ({"input": [1, 2, 3]}, ("[3 token ids]",)),
        ({"input": [[1, 2], [3]]}, ("[2 token ids]", "[1 token id]")),
        ({"inputs": [{"text": "a"}, {"text": "a", "pages": 2}]}, ("a", '{"text": "a", "pages": 2}')),
        ({}, ()),
        ({"input": 3}, ()),
    ],
)
def test_inputs(given: dict[str, Any], texts: tuple[str, ...]) -> None:
    assert inputs_of(given) == texts


@given(st.lists(ANYTHING, max_size=4), ANYTHING)
def test_records_of_any_shape_are_read(messages: list[Any], given: Any) -> None:
    for turn in conversation(messages):
        assert all(isinstance(plain(part), str) for part in turn.parts)
    assert all(isinstance(text, str) for text in inputs_of({"input": given}))
    output_parts({"gen_ai.output.messages": given})
