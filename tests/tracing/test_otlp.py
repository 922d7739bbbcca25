"""OTLP on the wire and the conventions of others: nothing is lost, and each thing has one name."""

import base64
import json
import math
from contextlib import suppress
from typing import Any

import pytest
from google.protobuf import json_format  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

from plimsoll.kernel.errors import InvalidError
from plimsoll.tracing.otlp import (
    SentSpan,
    SpanFacts,
    facts_of,
    fold,
    parse_json,
    parse_protobuf,
    said_in,
)

TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"


def a_request() -> ExportTraceServiceRequest:
    """Everything that a span may hold."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add(schema_url="https://example.org/resource")
    resource.resource.attributes.append(KeyValue(key="service.name", value=AnyValue(string_value="shop")))
    scope = resource.scope_spans.add(schema_url="https://example.org/scope")
    scope.scope.name, scope.scope.version = "some.library", "1.2"
    span = scope.spans.add(
        trace_id=bytes.fromhex(TRACE),
        span_id=bytes.fromhex(SPAN),
        parent_span_id=bytes.fromhex("eee19b7ec3c1b173"),
        trace_state="a=b",
        name="chat m",
        kind=3,
        flags=257,
        start_time_unix_nano=1_544_712_660_000_000_001,
        end_time_unix_nano=1_544_712_661_000_000_003,
        dropped_attributes_count=1,
    )
    span.status.code, span.status.message = 2, "broken"
    for key, value in VALUES.items():
        span.attributes.append(KeyValue(key=key, value=value))
    span.events.add(time_unix_nano=7, name="e").attributes.append(KeyValue(key="k", value=VALUES["array"]))
    span.links.add(trace_id=bytes.fromhex(TRACE), span_id=bytes.fromhex(SPAN), trace_state="c=d", flags=1)
    return request


VALUES = {
    "text": AnyValue(string_value="Zürich \0 \U0001f600"),
    "empty": AnyValue(),
    "truth": AnyValue(bool_value=False),
    "whole": AnyValue(int_value=-(2**63)),
    "double": AnyValue(double_value=1.0),
    "endless": AnyValue(double_value=-math.inf),
    "none": AnyValue(double_value=math.nan),
    "bytes": AnyValue(bytes_value=b"\x00\xff"),
    "array": AnyValue(array_value=ArrayValue(values=[AnyValue(int_value=1), AnyValue(string_value="x"), AnyValue()])),
    "list": AnyValue(
        kvlist_value=KeyValueList(
            values=[
                KeyValue(key="a", value=AnyValue(int_value=1)),
                KeyValue(key="b", value=AnyValue(kvlist_value=KeyValueList())),
            ]
        )
    ),
    "twice": AnyValue(
        kvlist_value=KeyValueList(
            values=[KeyValue(key="a", value=AnyValue(int_value=1)), KeyValue(key="a", value=AnyValue(int_value=2))]
        )
    ),
    "mistakable": AnyValue(
        kvlist_value=KeyValueList(values=[KeyValue(key="@bytes", value=AnyValue(string_value="AAA="))])
    ),
}
KEPT = {
    "text": "Zürich \0 \U0001f600",
    "empty": None,
    "truth": False,
    "whole": -(2**63),
    "double": 1.0,
    "endless": {"@double": "-inf"},
    "none": {"@double": "nan"},
    "bytes": {"@bytes": "AP8="},
    "array": [1, "x", None],
    "list": {"a": 1, "b": {}},
    "twice": {"@kvlist": [["a", 1], ["a", 2]]},
    "mistakable": {"@kvlist": [["@bytes", "AAA="]]},
}


def as_json(request: ExportTraceServiceRequest) -> bytes:
    """The request in OTLP's JSON: ids in hexadecimal digits, enums as numbers."""
    written: dict[str, Any] = json.loads(json_format.MessageToJson(request, use_integers_for_enums=True))
    for resource in written.get("resourceSpans", []):
        for scope in resource.get("scopeSpans", []):
            for span in scope.get("spans", []):
                for one in (span, *span.get("links", [])):
                    for name in ("traceId", "spanId", "parentSpanId"):
                        if name in one:
                            one[name] = base64.b64decode(one[name]).hex().upper()
    return json.dumps(written).encode()


def test_protobuf_keeps_everything() -> None:
    parsed = parse_protobuf(a_request().SerializeToString())
    (incoming,) = parsed.spans
    span = incoming.span
    assert (incoming.trace_id, span.id, span.parent, parsed.rejected) == (TRACE, SPAN, "eee19b7ec3c1b173", 0)
    assert (span.name, span.kind, span.state, span.flags, span.dropped) == ("chat m", 3, "a=b", 257, [1, 0, 0])
    assert (span.start, span.end) == (1_544_712_660_000_000_001, 1_544_712_661_000_000_003)
    assert (span.status, span.message) == (2, "broken")
    assert span.attributes == KEPT
    assert type(span.attributes["double"]) is float
    assert span.events == [[7, "e", {"k": [1, "x", None]}]]
    assert span.links == [[TRACE, SPAN, {}, "c=d", 1]]
    assert json.loads(incoming.origin) == {
        "resource": {"service.name": "shop"},
        "resource_schema": "https://example.org/resource",
        "scope": "some.library",
        "version": "1.2",
        "schema": "https://example.org/scope",
    }


FIELDS = (
    *("resourceSpans", "resource", "scopeSpans", "scope", "spans", "schemaUrl", "attributes", "key", "value", "values"),
    *("traceId", "spanId", "traceState", "parentSpanId", "flags", "name", "version", "kind", "timeUnixNano", "code"),
    *("startTimeUnixNano", "endTimeUnixNano", "droppedAttributesCount", "droppedEventsCount", "droppedLinksCount"),
    *("events", "links", "status", "message", "intValue", "stringValue", "arrayValue", "kvlistValue"),
)


def test_json_means_the_same_as_protobuf() -> None:
    request = a_request()
    one, other = parse_protobuf(request.SerializeToString()), parse_json(as_json(request))
    assert one.spans[0].span == other.spans[0].span
    assert one == other


def nulled(message: Any) -> Any:
    """The message with `null` for every field that ProtoJSON leaves out, and for some that no version knows."""
    if isinstance(message, list):
        return [nulled(one) for one in message]
    if not isinstance(message, dict):
        return message
    absent = {name: None for name in (*FIELDS, "later") if name not in message}
    return {name: nulled(value) for name, value in message.items()} | absent


def test_what_is_null_is_as_if_it_were_not_there() -> None:
    full = json.loads(as_json(a_request()))
    bare = {
        "resourceSpans": [
            {
                "scopeSpans": [
                    {"spans": [{"traceId": TRACE, "spanId": SPAN, "events": [{}], "links": [{}], "status": {}}]}
                ]
            }
        ]
    }
    for said in (full, bare, {}):
        assert parse_json(json.dumps(nulled(said)).encode()) == parse_json(json.dumps(said).encode())
    (root,) = parse_json(json.dumps(nulled(bare)).encode()).spans
    assert (root.span.parent, root.span.events, root.span.links) == ("", [[0, "", {}]], [["", "", {}, "", 0]])


def test_unknown_fields_are_ignored_and_numbers_may_be_text() -> None:
    span = {
        "traceId": TRACE,
        "spanId": SPAN,
        "newField": {"x": 1},
        "startTimeUnixNano": "5",
        "endTimeUnixNano": 6,
        "attributes": [
            {"key": "n", "value": {"intValue": "7", "new": 1}},
            {"key": "m", "value": {"doubleValue": "NaN"}},
        ],
        "status": {},
    }
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span], "more": []}]}], "also": None}).encode()
    (incoming,) = parse_json(body).spans
    assert (incoming.span.start, incoming.span.end) == (5, 6)
    assert incoming.span.attributes == {"n": 7, "m": {"@double": "nan"}}


@pytest.mark.parametrize("trace", ["", "00" * 16, "xy" * 16, "ab" * 15, "ab" * 17])
def test_spans_without_valid_ids_are_rejected_alone(trace: str) -> None:
    spans = [{"traceId": trace, "spanId": SPAN}, {"traceId": TRACE, "spanId": SPAN}, {"traceId": TRACE, "spanId": "00"}]
    parsed = parse_json(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode())
    assert (len(parsed.spans), parsed.rejected) == (1, 2)


def test_empty_requests_are_no_mistake() -> None:
    assert parse_protobuf(b"") == parse_json(b"{}") == ([], 0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"resourceSpans": 1}',
        b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":"x","traceId":"%b","spanId":"%b"}]}]}]}'
        % (TRACE.encode(), SPAN.encode()),
        b"\xff\xfe",
        b'{"a":' * 3000,
    ],
)
def test_what_is_no_json_is_said(body: bytes) -> None:
    with pytest.raises(InvalidError, match="this is no OTLP"):
        parse_json(body)


@given(st.binary(max_size=60))
def test_any_bytes_are_spans_or_a_refusal(body: bytes) -> None:
    for parse in (parse_protobuf, parse_json):
        with suppress(InvalidError):
            assert parse(body).rejected >= 0


def facts(attributes: dict[str, Any], **span: Any) -> SpanFacts:
    return facts_of(SentSpan(SPAN, span.pop("parent", ""), "s", 0, 10**9, attributes=attributes, **span), {})


USED = (1000, 200, 300, 50, 40)
CONVENTIONS: dict[str, dict[str, Any]] = {
    "GenAI 1.36": {
        "gen_ai.operation.name": "chat",
        "gen_ai.system": "openai",
        "gen_ai.request.model": "m",
        "gen_ai.usage.prompt_tokens": 1000,
        "gen_ai.usage.completion_tokens": 200,
        "gen_ai.usage.cache_read_input_tokens": 300,
        "gen_ai.usage.cache_creation_input_tokens": 50,
        "gen_ai.usage.reasoning_tokens": 40,
        "gen_ai.prompt.0.role": "user",
        "gen_ai.prompt.0.content": "When?",
        "gen_ai.completion.0.content": "Now.",
    },
    "GenAI 1.41": {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "alias",
        "gen_ai.response.model": "m",
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 200,
        "gen_ai.usage.cache_read.input_tokens": 300,
        "gen_ai.usage.cache_creation.input_tokens": 50,
        "gen_ai.usage.reasoning.output_tokens": 40,
        "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "When?"}]}]),
        "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": "Now."}]}]),
    },
    "after the split": {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "m",
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 200,
        "gen_ai.usage.cache_read.input_tokens": 300,
        "gen_ai.usage.cache_write.input_tokens": 50,
        "gen_ai.usage.reasoning.output_tokens": 40,
        "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "When?"}]}],
        "gen_ai.output.messages": [{"role": "assistant", "parts": [{"type": "text", "content": "Now."}]}],
    },
    "OpenInference": {
        "openinference.span.kind": "LLM",
        "llm.provider": "openai",
        "llm.model_name": "m",
        "llm.token_count.prompt": 1000,
        "llm.token_count.completion": 200,
        "llm.token_count.prompt_details.cache_read": 300,
        "llm.token_count.prompt_details.cache_write": 50,
        "llm.token_count.completion_details.reasoning": 40,
        "llm.input_messages.0.message.role": "system",
        "llm.input_messages.0.message.content": "Be brief.",
        "llm.input_messages.1.message.role": "user",
        "llm.input_messages.1.message.content": "When?",
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": "Now.",
    },
}


@pytest.mark.parametrize("name", CONVENTIONS)
def test_every_convention_says_the_same(name: str) -> None:
    found = facts(CONVENTIONS[name])
    used = (
        found.input_tokens,
        found.output_tokens,
        found.cached_tokens,
        found.cache_write_tokens,
        found.reasoning_tokens,
    )
    assert used == USED
    assert (found.step, found.provider, found.model, found.question) == ("model", "openai", "m", "When?")
    said = said_in([SentSpan(SPAN, "", "s", 0, 1, attributes=CONVENTIONS[name])])
    assert (said.question, said.answer) == ("When?", "Now.")
    assert said.messages[-1] == {"role": "user", "content": "When?"}


def test_messages_as_events_are_read_too() -> None:
    events = [
        [1, "gen_ai.system.message", {"content": "Be brief."}],
        [2, "gen_ai.user.message", {"content": "When?"}],
        [3, "gen_ai.choice", {"message": {"content": "Now."}}],
    ]
    span = SentSpan(SPAN, "", "chat", 0, 1, attributes={"gen_ai.system": "openai"}, events=events)
    said = said_in([span])
    assert (said.question, said.answer, len(said.messages)) == ("When?", "Now.", 2)


@pytest.mark.parametrize("value", [-1, 2**41, "7", True, 1.5, None, [1], {"a": 1}])
def test_tokens_that_cannot_be_true_are_no_tokens(value: Any) -> None:
    assert not facts({"gen_ai.usage.input_tokens": value}).has_usage


def test_cached_tokens_that_were_counted_apart_are_added() -> None:
    apart = {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.cache_read.input_tokens": 90}
    assert facts(apart).input_tokens == 100


def test_a_cost_that_is_told_is_taken_exactly() -> None:
    told = {"llm.token_count.prompt": 1, "llm.cost.total": 0.000123}
    assert facts(told).cost_pico == 123_000_000
    assert facts({**told, "llm.cost.total": -1.0}).cost_pico is None


def a_tree() -> list[SpanFacts]:
    """An agent that repeats what its calls used, a call that two instrumentations wrapped, and a failed tool."""
    return [
        SpanFacts("a", "", "agent", 0, 100, input_tokens=30, output_tokens=3, user="u", endpoint="clerk", step="agent"),
        SpanFacts("b", "a", "chain", 1, 90),
        SpanFacts("c", "b", "llm", 2, 40, input_tokens=10, output_tokens=1, model="m", cost_pico=5, step="model"),
        SpanFacts(
            "d", "c", "llm inside", 3, 39, input_tokens=10, output_tokens=1, model="m", cost_pico=5, step="model"
        ),
        SpanFacts("e", "b", "llm", 50, 80, input_tokens=20, output_tokens=2, model="n", step="model"),
        SpanFacts("f", "b", "tool", 81, 82, failed=True, step="tool"),
    ]


@given(st.permutations(a_tree()), st.integers(0, 5))
def test_a_trace_is_the_same_in_whatever_order_its_spans_come(spans: list[SpanFacts], again: int) -> None:
    found = fold([*spans, spans[again]])
    assert found == fold(a_tree())
    assert (found.sums.input_tokens, found.sums.output_tokens, found.sums.cost_pico) == (30, 3, 5)
    assert (found.sums.requests, found.sums.errors, found.sums.priced, found.sums.unknown) == (1, 0, 1, 1)
    assert {name: sums.input_tokens for name, sums in found.models.items()} == {"m": 10, "n": 20}
    assert (found.root.id, found.user, found.model, found.start_ns, found.end_ns) == ("a", "u", "n", 0, 100)


def test_a_trace_without_root_is_what_is_there() -> None:
    found = fold(a_tree()[1:])
    assert (found.root.id, found.start_ns, found.end_ns) == ("b", 1, 90)


def test_what_was_served_here_counts_only_there() -> None:
    """The call of span e was answered by this server, whose own spans came back as well."""
    ours = SpanFacts("g", "e", "invoke_workflow", 51, 79)
    call = SpanFacts("h", "g", "chat", 52, 78, input_tokens=20, output_tokens=2, model="n", step="model")
    found = fold([*a_tree(), ours, call], {"e"})
    assert (found.sums.input_tokens, list(found.models)) == (10, ["m"])


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["", *"abcdef"]), st.booleans()), min_size=1))
def test_any_tangle_of_parents_is_folded(tangle: list[tuple[str, str, bool]]) -> None:
    spans = [SpanFacts(one, parent, "s", 0, 1, input_tokens=1 if used else None) for one, parent, used in tangle]
    found = fold(spans, {"a"})
    assert 0 <= found.sums.input_tokens <= len({one for one, _, used in tangle if used})
