"""Calls of tools have numbers of their own, however a server numbers them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.models.providers.openai._reading import NonsenseError, Reading


def first(number: int, index: int | None = None, arguments: str = "") -> dict[str, Any]:
    at = {} if index is None else {"index": index}
    return {**at, "id": f"c{number}", "type": "function", "function": {"name": f"f{number}", "arguments": arguments}}


def more(arguments: str, **fields: Any) -> dict[str, Any]:
    return {**fields, "function": {"arguments": arguments}}


def read(*chunks: list[Any]) -> dict[int, tuple[str, str]]:
    """Name and arguments of each call by its number, as somebody reads them who knows only OpenAI's form."""
    reading = Reading()
    calls: dict[int, tuple[str, str]] = {}
    for pieces in chunks:
        value = {"choices": [{"index": 0, "delta": {"tool_calls": pieces}}]}
        for chunk in reading.feed(b"data: %b\n\n" % json.dumps(value).encode()):
            for piece in chunk["choices"][0]["delta"]["tool_calls"]:
                name, arguments = calls.get(piece["index"], ("", ""))
                function = piece["function"]
                calls[piece["index"]] = (name or function.get("name", ""), arguments + function["arguments"])
    return calls


TWO = {0: ("f1", "{1}"), 1: ("f2", "{2}")}


@pytest.mark.parametrize(
    "chunks",
    [
        [[first(1, 0, "{1}"), first(2, 1, "{2}")]],
        [[first(1, None, "{1}"), first(2, None, "{2}")]],
        [[first(1, None, "{1}")], [first(2, None, "{2}")]],
        [[first(1, 0, "{1}")], [first(2, 0, "{2}")]],
        [[first(1, 0, "{1}"), first(2, 0, "{2}")]],
        [[first(1, 0)], [more("{1}", index=0)], [first(2, 0)], [more("{2}", index=0)]],
        [[first(1)], [more("{1}")], [first(2)], [more("{2}")]],
        [[first(1), first(2)], [more("{1}"), more("{2}")]],
        [[first(1)], [first(2)], [more("{1}"), more("{2}")]],
    ],
)
def test_two_calls_stay_two(chunks: list[list[Any]]) -> None:
    assert read(*chunks) == TWO


def test_another_id_for_every_piece_is_still_one_call() -> None:
    assert read([first(1, 0)], [more("{", index=0, id="x")], [more("}", index=0, id="y")]) == {0: ("f1", "{}")}


def test_an_id_that_is_said_again_is_the_same_call() -> None:
    again = {**first(1, 0), "function": {"name": "f1", "arguments": "}"}}
    assert read([first(1, 0, "{")], [again]) == {0: ("f1", "{}")}


def test_the_calls_of_each_choice_are_counted_apart() -> None:
    value = {"choices": [{"index": at, "delta": {"tool_calls": [first(at)]}} for at in (0, 1)]}
    (chunk,) = Reading().feed(b"data: %b\n\n" % json.dumps(value).encode())
    assert [choice["delta"]["tool_calls"][0]["index"] for choice in chunk["choices"]] == [0, 0]


def test_a_whole_answer_has_no_numbers() -> None:
    body = {"choices": [{"message": {"content": None, "tool_calls": [first(1), first(2)]}, "finish_reason": None}]}
    (choice,) = Reading().whole(json.dumps(body).encode())["choices"]
    assert choice["message"]["tool_calls"] == [first(1), first(2)]
    assert choice["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("calls", [5, {"a": 1}, [5], [{"function": 5}], [{"custom": "x"}]])
def test_what_is_no_call_is_no_answer(calls: Any) -> None:
    with pytest.raises(NonsenseError):
        Reading().feed(b'data: {"choices":[{"delta":{"tool_calls":%b}}]}\n\n' % json.dumps(calls).encode())


PIECES = st.lists(st.lists(st.tuples(st.integers(0, 3), st.text("ab", max_size=2)), min_size=1, max_size=3), max_size=6)


@given(PIECES)
def test_calls_that_are_numbered_as_openai_does_are_left_as_they_are(told: list[list[tuple[int, str]]]) -> None:
    seen: set[int] = set()
    reading = Reading()
    for group in told:
        pieces = []
        for number, text in group:
            pieces.append(more(text, index=number) if number in seen else first(number, number, text))
            seen.add(number)
        sent = {"choices": [{"index": 0, "delta": {"tool_calls": pieces}}]}
        (chunk,) = reading.feed(b"data: %b\n\n" % json.dumps(sent).encode())
        assert chunk == sent
