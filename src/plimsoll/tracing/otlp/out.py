"""Our traces as others read them: an `ExportTraceServiceRequest` in protobuf."""

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import json

from .._types import Span, Trace
from ..attributes import with_old_names
from ._values import BYTES, DOUBLE, KVLIST

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ERROR = 2
_KINDS = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}


def to_protobuf(traces: Sequence[Trace], *, service: str, old_names: bool = False) -> bytes:
    """The spans of some traces. With `old_names` they carry the names of conventions up to 1.36 too.

    The spans of a request that joined its caller's trace are in that trace. What was asked and answered is on the first
    span, where the trace has kept it.
    """
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    _set(resource.resource.attributes, {"service.name": service})
    scope = resource.scope_spans.add()
    scope.scope.name = "plimsoll"
    for trace in traces:
        trace_id, _, caller = trace.joined.partition("-")
        for span in trace.spans:
            said = dict(span.attributes)
            if span.parent_id is None:
                said |= _about(trace)
            out = scope.spans.add()
            out.trace_id = bytes.fromhex(trace_id or trace.id)
            out.parent_span_id = bytes.fromhex(span.parent_id or caller)
            _fill(out, span, with_old_names(said) if old_names else said)
    body: bytes = request.SerializeToString()
    return body


def rejected_in(answer: bytes) -> tuple[int, str]:
    """How many spans a collector says that it rejected, and why; none where its answer cannot be read."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # it brings no types
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    try:
        partial = ExportTraceServiceResponse.FromString(answer).partial_success
    except DecodeError:
        return 0, ""
    return partial.rejected_spans, partial.error_message


def _fill(out: Any, span: Span, said: Mapping[str, Any]) -> None:
    out.span_id = bytes.fromhex(span.id)
    out.name = span.name
    out.kind = _KINDS[span.kind]
    out.start_time_unix_nano = _nanoseconds(span.started_at)
    out.end_time_unix_nano = max(_nanoseconds(span.started_at), _nanoseconds(span.ended_at))
    if span.error is not None:
        out.status.code, out.status.message = _ERROR, span.error
        said = {"error.type": span.error if span.error.isidentifier() else "_OTHER", **said}
    _set(out.attributes, said)


def _about(trace: Trace) -> dict[str, Any]:
    """What the whole trace adds to its first span."""
    said: dict[str, Any] = {
        "plimsoll.app": trace.app,
        "plimsoll.trace": trace.id,
        "plimsoll.status": trace.status,
        "user.id": trace.user_id,
        "plimsoll.team": trace.team,
        "plimsoll.project": trace.project,
    }
    if trace.messages:
        said["gen_ai.input.messages"] = _messages(trace.messages)
    if trace.answer:
        answer = {"role": "assistant", "content": trace.answer}
        said["gen_ai.output.messages"] = _messages([answer], finish_reason="stop" if trace.status == "ok" else "error")
    return {name: value for name, value in said.items() if value}


def _messages(messages: Sequence[Mapping[str, Any]], **more: str) -> str:
    """Messages in the form of the conventions, as JSON text, because attributes of spans may be no more."""
    found = []
    for message in messages:
        content = message.get("content")
        text = content if isinstance(content, str) else json.encode(content).decode()
        found.append({"role": message.get("role", ""), "parts": [{"type": "text", "content": text}], **more})
    return json.encode(found).decode()


def _set(pairs: Any, said: Mapping[str, Any]) -> None:
    for key, value in said.items():
        pair = pairs.add()
        pair.key = key
        _put(pair.value, value)


def _put(out: Any, value: Any) -> None:
    """Write a value, also one that `_values` had to dress up."""
    if isinstance(value, bool):
        out.bool_value = value
    elif isinstance(value, str):
        out.string_value = value
    elif isinstance(value, int):
        out.int_value = value
    elif isinstance(value, float):
        out.double_value = value
    elif isinstance(value, Mapping):
        _put_mapping(out, value)
    elif isinstance(value, Sequence):
        out.array_value.SetInParent()
        for item in value:
            _put(out.array_value.values.add(), item)


def _put_mapping(out: Any, value: Mapping[str, Any]) -> None:
    (name, inner) = next(iter(value.items())) if len(value) == 1 else ("", None)
    if name in _DRESSED:
        _DRESSED[name](out, inner)
        return
    out.kvlist_value.SetInParent()
    _set(out.kvlist_value.values, value)


def _put_bytes(out: Any, inner: str) -> None:
    out.bytes_value = base64.b64decode(inner)


def _put_double(out: Any, inner: str) -> None:
    out.double_value = float(inner)


def _put_pairs(out: Any, inner: Sequence[Sequence[Any]]) -> None:
    out.kvlist_value.SetInParent()
    for key, item in inner:
        _set(out.kvlist_value.values, {key: item})


_DRESSED: dict[str, Callable[[Any, Any], None]] = {BYTES: _put_bytes, DOUBLE: _put_double, KVLIST: _put_pairs}


def _nanoseconds(moment: datetime) -> int:
    since = moment - _EPOCH
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1000
