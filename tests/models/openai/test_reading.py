"""Laws of reading an answer: no cutting of its bytes makes a difference, and nothing else than our errors comes out."""

import itertools
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from plimsoll.models.providers.openai._reading import ErrorEventError, NonsenseError, Reading

TEXT = st.text(max_size=6)
DELTA = st.fixed_dictionaries({}, optional={"content": st.one_of(TEXT, st.none()), "role": TEXT, "reasoning": TEXT})
CHOICE = st.fixed_dictionaries({"index": st.integers(0, 2), "delta": DELTA}, optional={"finish_reason": st.none()})
CHUNK = st.fixed_dictionaries(
    {"choices": st.lists(CHOICE, max_size=2)}, optional={"model": TEXT, "x": TEXT, "usage": st.none()}
)
PLACES = st.lists(st.integers(0, 100_000), max_size=12)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "delta",
                    "message",
                    "content",
                    "index",
                    "error",
                    "usage",
                    "tool_calls",
                    "type",
                    "text",
                    "model",
                    "finish_reason",
                    "function",
                    "detail",
                    "id",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    borders = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in itertools.pairwise(borders)]


def read(pieces: Sequence[bytes]) -> tuple[Any, ...]:
    reading = Reading()
    chunks: list[Any] = []
    for piece in pieces:
        chunks += reading.feed(piece)
    chunks += reading.close()
    return chunks, reading.texts, reading.model, reading.is_done, reading.is_whole, reading.finish_reason


def sse(values: Sequence[Any], line_end: str) -> bytes:
    return "".join(f"data: {json.dumps(value)}{line_end}{line_end}" for value in values).encode()


@given(st.lists(CHUNK, max_size=5), st.sampled_from(["\n", "\r\n", "\r"]), PLACES)
def test_any_cutting_gives_the_same_chunks(chunks: list[Any], line_end: str, places: list[int]) -> None:
    chunks = [{"choices": [{"index": 0, "delta": {}}]}, *chunks]
    data = sse(chunks, line_end) + b"data: [DONE]\n\n"
    found = read(cut(data, places))
    assert found == read([data])
    assert [chunk["choices"] for chunk in found[0]] == read([data])[0] or len(found[0]) == len(chunks)
    assert found[3:5] == (True, True)


@given(st.lists(ANYTHING, max_size=4), st.sampled_from([b"", b"data: {\n\n", b"\xff\n\n", b"data: \xe2\x82\n\n"]))
def test_anything_is_read_or_refused(values: list[Any], more: bytes) -> None:
    data = sse(values, "\n") + more
    try:
        chunks = read([data])[0]
    except (NonsenseError, ErrorEventError):
        return
    for chunk in chunks:
        assert isinstance(chunk["choices"], list)
        for choice in chunk["choices"]:
            assert isinstance((choice.get("delta") or {}).get("content") or "", str)


@given(ANYTHING)
def test_any_whole_answer_is_read_or_refused(value: Any) -> None:
    try:
        body = Reading().whole(json.dumps(value).encode())
    except (NonsenseError, ErrorEventError):
        return
    for choice in body["choices"]:
        assert isinstance(choice["message"].get("content") or "", str)


def test_only_the_first_choices_end_is_told() -> None:
    reading = Reading()
    reading.feed(b'data: {"choices":[{"index":1,"finish_reason":"length"},{"index":0,"finish_reason":"eos"}]}\n\n')
    assert (reading.is_whole, reading.finish_reason) == (True, "stop")


def whole_and_streamed(finish: Any, **message: Any) -> tuple[str, str]:
    """How an answer ends that comes at once, and the same in a stream."""
    choice: dict[str, Any] = {"index": 0, "message": {"content": "x", **message}, "finish_reason": finish}
    whole, stream = Reading(), Reading()
    body = whole.whole(json.dumps({"choices": [choice]}).encode())
    assert body["choices"][0]["finish_reason"] == whole.finish_reason
    chunk = {"choices": [{"index": 0, "delta": {"content": "x", **message}, "finish_reason": finish}]}
    (said,) = stream.feed(sse([chunk], "\n") + b"data: [DONE]\n\n")
    assert said["choices"][0]["finish_reason"] in {None, stream.finish_reason}
    return whole.finish_reason, stream.finish_reason


def test_an_end_is_the_same_whole_and_streamed() -> None:
    for finish, expected in {
        "eos": "stop",
        "max_tokens": "length",
        "tool_use": "tool_calls",
        "end_turn": "stop",
        "insufficient_system_resource": "insufficient_system_resource",
        None: "stop",
    }.items():
        assert whole_and_streamed(finish) == (expected, expected)
    call = {"id": "c", "function": {"name": "f", "arguments": "{}"}}
    assert whole_and_streamed(None, tool_calls=[call]) == ("tool_calls", "tool_calls")


def told(*datas: str) -> str:
    """The text of a stream of these JSON texts."""
    reading = Reading()
    chunks = [
        chunk for data in datas for chunk in reading.feed(f'data: {{"choices":[{{"delta":{data}}}]}}\n\n'.encode())
    ]
    return "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks)


def test_a_character_that_is_cut_between_its_two_escapes_is_whole_again() -> None:
    assert told('{"content":"hi \\ud83d"}', '{"content":"\\ude42!"}') == "hi 🙂!"
    assert told('{"content":"a\\ud83d"}', '{"content":""}', '{"content":"\\uDE42"}') == "a🙂"
    assert told('{"content":"a\\ude42b"}') == "a\ufffdb"
    assert told('{"content":"a\\ud83d"}', '{"content":"b"}') == "ab"
    assert told('{"content":"\\\\ud83d \\ud83d\\ude42 \\ud83d"}') == "\\ud83d 🙂 "


def test_a_whole_answer_with_half_a_character_is_an_answer() -> None:
    raw = b'{"choices":[{"message":{"content":"a\\ud83d"},"finish_reason":"stop"}]}'
    assert Reading().whole(raw)["choices"][0]["message"]["content"] == "a"
