"""Prometheus metrics of the gateway.

Label values come only from endpoints that are really served, so that no caller can make new time series.
Histogram buckets are those of the OpenTelemetry GenAI conventions (v1.41.1: `gen_ai.server.request.duration`,
`gen_ai.server.time_to_first_token` and `gen_ai.server.time_per_output_token`).

Counting happens in the event loop alone, with plain numbers: no lock is taken for a request. They become Prometheus'
families when they are read.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from time import perf_counter, time
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from plimsoll.flows.serve import AnswerDone

_DURATION_BUCKETS_S = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_FIRST_TOKEN_BUCKETS_S = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
_PER_TOKEN_BUCKETS_S = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5)
_OVERHEAD_BUCKETS_S = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_WHERE: Final = ("app", "endpoint", "environment")
_UNKNOWN = ("unknown", "unknown", "unknown")

Where = tuple[str, str, str]
"""An application, an endpoint of it, an environment."""


class Histogram:
    """How many values fell below each bound, and their sum."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """For each bound the values up to it and above the one before, then those above all; not added up."""
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Series:
    """What is counted of one place."""

    __slots__ = (
        "cost_usd", "created", "duration", "first_token", "input_tokens", "output_tokens", "overhead", "per_token",
        "statuses", "unpriced",
    )  # fmt: skip

    def __init__(self, now: float) -> None:
        self.created = now
        """Seconds since 1970."""
        self.statuses: dict[int, list[float]] = {}
        """For each HTTP status how many there were, and when the first of them came."""
        self.duration = Histogram(_DURATION_BUCKETS_S)
        self.first_token = Histogram(_FIRST_TOKEN_BUCKETS_S)
        self.per_token = Histogram(_PER_TOKEN_BUCKETS_S)
        self.overhead = Histogram(_OVERHEAD_BUCKETS_S)
        self.input_tokens = 0
        self.output_tokens = 0
        self.cost_usd = 0.0
        self.unpriced = 0

    def count(self, status: int) -> None:
        """One more response with this HTTP status."""
        counted = self.statuses.get(status)
        if counted is None:
            counted = self.statuses[status] = [0, time()]
        counted[0] += 1


class Metrics:
    """All metrics of one application object, in a registry of its own. They belong to one event loop."""

    def __init__(self) -> None:
        self.in_progress = 0
        self.lost_traces: int | None = None
        """Traces that no process could keep; None while it was not asked."""
        self.changed_embedders: int | None = None
        """Live indexes whose embedder is not what it was; None while it was not asked."""
        self._series: dict[Where, Series] = {}
        self._registry = CollectorRegistry()
        self._registry.register(_Exposed(self))

    @property
    def places(self) -> Iterable[tuple[Where, Series]]:
        """Every place of which something was counted."""
        return self._series.items()

    def series(self, where: Where) -> Series:
        """The metrics of an application, endpoint and environment."""
        series = self._series.get(where)
        if series is None:
            series = self._series[where] = Series(time())
        return series

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The metrics in the format that an Accept header asks for, and its content type."""
        encoder, content_type = choose_encoder(accept)
        return encoder(self._registry), content_type


class _Exposed(Collector):
    """The metrics as Prometheus' families, in the order in which they are described."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """See Collector."""
        places = [(dict(zip(_WHERE, where, strict=True)), series) for where, series in self._metrics.places]
        yield _counter(
            "plimsoll_requests",
            "Requests by HTTP status; 499: the client left before the answer was complete",
            (
                ({**where, "status": str(status)}, count, created)
                for where, series in places
                for status, (count, created) in series.statuses.items()
            ),
        )
        yield from _durations(places)
        yield _counter(
            "plimsoll_tokens",
            "Tokens, input and output",
            (
                ({**where, "direction": direction}, count, series.created)
                for where, series in places
                for direction, count in (("input", series.input_tokens), ("output", series.output_tokens))
            ),
        )
        yield _counter(
            "plimsoll_cost_usd",
            "What model calls with a known price cost",
            ((where, series.cost_usd, series.created) for where, series in places),
        )
        yield _counter(
            "plimsoll_unpriced_requests",
            "Answers whose price is unknown",
            ((where, series.unpriced, series.created) for where, series in places),
        )
        gauge = Metric("plimsoll_requests_in_progress", "Requests being answered now", "gauge")
        gauge.add_sample("plimsoll_requests_in_progress", {}, self._metrics.in_progress)
        yield gauge
        if self._metrics.lost_traces is not None:
            lost = Metric("plimsoll_traces_lost", "Traces that could not be kept, of all processes and ever", "counter")
            lost.add_sample("plimsoll_traces_lost_total", {}, self._metrics.lost_traces)
            yield lost
        if self._metrics.changed_embedders is not None:
            what = "Live indexes whose embedder is not what it was when they were made"
            changed = Metric("plimsoll_embedders_changed", what, "gauge")
            changed.add_sample("plimsoll_embedders_changed", {}, self._metrics.changed_embedders)
            yield changed


def _durations(places: Sequence[tuple[dict[str, str], Series]]) -> Iterator[Metric]:
    yield _histogram(
        "plimsoll_request_duration_seconds",
        "From the request to the last byte of the answer",
        [(where, series.duration, series.created) for where, series in places],
    )
    yield _histogram(
        "plimsoll_time_to_first_token_seconds",
        "From the request to the first text of a streamed answer",
        [(where, series.first_token, series.created) for where, series in places],
    )
    yield _histogram(
        "plimsoll_time_per_output_token_seconds",
        "Time between tokens after the first one",
        [(where, series.per_token, series.created) for where, series in places],
    )
    yield _histogram(
        "plimsoll_overhead_seconds",
        "Of a whole request, what did not go to the model",
        [(where, series.overhead, series.created) for where, series in places],
    )


def _counter(name: str, what: str, counted: Iterable[tuple[dict[str, str], float, float]]) -> Metric:
    """A family from labels, counts, and when each count began."""
    family = Metric(name, what, "counter")
    for labels, count, created in counted:
        family.add_sample(f"{name}_total", labels, count)
        family.add_sample(f"{name}_created", labels, created)
    return family


def _histogram(name: str, what: str, observed: Iterable[tuple[dict[str, str], Histogram, float]]) -> Metric:
    """A family from labels, values, and when their counting began."""
    family = Metric(name, what, "histogram")
    for labels, histogram, created in observed:
        below = 0
        bounds = (*(str(float(bound)) for bound in histogram.bounds), "+Inf")
        for bound, count in zip(bounds, histogram.counts, strict=True):
            below += count
            family.add_sample(f"{name}_bucket", {**labels, "le": bound}, below)
        family.add_sample(f"{name}_count", labels, below)
        family.add_sample(f"{name}_sum", labels, histogram.total)
        family.add_sample(f"{name}_created", labels, created)
    return family


class Measurement:
    """Measures one request, from its making to `end`."""

    __slots__ = ("_metrics", "_saw_text", "_series", "_started")

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._started = perf_counter()
        self._series: Series | None = None
        self._saw_text = False
        metrics.in_progress += 1

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the request came."""
        return (perf_counter() - self._started) * 1000

    def serving(self, name: str, app: str, environment: str) -> None:
        """The request is for something that is served: only such names become labels."""
        self._series = self._metrics.series((app, name, environment))

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
        series.input_tokens += usage.input_tokens
        series.output_tokens += usage.output_tokens
        series.overhead.observe(max(0.0, perf_counter() - self._started - done.model_ms / 1000))
        first_ms = done.time_to_first_token_ms
        generating_s = (done.latency_ms - first_ms) / 1000 if first_ms is not None else 0.0
        if usage.output_tokens > 1 and generating_s > 0:
            series.per_token.observe(generating_s / (usage.output_tokens - 1))
        if usage.cost_usd is None:
            series.unpriced += 1
        else:
            series.cost_usd += usage.cost_usd

    def end(self, status: int) -> None:
        """The request is over, well or not."""
        metrics = self._metrics
        metrics.in_progress -= 1
        series = self._series or metrics.series(_UNKNOWN)
        series.count(status)
        series.duration.observe(perf_counter() - self._started)
