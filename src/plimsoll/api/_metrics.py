"""Prometheus metrics of the gateway.

Label values come only from endpoints that are really served, so that no caller can make new time series.
Histogram buckets are those of the OpenTelemetry GenAI conventions (v1.41.1: `gen_ai.server.request.duration`,
`gen_ai.server.time_to_first_token` and `gen_ai.server.time_per_output_token`).
"""

from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder

from plimsoll.flows.serve import AnswerDone, AnswerStarted

_DURATION_BUCKETS_S = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_FIRST_TOKEN_BUCKETS_S = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
_PER_TOKEN_BUCKETS_S = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5)
_OVERHEAD_BUCKETS_S = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_WHERE = ("app", "endpoint", "environment")
_UNKNOWN = ("unknown", "unknown", "unknown")


class Series:
    """The metrics of one place, looked up once: finding them by their labels costs more than counting."""

    def __init__(self, metrics: "Metrics", where: tuple[str, str, str]) -> None:
        self._requests = metrics.requests
        self._where = where
        self._statuses: dict[int, Counter] = {}
        self.duration = metrics.duration.labels(*where)
        self.first_token = metrics.first_token.labels(*where)
        self.overhead = metrics.overhead.labels(*where)
        self.per_token = metrics.per_token.labels(*where)
        self.input_tokens = metrics.tokens.labels(*where, "input")
        self.output_tokens = metrics.tokens.labels(*where, "output")
        self.cost = metrics.cost.labels(*where)
        self.unpriced = metrics.unpriced.labels(*where)

    def status(self, number: int) -> Counter:
        """The counter of one HTTP status."""
        counter = self._statuses.get(number)
        if counter is None:
            counter = self._statuses[number] = self._requests.labels(*self._where, str(number))
        return counter


class Metrics:
    """All metrics of one application object, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._series: dict[tuple[str, str, str], Series] = {}
        self.requests = self._counter(
            "plimsoll_requests",
            "Requests by HTTP status; 499: the client left before the answer was complete",
            (*_WHERE, "status"),
        )
        self.duration = self._histogram(
            "plimsoll_request_duration_seconds", "From the request to the last byte of the answer", _DURATION_BUCKETS_S
        )
        self.first_token = self._histogram(
            "plimsoll_time_to_first_token_seconds",
            "From the request to the first text of a streamed answer",
            _FIRST_TOKEN_BUCKETS_S,
        )
        self.per_token = self._histogram(
            "plimsoll_time_per_output_token_seconds",
            "Time between tokens after the first one",
            _PER_TOKEN_BUCKETS_S,
        )
        self.overhead = self._histogram(
            "plimsoll_overhead_seconds", "Of a whole request, what did not go to the model", _OVERHEAD_BUCKETS_S
        )
        self.tokens = self._counter("plimsoll_tokens", "Tokens, input and output", (*_WHERE, "direction"))
        self.cost = self._counter("plimsoll_cost_usd", "What model calls with a known price cost", _WHERE)
        self.unpriced = self._counter("plimsoll_unpriced_requests", "Answers whose price is unknown", _WHERE)
        self.in_progress = Gauge("plimsoll_requests_in_progress", "Requests being answered now", registry=self.registry)

    def series(self, where: tuple[str, str, str]) -> Series:
        """The metrics of an application, endpoint and environment."""
        series = self._series.get(where)
        if series is None:
            series = self._series[where] = Series(self, where)
        return series

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The metrics in the format that an Accept header asks for, and its content type."""
        encoder, content_type = choose_encoder(accept)
        return encoder(self.registry), content_type

    def _counter(self, name: str, what: str, labels: tuple[str, ...]) -> Counter:
        return Counter(name, what, labels, registry=self.registry)

    def _histogram(self, name: str, what: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(name, what, _WHERE, buckets=buckets, registry=self.registry)


class Measurement:
    """Measures one request, from its making to `end`."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._started = perf_counter()
        self._series: Series | None = None
        self._saw_text = False
        metrics.in_progress.inc()

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the request came."""
        return (perf_counter() - self._started) * 1000

    def answering(self, started: AnswerStarted, app: str, environment: str) -> None:
        """The request is for something that is served: only such names become labels."""
        self._series = self._metrics.series((app, started.name, environment))

    def text(self) -> None:
        """A piece of the answer is there."""
        if not self._saw_text and self._series is not None:
            self._saw_text = True
            self._series.first_token.observe(perf_counter() - self._started)

    def used(self, done: AnswerDone) -> None:
        """The answer is complete, and this is what it took."""
        series, usage = self._series, done.usage
        if series is None:
            return
        series.input_tokens.inc(usage.input_tokens)
        series.output_tokens.inc(usage.output_tokens)
        series.overhead.observe(max(0.0, perf_counter() - self._started - done.model_ms / 1000))
        first_ms = done.time_to_first_token_ms
        generating_s = (done.latency_ms - first_ms) / 1000 if first_ms is not None else 0.0
        if usage.output_tokens > 1 and generating_s > 0:
            series.per_token.observe(generating_s / (usage.output_tokens - 1))
        if usage.cost_usd is None:
            series.unpriced.inc()
        else:
            series.cost.inc(usage.cost_usd)

    def end(self, status: int) -> None:
        """The request is over, well or not."""
        series = self._series or self._metrics.series(_UNKNOWN)
        self._metrics.in_progress.dec()
        series.status(status).inc()
        series.duration.observe(perf_counter() - self._started)
