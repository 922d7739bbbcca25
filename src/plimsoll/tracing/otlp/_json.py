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
from ._values import of_bytes, of_double, of_pairs

_TRACE = re.compile(r"(?!0{32})[0-9a-f]{32}")
_SPAN = re.compile(r"(?!0{16})[0-9a-f]{16}")
_SIGNED = (-(2**63), 2**63 - 1)
_UNSIGNED = (0, 2**64 - 1)


class _Wire(Struct, rename="camel"):
    """Names as on the wire."""


class _Value(_Wire):
    string_value: str | None = None
    bool_value: bool | None = None
    int_value: int | str | None = None
    double_value: float | str | None = None
    bytes_value: str | None = None
    array_value: "_Array | None" = None
    kvlist_value: "_List | None" = None


class _Pair(_Wire):
    key: str = ""
    value: _Value | None = None


class _Array(_Wire):
    values: list[_Value] = []


class _List(_Wire):
    values: list[_Pair] = []


class _Status(_Wire):
    code: int = 0
    message: str = ""


class _Event(_Wire):
    time_unix_nano: int | str = 0
    name: str = ""
    attributes: list[_Pair] = []


class _Link(_Wire):
    trace_id: str = ""
    span_id: str = ""
    trace_state: str = ""
    attributes: list[_Pair] = []
    flags: int = 0


class _Span(_Wire):
    trace_id: str = ""
    span_id: str = ""
    trace_state: str = ""
    parent_span_id: str = ""
    flags: int = 0
    name: str = ""
    kind: int = 0
    start_time_unix_nano: int | str = 0
    end_time_unix_nano: int | str = 0
    attributes: list[_Pair] = []
    dropped_attributes_count: int = 0
    events: list[_Event] = []
    dropped_events_count: int = 0
    links: list[_Link] = []
    dropped_links_count: int = 0
    status: _Status | None = None


class _Scope(_Wire):
    name: str = ""
    version: str = ""
    attributes: list[_Pair] = []


class _ScopeSpans(_Wire):
    scope: _Scope | None = None
    spans: list[_Span] = []
    schema_url: str = ""


class _Resource(_Wire):
    attributes: list[_Pair] = []


class _ResourceSpans(_Wire):
    resource: _Resource | None = None
    scope_spans: list[_ScopeSpans] = []
    schema_url: str = ""


class _Request(_Wire):
    resource_spans: list[_ResourceSpans] = []


_decoder = json.Decoder(_Request)


def parse_json(body: bytes) -> Parsed:
    """The spans of an `ExportTraceServiceRequest`. Raises SentInvalidError."""
    try:
        request = _decoder.decode(body)
    except (NoJsonError, ValidationError, RecursionError) as error:
        raise SentInvalidError(str(error)) from None
    found, rejected = list[Incoming](), 0
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            origin = _origin(resource, scope)
            for span in scope.spans:
                trace, own = span.trace_id.lower(), span.span_id.lower()
                if _TRACE.fullmatch(trace) and _SPAN.fullmatch(own):
                    found.append(Incoming(trace, _span(span, own), origin))
                else:
                    rejected += 1
    return Parsed(found, rejected)


def _origin(resource: _ResourceSpans, scope: _ScopeSpans) -> bytes:
    about = scope.scope or _Scope()
    said = {
        "resource": _attributes(resource.resource.attributes if resource.resource else ()),
        "resource_schema": resource.schema_url,
        "scope": about.name,
        "version": about.version,
        "attributes": _attributes(about.attributes),
        "schema": scope.schema_url,
    }
    return json.encode({name: value for name, value in said.items() if value}, order="sorted")


def _span(span: _Span, own: str) -> SentSpan:
    status = span.status or _Status()
    dropped = [span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count]
    return SentSpan(
        own,
        span.parent_span_id.lower(),
        span.name,
        _whole(span.start_time_unix_nano, _UNSIGNED),
        _whole(span.end_time_unix_nano, _UNSIGNED),
        span.kind,
        status.code,
        status.message,
        _attributes(span.attributes),
        [[_whole(event.time_unix_nano, _UNSIGNED), event.name, _attributes(event.attributes)] for event in span.events],
        [
            [link.trace_id.lower(), link.span_id.lower(), _attributes(link.attributes), link.trace_state, link.flags]
            for link in span.links
        ],
        span.trace_state,
        span.flags,
        dropped if any(dropped) else [],
    )


def _attributes(pairs: Iterable[_Pair]) -> dict[str, Any]:
    return of_pairs([(pair.key, _value(pair.value)) for pair in pairs])


def _value(value: _Value | None) -> Any:
    if value is None:
        return None
    if isinstance(value.string_value, str):
        return value.string_value
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
        return [_value(item) for item in value.array_value.values]
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


def _bytes(value: str) -> dict[str, Any]:
    try:
        return of_bytes(base64.b64decode(value, validate=True))
    except binascii.Error:
        raise SentInvalidError("bytes are no base64") from None
