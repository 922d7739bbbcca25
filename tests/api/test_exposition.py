"""The metrics that are counted with plain numbers look like those of Prometheus' own client."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client import Histogram as Expected
from prometheus_client.parser import text_string_to_metric_families

from plimsoll.api._metrics import Histogram, Measurement, Metrics
from plimsoll.flows.serve import AnswerDone, AnswerStarted
from plimsoll.models import Usage

PLACE = ("contracts", "contracts/ask", "production")
STARTED = AnswerStarted("0" * 32, "sha256:1", "r-1", "openai/m", (), name="contracts/ask")


def done(*, cost_usd: float | None) -> AnswerDone:
    return AnswerDone("Yes.", "stop", Usage(10, 5, cost_usd), (), None, None, 30.0, 10.0, model_ms=20.0)


def samples(text: bytes) -> dict[tuple[str, str], float]:
    """Values by name and bucket."""
    return {
        (sample.name, sample.labels.get("le", "")): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


@given(st.lists(st.sampled_from([0.0, 0.01, 0.02, 81.92]) | st.floats(0, 200), max_size=30))
def test_a_histogram_says_what_the_client_library_would_say(values: list[float]) -> None:
    metrics, registry = Metrics(), CollectorRegistry()
    ours = metrics.series(PLACE).duration
    name = "plimsoll_request_duration_seconds"
    theirs = Expected(name, "", buckets=ours.bounds, registry=registry)
    for value in values:
        ours.observe(value)
        theirs.observe(value)
    expected = samples(generate_latest(registry))
    assert samples(metrics.exposition("")[0]).items() >= expected.items()


def test_a_value_on_a_bound_falls_below_it() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (1.0, 1.5, 2.0, 2.5):
        histogram.observe(value)
    assert histogram.counts == [1, 2, 1]


def test_an_answer_without_a_price_is_counted_as_such_and_costs_nothing() -> None:
    metrics = Metrics()
    for cost_usd in (0.25, None, 0.5):
        measured = Measurement(metrics)
        measured.serving(STARTED.name, "contracts", "production")
        measured.used(done(cost_usd=cost_usd))
        measured.end(200)
    found = samples(metrics.exposition("")[0])
    assert found["plimsoll_cost_usd_total", ""] == 0.75
    assert found["plimsoll_unpriced_requests_total", ""] == 1
    assert found["plimsoll_requests_total", ""] == 3
    assert found["plimsoll_time_per_output_token_seconds_count", ""] == 3
    assert found["plimsoll_requests_in_progress", ""] == 0


def test_before_the_first_request_every_metric_is_described() -> None:
    text = Metrics().exposition("")[0].decode()
    described = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    assert described >= {"plimsoll_requests_total", "plimsoll_request_duration_seconds", "plimsoll_cost_usd_total"}
