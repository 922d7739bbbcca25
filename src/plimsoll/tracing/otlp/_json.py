"""OTLP in JSON: protobuf's JSON, but ids in hexadecimal digits and enums as numbers. Unknown fields are ignored."""

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Any

from msgspec import DecodeError as NoJsonError
from msgspec import Struct, ValidationError, json

from .._errors import SentInvalidError
from ._types import Incoming, Parsed, SentSpan
from ._values import of_bytes, of_double, of_pairs, of_text

_TRACE = re.compile(r"(?!0{32})[0-9a-f]{32}")
_SPAN = re.compile(r"(?!0{16})[0-9a-f]{16}")
_SIGNED = (-(2**63), 2**63 - 1)
_UNSIGNED = (0, 2**64 - 1)


class _Wire(Struct, rename="camel"):
    """Names as on the wire. Whatever is `null` is as if it were not there (ProtoJSON, "null values")."""


class _Value(_Wire):
    string_value: str | None = None
    bool_value: bool | None = None
    int_value: int | str | None = None
    double_value: float | str | None = None
    bytes_value: str | None = None
    array_value: "_Array | None" = None
    kvlist_value: "_List | None" = None


class _Pair(_Wire):
    key: str | None = None
    value: _Value | None = None


class _Array(_Wire):
    values: list[_Value] | None = None


class _List(_Wire):
    values: list[_Pair] | None = None


class _Status(_Wire):
    code: int | None = None
    message: str | None = None


class _Event(_Wire):
    time_unix_nano: int | str | None = None
    name: str | None = None
    attributes: list[_Pair] | None = None


class _Link(_Wire):
    trace_id: str | None = None
    span_id: str | None = None
    trace_state: str | None = None
    attributes: list[_Pair] | None = None
    flags: int | None = None


class _Span(_Wire):
    trace_id: str | None = None
    span_id: str | None = None
    trace_state: str | None = None
    parent_span_id: str | None = None
    flags: int | None = None
    name: str | None = None
    kind: int | None = None
    start_time_unix_nano: int | str | None = None
    end_time_unix_nano: int | str | None = None
    attributes: list[_Pair] | None = None
    dropped_attributes_count: int | None = None
    events: list[_Event] | None = None
    dropped_events_count: int | None = None
    links: list[_Link] | None = None
    dropped_links_count: int | None = None
    status: _Status | None = None


class _Scope(_Wire):
    name: str | None = None
    version: str | None = None
    attributes: list[_Pair] | None = None


class _ScopeSpans(_Wire):
    scope: _Scope | None = None
    spans: list[_Span] | None = None
    schema_url: str | None = None


class _Resource(_Wire):
    attributes: list[_Pair] | None = None


class _ResourceSpans(_Wire):
    resource: _Resource | None = None
    scope_spans: list[_ScopeSpans] | None = None
    schema_url: str | None = None


class _Request(_Wire):
    resource_spans: list[_ResourceSpans] | None = None


_decoder = json.Decoder(_Request)


def parse_json(body: bytes) -> Parsed:
    """The spans of an `ExportTraceServiceRequest`. Raises SentInvalidError."""
    try:
        request = _decoder.decode(body)
    except (NoJsonError, ValidationError, RecursionError) as error:
        raise SentInvalidError(str(error)) from None
    found, rejected = list[Incoming](), 0
    for resource in request.resource_spans or ():
        for scope in resource.scope_spans or ():
            origin = _origin(resource, scope)
            for span in scope.spans or ():
                trace, own = (span.trace_id or "").lower(), (span.span_id or "").lower()
                if _TRACE.fullmatch(trace) and _SPAN.fullmatch(own):
                    found.append(Incoming(trace, _span(span, own), origin))
                else:
                    rejected += 1
    return Parsed(found, rejected)


def _origin(resource: _ResourceSpans, scope: _ScopeSpans) -> bytes:
    about = scope.scope or _Scope()
    said = {
        "resource": _attributes(resource.resource.attributes if resource.resource else None),
        "resource_schema": resource.schema_url,
        "scope": about.name,
        "version": about.version,
        "attributes": _attributes(about.attributes),
        "schema": scope.schema_url,
    }
    return json.encode({name: value for name, value in said.items() if value}, order="sorted")


def _span(span: _Span, own: str) -> SentSpan:
    status = span.status or _Status()
    dropped = [span.dropped_attributes_count or 0, span.dropped_events_count or 0, span.dropped_links_count or 0]
    return SentSpan(
        own,
        (span.parent_span_id or "").lower(),
        of_text(span.name or ""),
        _whole(span.start_time_unix_nano or 0, _UNSIGNED),
        _whole(span.end_time_unix_nano or 0, _UNSIGNED),
        span.kind or 0,
        status.code or 0,
        of_text(status.message or ""),
        _attributes(span.attributes),
        [_event(event) for event in span.events or ()],
        [_link(link) for link in span.links or ()],
        span.trace_state or "",
        span.flags or 0,
        dropped if any(dropped) else [],
    )


def _event(event: _Event) -> list[Any]:
    return [_whole(event.time_unix_nano or 0, _UNSIGNED), event.name or "", _attributes(event.attributes)]


def _link(link: _Link) -> list[Any]:
    ids = [(link.trace_id or "").lower(), (link.span_id or "").lower()]
    return [*ids, _attributes(link.attributes), link.trace_state or "", link.flags or 0]


def _attributes(pairs: Iterable[_Pair] | None) -> dict[str, Any]:
    return of_pairs([(pair.key or "", _value(pair.value)) for pair in pairs or ()])


def _value(value: _Value | None) -> Any:
    if value is None:
        return None
    if isinstance(value.string_value, str):
        return of_text(value.string_value)
    if isinstance(value.bool_value, bool):
        return value.bool_value
    if isinstance(value.int_value, int | str):
        return _whole(value.int_value, _SIGNED)
    return _other(value)


def _other(value: _Value) -> Any:
    if isinstance(value.double_value, float | str):
        return _double(value.double_value)
    if isinstance(value.bytes_value, str):
        return _bytes(value.bytes_value)
    if isinstance(value.array_value, _Array):
        return [_value(item) for item in value.array_value.values or ()]
    if isinstance(value.kvlist_value, _List):
        return _attributes(value.kvlist_value.values)
    return None


def _whole(value: int | str, between: tuple[int, int]) -> int:
    try:
        number = int(value)
    except ValueError:
        raise SentInvalidError(f"`{str(value)[:20]}` is no whole number") from None
    if not between[0] <= number <= between[1]:
        raise SentInvalidError("a whole number has more than 64 bits")
    return number


def _double(value: float | str) -> Any:
    try:
        number = float(value)
    except ValueError:
        raise SentInvalidError(f"`{str(value)[:20]}` is no number") from None
    return of_double(number)


def _bytes(value: str) -> dict[str, Any] | str:
    try:
        return of_bytes(base64.b64decode(value, validate=True))
    except binascii.Error:
        raise SentInvalidError("bytes are no base64") from None
