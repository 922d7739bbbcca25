"""Traces over HTTP: the official SDK sends to us, we answer as the protocol says, and we send to others."""

import asyncio
import gzip
import json
import random
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from msgspec.structs import replace
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import ASGIApp
from tests.tracing.test_traces import a_trace

from plimsoll.api.otlp import LOGS, METRICS, OtlpReceiver, Refusing, _wire
from plimsoll.kernel.errors import UnavailableError
from plimsoll.storage import Database
from plimsoll.storage.migrations.traces import TRACES
from plimsoll.tracing import BatchedRecorder, Capture, Trace, Traces
from plimsoll.tracing.export import Exporter
from plimsoll.tracing.received import Outcome, Received, Sender

PROTOBUF, JSON = {"content-type": "application/x-protobuf"}, {"content-type": "application/json"}
TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
PATIENCE_S = 60


@pytest.fixture
def traces(tmp_path: Path) -> Iterator[Traces]:
    database = Database(tmp_path / "traces.db", TRACES)
    yield Traces(database)
    database.close()


@pytest.fixture
def recorder(traces: Traces) -> Iterator[BatchedRecorder]:
    recorder = BatchedRecorder(traces.write, take=Received(traces).take, idle=traces.index_some)
    yield recorder
    recorder.close()


def an_app(submit: Callable[..., Future[Any]]) -> Starlette:
    receiver = OtlpReceiver(submit, "app", lambda _: Sender("s-1", "harbour", "leases", "plim_ab"))
    return Starlette(
        routes=[
            Route("/v1/traces", receiver, methods=["POST"]),
            Route("/v1/logs", Refusing(LOGS), methods=["POST"]),
            Route("/v1/metrics", Refusing(METRICS), methods=["POST"]),
        ]
    )


@pytest.fixture
def client(recorder: BatchedRecorder) -> Iterator[TestClient]:
    with TestClient(an_app(recorder.submit)) as client:
        yield client


@contextmanager
def listening(app: ASGIApp) -> Iterator[str]:
    """The address of a server on loopback."""
    ready = threading.Event()

    class Announced(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            ready.set()

    server = Announced(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    assert ready.wait(PATIENCE_S)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def a_request(*span_ids: str) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for span_id in span_ids or (SPAN,):
        scope.spans.add(trace_id=bytes.fromhex(TRACE), span_id=bytes.fromhex(span_id), name="s", end_time_unix_nano=5)
    return request


def body_of(request: ExportTraceServiceRequest) -> bytes:
    body: bytes = request.SerializeToString()
    return body


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_the_official_sdk_sends_to_us(traces: Traces, recorder: BatchedRecorder, compression: Compression) -> None:
    with listening(an_app(recorder.submit)) as url:
        exporter = OTLPSpanExporter(f"{url}/v1/traces", compression=compression)
        provider = TracerProvider(resource=Resource({"service.name": "shop"}))
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        tracer = provider.get_tracer("some.library", "1.2")
        with tracer.start_as_current_span("ask", attributes={"user.id": "u-7", "input.value": "When?"}):
            said: dict[str, Any] = {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 7, "list": ["a", "b"]}
            with tracer.start_as_current_span("chat m", kind=SpanKind.CLIENT, attributes=said) as span:
                span.add_event("hello", {"n": 1.5})
                span.set_status(StatusCode.ERROR, "broken")
        provider.shutdown()
    (line,) = traces.latest("app", 5)
    assert (line.user_id, line.input_tokens, line.team, line.key) == ("u-7", 7, "harbour", "plim_ab")
    root, call = traces.get("app", line.id).spans
    assert (root.name, call.kind, call.error, call.attributes["list"]) == ("ask", "client", "broken", ["a", "b"])
    assert call.more["events"][0][1:] == ["hello", {"n": 1.5}]  # type: ignore[index]
    assert (call.more["scope"], call.more["version"]) == ("some.library", "1.2")


def test_success_is_an_empty_answer_in_the_form_of_the_request(client: TestClient, traces: Traces) -> None:
    answer = client.post("/v1/traces", content=body_of(a_request()), headers=PROTOBUF)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"", PROTOBUF["content-type"])
    span = {"traceId": TRACE, "spanId": SPAN, "endTimeUnixNano": "5"}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    answer = client.post("/v1/traces", json=body)
    assert (answer.status_code, answer.json(), answer.headers["content-type"]) == (200, {}, JSON["content-type"])
    assert len(traces.get("app", TRACE).spans) == 1
    for headers in (PROTOBUF, {**JSON, "content-type": "application/json; charset=utf-8"}):
        assert client.post("/v1/traces", content=b"", headers=headers).status_code == 200


def test_what_was_answered_is_committed(client: TestClient, traces: Traces) -> None:
    for number in range(1, 20):
        assert client.post("/v1/traces", content=body_of(a_request(f"{number:016x}")), headers=PROTOBUF).is_success
        assert len(traces.get("app", TRACE).spans) == number


def test_some_spans_are_rejected_and_the_others_kept(client: TestClient, traces: Traces) -> None:
    answer = client.post("/v1/traces", content=body_of(a_request(SPAN, "00" * 8, "ab" * 7)), headers=PROTOBUF)
    assert answer.status_code == 200
    partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert partial.rejected_spans == 2
    assert "no valid ids" in partial.error_message
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "xx", "spanId": SPAN}]}]}]}
    assert client.post("/v1/traces", json=body).json()["partialSuccess"]["rejectedSpans"] == "1"
    assert len(traces.get("app", TRACE).spans) == 1


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (PROTOBUF, b"\xff\xff", 400),
        (JSON, b"{", 400),
        ({**PROTOBUF, "content-encoding": "gzip"}, b"no gzip", 400),
        ({**PROTOBUF, "content-encoding": "br"}, b"", 415),
        ({"content-type": "text/plain"}, b"", 415),
        ({}, b"", 415),
    ],
)
def test_bad_requests_are_refused_for_good(
    client: TestClient, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = client.post("/v1/traces", content=body, headers=headers)
    assert answer.status_code == status
    assert "retry-after" not in answer.headers
    if headers == JSON:
        assert "no OTLP" in answer.json()["message"]
    else:
        assert answer.content[0] == 0x08  # a protobuf Status begins with its code


def test_a_body_is_limited_before_and_after_it_is_unpacked(
    client: TestClient, traces: Traces, monkeypatch: pytest.MonkeyPatch
) -> None:
    from plimsoll.api.otlp import _receiver
    from plimsoll.tracing.received import _unpack

    assert _wire.MOST_BYTES == _unpack.MOST_BYTES
    for module in (_receiver, _wire, _unpack):
        monkeypatch.setattr(module, "MOST_BYTES", 1 << 20)
    assert _wire.MOST_BYTES == _unpack.MOST_BYTES
    for body, headers in (
        (bytes(1 + (1 << 20)), PROTOBUF),
        (gzip.compress(bytes(2 << 20)), {**PROTOBUF, "content-encoding": "gzip"}),
    ):
        assert client.post("/v1/traces", content=body, headers=headers).status_code == 413
    unsaid = client.post("/v1/traces", content=iter([bytes(600_000)] * 2), headers=PROTOBUF)
    assert unsaid.status_code == 413
    assert traces.latest("app", 5) == ()


def test_what_is_waiting_counts_with_what_it_unpacks_to() -> None:
    sizes: list[int] = []

    def submit(_shipment: Any, size_bytes: int) -> Future[Any]:
        sizes.append(size_bytes)
        return taken()

    packed = {**PROTOBUF, "content-encoding": "gzip"}
    with TestClient(an_app(submit)) as client:
        for body, headers in (
            (b"a" * 1000, PROTOBUF),
            (gzip.compress(bytes(1000)), packed),
            (gzip.compress(random.Random(3).randbytes(1000)), packed),
            (gzip.compress(bytes(1 << 20)), packed),
        ):
            assert client.post("/v1/traces", content=body, headers=headers).status_code == 200
        # Two megabytes of nothing, in two kilobytes.
        assert client.post("/v1/traces", content=gzip.compress(bytes(2 << 20)), headers=packed).status_code == 413
    assert sizes[:2] == [1000, 1000]
    assert sizes[2] > 1000
    assert sizes[3:] == [1 << 20]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(gzip.compress(bytes(5000))[:-4] + (1000).to_bytes(4, "little"), id="another length"),
        pytest.param(gzip.compress(bytes(5000)) + gzip.compress(b""), id="several parts"),
        pytest.param(gzip.compress(b"") + gzip.compress(bytes(5000)), id="the first one short"),
    ],
)
def test_what_unpacks_to_more_than_it_says_is_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/v1/traces", content=body, headers={**PROTOBUF, "content-encoding": "gzip"})
    assert (answer.status_code, b"gzip" in answer.content) == (400, True)


def taken(*_: Any) -> Future[Any]:
    found: Future[Any] = Future()
    found.set_result(Outcome(0))
    return found


def test_who_sends_slowly_keeps_nobody_out() -> None:
    receiver = OtlpReceiver(taken, "app", lambda scope: Sender(scope["actor"]))
    scope = {"type": "http", "headers": [(b"content-type", b"application/json")]}
    pieces, statuses = [bytes(1 << 20)] * 12, list[int]()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def work() -> None:
        waiting, done = asyncio.Event(), asyncio.Event()

        async def slow() -> Any:
            # It does not say how long it will be.
            if pieces:
                return {"type": "http.request", "body": pieces.pop(), "more_body": True}
            waiting.set()
            await done.wait()
            return {"type": "http.disconnect"}

        async def quick() -> Any:
            return {"type": "http.request", "body": b"{}"}

        first = asyncio.create_task(receiver({**scope, "actor": "a"}, slow, send))
        await waiting.wait()
        await receiver({**scope, "actor": "b"}, quick, send)
        done.set()
        await first

    asyncio.run(asyncio.wait_for(work(), PATIENCE_S))
    assert statuses == [200]


def test_while_the_place_is_gone_senders_are_asked_to_come_again() -> None:
    def submit(*_: object) -> Future[Any]:
        failed: Future[Any] = Future()
        failed.set_exception(UnavailableError("the disk is full", retry_after_s=2.5))
        return failed

    with TestClient(an_app(submit)) as client:
        answer = client.post("/v1/traces", content=body_of(a_request()), headers=PROTOBUF)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    assert b"the disk is full" in answer.content


def test_a_sender_who_leaves_is_no_fault(recorder: BatchedRecorder) -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    receiver = OtlpReceiver(recorder.submit, "app", lambda _: Sender())
    scope = {"type": "http", "headers": [(b"content-type", b"application/json")]}
    waiting: Awaitable[None] = receiver(scope, receive, send)
    asyncio.run(asyncio.wait_for(waiting, PATIENCE_S))
    assert sent == []


def test_logs_and_metrics_are_counted_and_rejected(client: TestClient) -> None:
    logs = ExportLogsServiceRequest()
    logs.resource_logs.add().scope_logs.add().log_records.add()
    answer = client.post("/v1/logs", content=logs.SerializeToString(), headers=PROTOBUF)
    told = ExportLogsServiceResponse.FromString(answer.content).partial_success
    assert (answer.status_code, told.rejected_log_records) == (200, 1)
    metrics = ExportMetricsServiceRequest()
    gauge = metrics.resource_metrics.add().scope_metrics.add().metrics.add(name="m").gauge
    gauge.data_points.add()
    gauge.data_points.add()
    packed = {**PROTOBUF, "content-encoding": "gzip"}
    answer = client.post("/v1/metrics", content=gzip.compress(metrics.SerializeToString()), headers=packed)
    assert ExportMetricsServiceResponse.FromString(answer.content).partial_success.rejected_data_points == 2
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"traceId": TRACE, "spanId": SPAN, "new": 1}]}]}]}
    assert client.post("/v1/logs", json=body).json()["partialSuccess"]["rejectedLogRecords"] == "1"
    assert client.post("/v1/logs", json={}).json() == {}
    assert client.post("/v1/metrics", content=b"{", headers=JSON).status_code == 400


class Collector:
    """Answers with the statuses that it is given, then takes everything."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.bodies: list[bytes] = []
        self.tries = 0
        self.headers: dict[str, str] = {}
        self.app = Starlette(routes=[Route("/v1/traces", self.take, methods=["POST"])])

    async def take(self, request: Any) -> Response:
        self.tries += 1
        self.headers = dict(request.headers)
        body = gzip.decompress(await request.body())
        if self.statuses:
            return Response(status_code=self.statuses.pop(0), headers={"retry-after": "0"})
        self.bodies.append(body)
        return Response()


def exported(collector: Collector, *given: Trace, **options: Any) -> Exporter:
    with listening(collector.app) as url:
        exporter = Exporter(f"{url}/v1/traces", headers=[("x-key", "secret")], **options)
        exporter.offer(given)
        exporter.close()
    return exporter


def test_our_spans_are_sent_to_a_collector() -> None:
    collector, trace = Collector(), a_trace()
    exporter = exported(collector, trace, old_names=True)
    assert (exporter.sent, exporter.dropped) == (1, 0)
    assert collector.headers["x-key"] == "secret"
    spans = ExportTraceServiceRequest.FromString(collector.bodies[0]).resource_spans[0].scope_spans[0].spans
    assert [span.trace_id.hex() for span in spans] == [trace.id] * 2
    assert spans[1].parent_span_id == spans[0].span_id
    names = {pair.key: pair.value for pair in spans[1].attributes}
    assert names["gen_ai.usage.input_tokens"].int_value == names["gen_ai.usage.prompt_tokens"].int_value == 7
    assert (spans[1].status.code, spans[1].status.message) == (2, "Error")
    assert "question" not in str(spans)


def test_what_we_send_we_can_take_in(traces: Traces, recorder: BatchedRecorder) -> None:

    joined = replace(a_trace(), joined=f"{TRACE}-{SPAN}")
    with listening(an_app(recorder.submit)) as url:
        exporter = Exporter(f"{url}/v1/traces", capture=Capture())
        exporter.offer([joined])
        exporter.close()
    assert exporter.sent == 1
    back = traces.get("app", TRACE)
    assert [span.name for span in back.spans] == [span.name for span in joined.spans]
    assert back.spans[0].parent_id == SPAN
    assert back.answer == joined.answer
    assert back.spans[0].attributes["plimsoll.trace"] == joined.id


def test_a_collector_that_is_busy_is_asked_again() -> None:
    collector = Collector(503, 429)
    exporter = exported(collector, a_trace())
    assert (collector.tries, exporter.sent, exporter.dropped) == (3, 1, 0)


def test_what_a_collector_refuses_is_counted_and_not_sent_again() -> None:
    collector = Collector(400)
    exporter = exported(collector, a_trace(), a_trace())
    assert (collector.tries, exporter.sent, exporter.dropped) == (1, 0, 2)


def test_what_does_not_fit_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    collector = Collector()
    exporter = exported(collector, *(a_trace() for _ in range(5)), pending=3)
    assert (exporter.sent, exporter.dropped) == (3, 2)
    assert "2 traces were not exported (2 so far): too many traces are waiting" in caplog.text


def test_what_cannot_be_written_ends_nothing() -> None:

    collector, bad = Collector(), replace(a_trace(), id="no hex")
    exporter = exported(collector, bad)
    assert (exporter.sent, exporter.dropped, collector.tries) == (0, 1, 0)


def test_json_of_a_rejection_is_json() -> None:
    body = _wire.success(is_json=True, rejected=3, field="rejectedSpans", message='"')
    assert json.loads(body) == {"partialSuccess": {"rejectedSpans": "3", "errorMessage": '"'}}
