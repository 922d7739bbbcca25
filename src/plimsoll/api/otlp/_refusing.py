"""`POST /v1/logs` and `/v1/metrics`: an exporter that is set up for all three signals is told the truth, once a batch.

They are read, counted and rejected as a partial success: after that answer no exporter tries again.
"""

import zlib
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.types import Receive, Scope, Send

from ._wire import ClientGoneError, Form, RefusedError, answer, form_of, read_body, status_body, success

_MOST_BYTES = 4 << 20
_GZIP = 31


@dataclass(frozen=True, slots=True)
class Signal:
    """A kind of telemetry that is not kept."""

    name: str
    field: str
    """What was rejected, in OTLP's JSON."""


LOGS = Signal("logs", "rejectedLogRecords")
METRICS = Signal("metrics", "rejectedDataPoints")


class Refusing:
    """Answers one route with a partial success in which everything is rejected."""

    def __init__(self, signal: Signal) -> None:
        self._signal = signal
        self._threads = CapacityLimiter(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        is_json = False
        try:
            form = form_of(scope)
            is_json = form.is_json
            rejected = await self._rejected(await read_body(receive, _MOST_BYTES), form)
        except ClientGoneError:
            return
        except RefusedError as refused:
            body = status_body(is_json=is_json, status=refused.status, message=refused.message)
            await answer(send, refused.status, body, is_json=is_json)
            return
        message = f"Plimsoll keeps traces, and no {self._signal.name}" if rejected else ""
        body = success(is_json=is_json, rejected=rejected, field=self._signal.field, message=message)
        await answer(send, HTTPStatus.OK, body, is_json=is_json)

    async def _rejected(self, body: bytes, form: Form) -> int:
        """How many things a request holds; on a thread, for a stranger says how long that takes."""
        return await to_thread.run_sync(_count, self._signal, body, form, limiter=self._threads) if body else 0


def _count(signal: Signal, body: bytes, form: Form) -> int:
    if form.is_gzip:
        body = _inflated(body)
    request = _request(signal)
    try:
        if form.is_json:
            from google.protobuf import json_format  # type: ignore[import-untyped]  # it brings no types

            # Ids are written otherwise in OTLP, but are not looked at here.
            json_format.Parse(body, request, ignore_unknown_fields=True)
        else:
            request.ParseFromString(body)
    except Exception as error:
        # Two libraries raise what they like about what strangers send.
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"this is no OTLP request for {signal.name}") from error
    return _logs(request) if signal is LOGS else _points(request)


def _request(signal: Signal) -> Any:
    if signal is LOGS:
        from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

        return ExportLogsServiceRequest()
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

    return ExportMetricsServiceRequest()


def _logs(request: Any) -> int:
    return sum(len(scope.log_records) for resource in request.resource_logs for scope in resource.scope_logs)


def _points(request: Any) -> int:
    metrics = [
        one for resource in request.resource_metrics for scope in resource.scope_metrics for one in scope.metrics
    ]
    kinds = [(metric, metric.WhichOneof("data")) for metric in metrics]
    return sum(len(getattr(metric, kind).data_points) for metric, kind in kinds if kind)


def _inflated(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(_GZIP)
    try:
        plain = unpacker.decompress(body, _MOST_BYTES + 1)
    except zlib.error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the gzip is broken") from None
    if len(plain) > _MOST_BYTES:
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body unpacks to more than 4 MiB")
    return plain
