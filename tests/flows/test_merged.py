"""A streamed answer as one: what is kept of it, and given again, is what the caller saw."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from plimsoll.flows.serve._cache import merged
from plimsoll.models import ChatEnd, Chunks, Completion, Usage
from plimsoll.models.answers import pieces
from plimsoll.models.answers._pieces import is_whole

END = ChatEnd(Usage(1, 1))


def piece(index: int = 0, finish: str | None = None, **delta: Any) -> Chunks:
    return Chunks(({"choices": [{"index": index, "delta": delta, "finish_reason": finish}]},))


def message(*told: Chunks) -> dict[str, Any]:
    found: dict[str, Any] = merged(told)["choices"][0]["message"]
    return found


def test_texts_go_on_and_names_are_said_again() -> None:
    found = message(
        piece(role="assistant", reasoning="I thi", content=""),
        piece(role="assistant", reasoning="nk."),
        piece(content="Yes"),
    )
    assert found == {"role": "assistant", "content": "Yes", "reasoning": "I think."}


def test_lists_grow() -> None:
    one, two = {"type": "thinking", "thinking": "a", "signature": "S1"}, {"type": "redacted_thinking", "data": "x"}
    found = message(
        piece(thinking_blocks=[one], annotations=[{"url": "u1"}]),
        piece(thinking_blocks=[two]),
        piece(annotations=[{"url": "u2"}]),
    )
    assert found["thinking_blocks"] == [one, two]
    assert found["annotations"] == [{"url": "u1"}, {"url": "u2"}]


def test_objects_are_filled() -> None:
    found = message(
        piece(audio={"id": "a", "transcript": "Hel"}), piece(audio={"id": "a", "transcript": "lo", "expires_at": 5})
    )
    assert found["audio"] == {"id": "a", "transcript": "Hello", "expires_at": 5}


def test_pieces_themselves_are_not_changed() -> None:
    told = [piece(annotations=[1], audio={"data": "a"}), piece(annotations=[2], audio={"data": "b"})]
    message(*told)
    assert told[0].chunks[0]["choices"][0]["delta"] == {"annotations": [1], "audio": {"data": "a"}}


def test_a_choice_keeps_what_its_end_tells() -> None:
    end = Chunks(({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "stop_reason": "END"}]},))
    (choice,) = merged([piece(content="a"), end])["choices"]
    assert (choice["finish_reason"], choice["stop_reason"]) == ("stop", "END")
    *_, last = pieces(Completion({"choices": [choice]}, END))
    assert last.chunks[0]["choices"][0] == {"index": 0, "delta": {}, "finish_reason": "stop", "stop_reason": "END"}


def test_a_choice_that_never_ended_is_not_kept() -> None:
    body = merged([piece(0, content="a"), piece(1, content="b"), piece(0, "stop")])
    assert [choice["finish_reason"] for choice in body["choices"]] == ["stop", None]
    assert not is_whole(Completion(body, END))


def test_signed_thoughts_come_again_each_with_its_own_text() -> None:
    blocks = [{"type": "thinking", "thinking": text, "signature": f"S{text}"} for text in ("one", "two")]
    live = [
        piece(reasoning_content="one"),
        piece(thinking_blocks=blocks[:1]),
        piece(reasoning_content="two"),
        piece(thinking_blocks=blocks[1:]),
    ]
    kept = Completion(merged([*live, piece(0, "stop", content="a")]), END)
    again = [event.chunks[0]["choices"][0]["delta"] for event in pieces(kept)]
    assert again[:4] == [event.chunks[0]["choices"][0]["delta"] for event in live]


DELTAS = st.fixed_dictionaries(
    {},
    optional={
        "content": st.text(max_size=3),
        "reasoning_content": st.text(max_size=3),
        "annotations": st.lists(st.integers(), max_size=2),
        "audio": st.fixed_dictionaries({"data": st.text(max_size=2)}),
        "tool_calls": st.none(),
    },
)


@given(st.lists(DELTAS, max_size=6), st.integers(0, 6))
def test_it_makes_no_difference_where_a_stream_was_cut(deltas: list[dict[str, Any]], at: int) -> None:
    """An answer that was kept and given again, and is kept once more, is the same."""
    once = merged([*(piece(**delta) for delta in deltas), piece(0, "stop", content="x")])
    assert merged(pieces(Completion(once, END))) == once
    together = Chunks(tuple(chunk for delta in deltas[:at] for chunk in piece(**delta).chunks))
    apart = [piece(**delta) for delta in deltas[at:]]
    assert merged([together, *apart, piece(0, "stop", content="x")]) == once
