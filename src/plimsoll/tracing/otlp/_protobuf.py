"""OTLP in protobuf."""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import json

from .._errors import SentInvalidError
from ._types import Incoming, Parsed, SentSpan
from ._values import of_bytes, of_double, of_pairs, of_text

_NO_TRACE, _NO_SPAN = bytes(16), bytes(8)
_TRACE_BYTES, _SPAN_BYTES = 16, 8


def parse_protobuf(body: bytes) -> Parsed:
    """The spans of an `ExportTraceServiceRequest`. Raises SentInvalidError."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # it brings no types
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError:
        raise SentInvalidError("the protobuf is broken") from None
    found, rejected = list[Incoming](), 0
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            origin = _origin(resource, scope)
            for span in scope.spans:
                trace, own = span.trace_id, span.span_id
                if len(trace) != _TRACE_BYTES or len(own) != _SPAN_BYTES or trace == _NO_TRACE or own == _NO_SPAN:
                    rejected += 1
                else:
                    found.append(Incoming(trace.hex(), _span(span), origin))
    return Parsed(found, rejected)


def _origin(resource: Any, scope: Any) -> bytes:
    said = {
        "resource": _attributes(resource.resource.attributes),
        "resource_schema": resource.schema_url,
        "scope": scope.scope.name,
        "version": scope.scope.version,
        "attributes": _attributes(scope.scope.attributes),
        "schema": scope.schema_url,
    }
    return json.encode({name: value for name, value in said.items() if value}, order="sorted")


def _span(span: Any) -> SentSpan:
    sent = SentSpan(
        span.span_id.hex(),
        span.parent_span_id.hex(),
        of_text(span.name),
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        span.kind,
        span.status.code,
        of_text(span.status.message),
        _attributes(span.attributes),
        state=span.trace_state,
        flags=span.flags,
    )
    if span.events:
        sent.events = [[event.time_unix_nano, event.name, _attributes(event.attributes)] for event in span.events]
    if span.links:
        sent.links = [
            [link.trace_id.hex(), link.span_id.hex(), _attributes(link.attributes), link.trace_state, link.flags]
            for link in span.links
        ]
    if span.dropped_attributes_count or span.dropped_events_count or span.dropped_links_count:
        sent.dropped = [span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count]
    return sent


def _attributes(pairs: Iterable[Any]) -> dict[str, Any]:
    return of_pairs([(pair.key, _value(pair.value)) for pair in pairs])


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    given = getattr(value, kind)
    if kind in _AS_IT_IS:
        return given
    return _OTHERWISE[kind](given)


def _items(value: Any) -> Iterator[Any]:
    return (_value(item) for item in value.values)


_AS_IT_IS = {"int_value", "bool_value"}
_OTHERWISE: dict[str, Any] = {
    "string_value": of_text,
    "double_value": of_double,
    "bytes_value": of_bytes,
    "array_value": lambda value: list(_items(value)),
    "kvlist_value": lambda value: _attributes(value.values),
    "string_value_strindex": lambda value: value,
}
