import asyncio
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from plimsoll.kernel.errors import UnavailableError

BODY = {"model": "ask", "messages": [{"role": "user", "content": "?"}]}


def _samples(client: TestClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def _where(**more: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({"app": "contracts", "endpoint": "contracts/ask", "environment": "production", **more}.items()))


def test_an_answer_is_counted(client: TestClient) -> None:
    client.post("/v1/chat/completions", json=BODY)
    client.post("/v1/chat/completions", json={**BODY, "stream": True})
    samples = _samples(client)
    assert samples["plimsoll_requests_total", _where(status="200")] == 2
    assert samples["plimsoll_request_duration_seconds_count", _where()] == 2
    assert samples["plimsoll_time_to_first_token_seconds_count", _where()] == 1  # only a stream has a first token
    assert samples["plimsoll_tokens_total", _where(direction="input")] == 240
    assert samples["plimsoll_tokens_total", _where(direction="output")] == 18
    assert samples["plimsoll_cost_usd_total", _where()] == 0.0025
    assert samples["plimsoll_requests_in_progress", ()] == 0


@pytest.mark.parametrize("stream", [False, True])
def test_failures_are_counted_by_status(client: TestClient, service: Any, *, stream: bool) -> None:
    service.script = [service.script[0], UnavailableError("busy")]
    client.post("/v1/chat/completions", json={**BODY, "stream": stream})
    samples = _samples(client)
    assert samples["plimsoll_requests_total", _where(status="503")] == 1
    assert samples["plimsoll_requests_in_progress", ()] == 0
    assert samples.get(("plimsoll_tokens_total", _where(direction="input")), 0) == 0


def test_a_broken_stream_counts_as_its_error(client: TestClient, service: Any) -> None:
    service.script = [*service.script[:2], UnavailableError("gone")]
    assert client.post("/v1/chat/completions", json={**BODY, "stream": True}).status_code == 200
    assert _samples(client)["plimsoll_requests_total", _where(status="503")] == 1


def test_lost_traces_of_all_processes_are_told(client: TestClient, service: Any) -> None:
    service.traces_lost = 7
    assert _samples(client)["plimsoll_traces_lost_total", ()] == 7


def test_embedders_that_are_not_what_they_were_are_told(client: TestClient, service: Any) -> None:
    assert _samples(client)["plimsoll_embedders_changed", ()] == 0
    service.embedders_changed = 2
    assert _samples(client)["plimsoll_embedders_changed", ()] == 2


def test_the_other_numbers_are_told_while_nobody_knows_what_was_lost(
    client: TestClient, service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown() -> int:
        raise UnavailableError("busy")

    monkeypatch.setattr(service, "lost_traces", unknown)
    samples = _samples(client)
    assert samples["plimsoll_requests_in_progress", ()] == 0
    assert ("plimsoll_traces_lost_total", ()) not in samples


def test_callers_cannot_make_time_series(client: TestClient) -> None:
    for number in range(20):
        client.post("/v1/chat/completions", json={**BODY, "model": f"made-up-{number}"})
        client.post("/v1/chat/completions", json=BODY, headers={"x-plimsoll-environment": f"made-up-{number}"})
    body = client.get("/metrics").text
    assert "made-up" not in body
    unknown = (("app", "unknown"), ("endpoint", "unknown"), ("environment", "unknown"), ("status", "404"))
    assert _samples(client)["plimsoll_requests_total", unknown] == 40


def test_a_request_in_progress_is_seen(client: TestClient, service: Any) -> None:
    seen: list[float] = []

    async def look() -> None:
        samples = await asyncio.to_thread(_samples, client)
        seen.append(samples["plimsoll_requests_in_progress", ()])

    service.script.insert(1, look)
    client.post("/v1/chat/completions", json=BODY)
    assert seen == [1]


def test_openmetrics_when_asked_for(client: TestClient) -> None:
    response = client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert response.headers["content-type"].startswith("application/openmetrics-text")
    assert response.text.endswith("# EOF\n")
