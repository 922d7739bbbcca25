"""Every fault of a model server, through every API, streamed and not: the right status, and never a hang."""

from collections.abc import Iterator

import pytest
from tests.gateway.port import Gateway, ModelServer, gateway, route
from tests.gateway.surfaces import CHAT, MESSAGES, SURFACES, Surface, read_stream

TEXT = "Grüße aus 東京 und von der 🚢 heute "
REFUSALS = {
    "status=429~retry_after=2": (429, "rate_limit_exceeded", "rate_limit_error"),
    "status=500": (503, "provider_unavailable", "overloaded_error"),
    "fault=hang_before": (504, "", "timeout_error"),
    "fault=reset_before": (503, "provider_unavailable", "overloaded_error"),
    "fault=denied": (403, "provider_denied", "permission_error"),
    "fault=unknown_model": (404, "model_not_found", "not_found_error"),
    "fault=too_long": (400, "context_length_exceeded", "invalid_request_error"),
    "fault=refused": (400, "content_filter", "invalid_request_error"),
    "status=400": (400, "provider_rejected", "invalid_request_error"),
}
"""What is said before anything of an answer: status, OpenAI's code and Anthropic's type."""
BREAKS = {
    "fault=hang_mid": 504,
    "fault=reset_mid": 503,
    "fault=cut_mid": 503,
    "fault=malformed": 503,
    "fault=giant": 503,
}
"""What happens in the middle; the status where the answer was to come as a whole."""
ODD = ("fault=half_utf8", "rate=400", "latency=0.01", "fault=no_usage", "fault=lying_usage", "fault=absurd_usage")
NAMES = {told: f"m{number}" for number, told in enumerate((*REFUSALS, *BREAKS, *ODD, "fault=error_mid"))}

surfaces = pytest.mark.parametrize("surface", SURFACES, ids=str)
streams = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, models: ModelServer) -> Iterator[Gateway]:
    files = {
        f"routes/{name}.yaml": route(models.url, told, name=name, serves=f"[{name}]", breaker="{failures: 100}")
        for told, name in NAMES.items()
    }
    with gateway(tmp_path_factory.mktemp("faults") / "harbour", files) as found:
        yield found


@surfaces
@streams
@pytest.mark.parametrize("told", REFUSALS)
def test_what_is_refused_has_its_status_and_its_envelope(
    port: Gateway, surface: Surface, told: str, *, stream: bool
) -> None:
    response = port.ask(surface, NAMES[told], stream=stream)
    status, code, kind = REFUSALS[told]
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"]
    body = response.json()
    if surface is MESSAGES:
        assert (body["type"], body["error"]["type"]) == ("error", kind)
        assert response.headers["request-id"] == response.headers["x-request-id"]
    else:
        assert set(body["error"]) == {"message", "type", "param", "code"}
        assert body["error"]["code"] == code or not code
    if status == 429:
        assert response.headers["retry-after"] == "2"
    trace = port.latest()
    assert (trace.status, trace.surface) == ("error", surface.name)
    assert [(attempt["outcome"], bool(attempt["why"])) for attempt in trace.attempts] == [("failed", True)]


@surfaces
@pytest.mark.parametrize("told", BREAKS)
def test_a_whole_answer_that_breaks_is_an_error(port: Gateway, surface: Surface, told: str) -> None:
    response = port.ask(surface, NAMES[told])
    assert response.status_code == BREAKS[told], response.text
    assert surface.error(response.json()) is not None
    assert port.latest().status == "error"


@surfaces
@pytest.mark.parametrize("told", [*BREAKS, "fault=error_mid"])
def test_a_stream_that_breaks_says_so_after_its_text(port: Gateway, surface: Surface, told: str) -> None:
    response = port.ask(surface, NAMES[told], stream=True)
    assert response.status_code == 200, response.text
    stream = read_stream(surface, response.text)
    assert stream.text
    assert TEXT.startswith(stream.text)
    assert stream.error is not None
    assert not stream.is_whole
    assert "[DONE]" not in response.text
    trace = port.trace(response)
    assert (trace.status, trace.answer) == ("error", stream.text)
    assert [attempt["outcome"] for attempt in trace.attempts] == ["failed"]
    assert trace.output_tokens > 0
    assert trace.tokens_estimated


@surfaces
@streams
@pytest.mark.parametrize("told", ODD)
def test_what_is_odd_but_whole_arrives_as_it_is(
    port: Gateway, surface: Surface, told: str, models: ModelServer, *, stream: bool
) -> None:
    response = port.ask(surface, NAMES[told], stream=stream)
    assert response.status_code == 200, response.text
    if stream:
        found = read_stream(surface, response.text)
        assert (found.text, found.error, found.is_whole) == (TEXT, None, True)
    else:
        assert surface.text(response.json()) == TEXT
    trace = port.trace(response)
    assert (trace.status, trace.answer) == ("ok", TEXT)
    assert trace.tokens_estimated is (told in {"fault=no_usage", "fault=absurd_usage"})
    assert 0 < trace.output_tokens <= 80
    assert trace.cost_usd is not None
    assert trace.cost_usd > 0
    assert models.of(NAMES[told])["requests"] > 0


def test_usage_that_was_not_asked_for_is_not_shown(port: Gateway) -> None:
    """The gateway asks the model server for it all the same, for the bill."""
    response = port.ask(CHAT, NAMES["rate=400"], stream=True)
    assert all("usage" not in event for event in read_stream(CHAT, response.text).events)
    assert not port.trace(response).tokens_estimated
    asked = port.ask(CHAT, NAMES["rate=400"], stream=True, stream_options={"include_usage": True})
    *chunks, last = read_stream(CHAT, asked.text).events
    assert all(chunk["usage"] is None for chunk in chunks)
    assert last["usage"]["completion_tokens"] == 8
