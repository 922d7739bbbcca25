import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.models.providers._sse import BodyDecoder, BodyTooLargeError, SseDecoder

LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r"])
DATA = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), max_size=20)
EVENT = st.lists(DATA, min_size=1, max_size=3)
NOISE = st.sampled_from([": comment", "event: delta", "id: 7", "retry: 10", "nonsense"])


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """A valid stream, and the events in it."""
    text = draw(st.sampled_from(["", "\ufeff"]))
    events = draw(st.lists(EVENT, max_size=5))
    end = draw(LINE_ENDS)  # one kind in a stream: a CR and then an LF would be a single end
    for lines in events:
        for line in lines:
            text += draw(st.sampled_from(["", draw(NOISE) + end]))
            text += f"data: {line}{end}"
        text += end
    return text.encode(), ["\n".join(lines).encode() for lines in events]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    borders = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in itertools.pairwise(borders)]


@given(streams(), st.lists(st.integers(0, 10_000), max_size=30))
def test_any_cutting_gives_the_same_events(stream: tuple[bytes, list[bytes]], places: list[int]) -> None:
    data, events = stream
    decoder = SseDecoder(max_event_bytes=10_000)
    assert [e for piece in cut(data, places) for e in decoder.feed(piece)] + decoder.close() == events


@given(streams())
def test_byte_by_byte_gives_the_same_events(stream: tuple[bytes, list[bytes]]) -> None:
    data, events = stream
    decoder = BodyDecoder(max_event_bytes=10_000, max_body_bytes=10_000)
    assert [e for byte in data for e in decoder.feed(bytes([byte]))] + decoder.close() == events


@given(st.binary(max_size=300), st.lists(st.integers(0, 10_000), max_size=10))
def test_cutting_makes_no_difference_to_any_bytes(data: bytes, places: list[int]) -> None:
    whole, pieces = SseDecoder(max_event_bytes=1000), SseDecoder(max_event_bytes=1000)
    expected = whole.feed(data) + whole.close()
    assert [e for piece in cut(data, places) for e in pieces.feed(piece)] + pieces.close() == expected


def test_an_event_without_its_blank_line_is_given_at_the_end() -> None:
    decoder = SseDecoder(max_event_bytes=100)
    assert decoder.feed(b"data: a\n\ndata: b") == [b"a"]
    assert decoder.close() == [b"b"]


@pytest.mark.parametrize("data", [b"data: " + b"x" * 100, b"data: 0123456789\n" * 10, b": " + b"x" * 100])
def test_too_large_is_refused_however_it_is_cut(data: bytes) -> None:
    for size in (1, 7, 1000):
        decoder = SseDecoder(max_event_bytes=50)
        pieces = (data[start : start + size] for start in range(0, len(data), size))
        with pytest.raises(BodyTooLargeError):
            list(map(decoder.feed, pieces))


def test_many_small_events_are_no_large_one() -> None:
    decoder = SseDecoder(max_event_bytes=50)
    assert decoder.feed(b"data: 0123456789\n\n" * 100) == [b"0123456789"] * 100


def test_one_json_object_is_given_whole_at_the_end() -> None:
    decoder = BodyDecoder(max_event_bytes=10, max_body_bytes=100)
    assert decoder.feed(b" \n") + decoder.feed(b'{"a":\n\n') + decoder.feed(b'"data: x"}') == []
    assert decoder.close() == [b' \n{"a":\n\n"data: x"}']
    with pytest.raises(BodyTooLargeError):
        BodyDecoder(max_event_bytes=10, max_body_bytes=100).feed(b"{" * 101)


def test_an_empty_body_has_no_events() -> None:
    decoder = BodyDecoder(max_event_bytes=10, max_body_bytes=100)
    assert decoder.feed(b"  \n") + decoder.close() == []
