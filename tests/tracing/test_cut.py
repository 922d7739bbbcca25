"""A trace holds so much and no more, however much was said."""

import json
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.tracing.test_traces import a_trace

from plimsoll.tracing import BatchedRecorder, Capture, Trace, _recorder
from plimsoll.tracing._cut import MOST_CONTENT, cut
from plimsoll.tracing.otlp import _values, parse_json, parse_protobuf

PATIENCE_S = 60


def said(*texts: str, answer: str = "") -> Trace:
    messages: list[dict[str, Any]] = [{"role": "user", "content": [{"type": "text", "text": text}]} for text in texts]
    return replace(
        a_trace(),
        question=texts[-1] if texts else "",
        answer=answer,
        request={"messages": messages, "parameters": {"seed": 7}},
        messages=tuple(messages),
        spans=(),
        passages=(),
        citations=(),
    )


def kept(trace: Trace) -> list[str]:
    messages: Any = trace.request["messages"]
    return [message["content"][0]["text"] for message in messages]


@given(st.lists(st.integers(0, 400), max_size=8), st.integers(0, 400), st.integers(50, 2000))
def test_the_longest_texts_are_cut_and_say_so(lengths: list[int], answer: int, most: int) -> None:
    whole = said(*("x" * length for length in lengths), answer="y" * answer)
    shorter = cut(whole, most)
    size = sum(length + len("text") for length in lengths) * 2 + 8 * len(lengths) + (lengths[-1] if lengths else 0)
    if size + answer <= most:
        assert shorter is whole
        return
    assert shorter.request["cut"] is True
    assert shorter.request["parameters"] == {"seed": 7}
    texts = [*kept(shorter), shorter.question, shorter.answer]
    assert sum(len(text.partition("…")[0]) for text in texts) <= most
    longest = max(len(text.partition("…")[0]) for text in texts)
    for text, before in zip(kept(shorter), lengths, strict=True):
        if "…" in text:
            assert text == f"{'x' * longest}… [cut: it had {before:,} characters]"
        else:
            assert len(text) == before <= longest


def test_what_is_recorded_is_cut_before_it_waits() -> None:
    taken: list[Trace] = []
    recorder = BatchedRecorder(taken.extend)
    small = said("a" * 1000)
    large = replace(said("b" * 3_000_000), size_bytes=3_000_000)
    recorder.record(small)
    recorder.record(large)
    recorder.close()
    assert taken[0] == small
    assert sum(map(len, kept(taken[1]))) <= MOST_CONTENT
    assert taken[1].size_bytes == MOST_CONTENT


def test_so_many_bytes_wait_for_the_disk_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_recorder, "_PENDING_BYTES", 10_000)
    writing, disk = threading.Event(), threading.Event()
    written: list[Trace] = []

    def write(batch: Sequence[Trace]) -> None:
        writing.set()
        assert disk.wait(PATIENCE_S)
        written.extend(batch)

    recorder = BatchedRecorder(write)
    recorder.record(replace(said("a"), size_bytes=4000))
    assert writing.wait(PATIENCE_S)
    for _ in range(5):
        recorder.record(replace(said("a"), size_bytes=3000))
    assert recorder.lost == 3
    disk.set()
    recorder.flush()
    recorder.record(replace(said("a"), size_bytes=9000))
    recorder.close()
    assert (recorder.lost, len(written)) == (3, 4)


def test_what_was_never_kept_stays_so_whatever_is_kept_of_others() -> None:
    facts = Capture("off").of_trace(said("secret"))
    for capture in (Capture(), Capture("redacted", redact=str.upper), Capture("off")):
        found = capture.of_trace(facts)
        assert (found.content, found.question, found.request) == ("off", "", {})


def test_one_text_of_a_span_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    monkeypatch.setattr(_values, "MOST_CHARS", 10)
    trace, own = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
    long = "x" * 1234
    request = ExportTraceServiceRequest()
    span = (
        request.resource_spans.add()
        .scope_spans.add()
        .spans.add(trace_id=bytes.fromhex(trace), span_id=bytes.fromhex(own), name=long)
    )
    span.status.message = long
    span.attributes.add(key="a").value.string_value = long
    span.attributes.add(key="b").value.array_value.values.add().string_value = long
    span.attributes.add(key="c").value.bytes_value = long.encode()
    wire = {
        "traceId": trace,
        "spanId": own,
        "name": long,
        "status": {"message": long},
        "attributes": [
            {"key": "a", "value": {"stringValue": long}},
            {"key": "b", "value": {"arrayValue": {"values": [{"stringValue": long}]}}},
            {"key": "c", "value": {"bytesValue": long + "xx"}},
        ],
    }
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [wire]}]}]}).encode()
    shorter = "xxxxxxxxxx… [cut: it had 1,234 characters]"
    for parsed in (parse_protobuf(request.SerializeToString()), parse_json(body)):
        found = parsed.spans[0].span
        assert (found.name, found.message, found.attributes["a"]) == (shorter, shorter, shorter)
        assert found.attributes["b"] == [shorter]
        assert "cut" in str(found.attributes["c"])
