"""Prometheus metrics of the gateway.

Label values come only from endpoints that are really served, so that no caller can make new time series.
Histogram buckets are those of the OpenTelemetry GenAI conventions (v1.41.1: `gen_ai.server.request.duration` and
`gen_ai.server.time_to_first_token`).
"""

from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder

from plimsoll.models import Usage

from ._service import ServedModel

_DURATION_BUCKETS_S = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_FIRST_TOKEN_BUCKETS_S = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
_WHERE = ("app", "endpoint", "environment")
_UNKNOWN = ("unknown", "unknown", "unknown")


class Metrics:
    """All metrics of one application object, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "plimsoll_requests",
            "Chat requests by HTTP status; 499: the client left before the answer was complete",
            (*_WHERE, "status"),
            registry=self.registry,
        )
        self.duration = Histogram(
            "plimsoll_request_duration_seconds",
            "From the request to the last byte of the answer",
            _WHERE,
            buckets=_DURATION_BUCKETS_S,
            registry=self.registry,
        )
        self.first_token = Histogram(
            "plimsoll_time_to_first_token_seconds",
            "From the request to the first text of the answer",
            _WHERE,
            buckets=_FIRST_TOKEN_BUCKETS_S,
            registry=self.registry,
        )
        self.tokens = Counter(
            "plimsoll_tokens", "Tokens, input and output", (*_WHERE, "direction"), registry=self.registry
        )
        self.cost = Counter(
            "plimsoll_cost_usd", "What model calls with a known price cost", _WHERE, registry=self.registry
        )
        self.in_progress = Gauge(
            "plimsoll_requests_in_progress", "Chat requests being answered now", _WHERE, registry=self.registry
        )

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The metrics in the format that an Accept header asks for, and its content type."""
        encoder, content_type = choose_encoder(accept)
        return encoder(self.registry), content_type


class Measurement:
    """Measures one request, from its making to `end`."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._started = perf_counter()
        self._where = _UNKNOWN
        self._saw_text = False

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the request came."""
        return (perf_counter() - self._started) * 1000

    def answering(self, model: ServedModel) -> None:
        """The request is for a served endpoint."""
        self._where = (model.app, model.endpoint, model.environment)
        self._metrics.in_progress.labels(*self._where).inc()

    def text(self) -> None:
        """A piece of the answer is there."""
        if not self._saw_text:
            self._saw_text = True
            self._metrics.first_token.labels(*self._where).observe(perf_counter() - self._started)

    def used(self, usage: Usage) -> None:
        """The answer is complete, and this is what it took."""
        self._metrics.tokens.labels(*self._where, "input").inc(usage.input_tokens)
        self._metrics.tokens.labels(*self._where, "output").inc(usage.output_tokens)
        if usage.cost_usd is not None:
            self._metrics.cost.labels(*self._where).inc(usage.cost_usd)

    def end(self, status: int) -> None:
        """The request is over, well or not."""
        self._metrics.requests.labels(*self._where, str(status)).inc()
        self._metrics.duration.labels(*self._where).observe(perf_counter() - self._started)
        if self._where is not _UNKNOWN:
            self._metrics.in_progress.labels(*self._where).dec()
