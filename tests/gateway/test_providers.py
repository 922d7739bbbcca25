"""Models of Anthropic, Google and Bedrock behind the gateway: whoever answers, callers see their own API alone."""

import json
from collections.abc import Iterator

import pytest
from tests.gateway.port import CHEAP, PATIENT, Gateway, ModelServer, gateway
from tests.gateway.surfaces import CHAT, MESSAGES, Surface, read_stream
from tests.gateway.test_bodies import TOOLS, _called
from tests.gateway.test_faults import TEXT, streams, surfaces

PROVIDERS = {"anthropic": "/v1", "google": "/v1beta", "bedrock": ""}
TOLD = {
    "well": "",
    "calls": "fault=calls",
    "busy": "status=429~retry_after=2",
    "down": "status=500",
    "denied": "fault=denied",
    "long": "fault=too_long",
    "cut": "fault=cut_mid",
}
ERRORS = {
    "busy": (429, "rate_limit_exceeded", "rate_limit_error"),
    "down": (503, "provider_unavailable", "overloaded_error"),
    "denied": (403, "provider_denied", "permission_error"),
    "long": (400, "context_length_exceeded", "invalid_request_error"),
}
PLANTED = "sk-of-the-gateway"

providers = pytest.mark.parametrize("provider", PROVIDERS)


def _route(provider: str, name: str, url: str) -> str:
    model = "~".join(part for part in (name, TOLD[name]) if part)
    target = f'{{model: "{provider}/{model}", base_url: "{url}{PROVIDERS[provider]}", price: {CHEAP}, '
    return (
        f"targets: [{target}api_key: '${{env:HARBOUR_PROVIDER_KEY}}'}}]\n"
        f"serves: [{provider}-{name}]\ntimeouts: {PATIENT}\nretries: {{attempts: 0}}\nbreaker: {{failures: 100}}\n"
    )


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, models: ModelServer) -> Iterator[Gateway]:
    files = {
        f"routes/{provider}-{name}.yaml": _route(provider, name, models.url) for provider in PROVIDERS for name in TOLD
    }
    with gateway(tmp_path_factory.mktemp("providers") / "harbour", files, {"HARBOUR_PROVIDER_KEY": PLANTED}) as found:
        yield found


@providers
@surfaces
@streams
def test_an_answer_arrives_with_its_bill(port: Gateway, surface: Surface, provider: str, *, stream: bool) -> None:
    response = port.ask(surface, f"{provider}-well", stream=stream)
    assert response.status_code == 200, response.text
    if stream:
        found = read_stream(surface, response.text)
        assert (found.text, found.error, found.is_whole) == (TEXT, None, True)
    else:
        assert surface.text(response.json()) == TEXT
    trace = port.trace(response)
    assert (trace.status, trace.answer, trace.output_tokens) == ("ok", TEXT, 8)
    assert trace.target == f"{provider}/well"
    assert trace.input_tokens > 0
    assert not trace.tokens_estimated
    assert trace.cost_usd == pytest.approx((trace.input_tokens * 0.1 + 8 * 0.4) / 1e6)


@providers
@surfaces
@streams
def test_a_tool_is_called(port: Gateway, surface: Surface, provider: str, *, stream: bool) -> None:
    response = port.post(
        surface.path,
        {**surface.body(f"{provider}-calls", "Weather?", stream=stream), "tools": TOOLS[surface]["tools"]},
    )
    assert response.status_code == 200, response.text
    if stream:
        assert read_stream(surface, response.text).error is None
        assert "weather" in response.text
        assert "Oslo" in response.text
    else:
        assert _called(surface, response.json()) == {"city": "Oslo"}
    spans = port.trace(response).spans
    assert "weather" in json.dumps(spans[-1].attributes["gen_ai.output.messages"])


@providers
@surfaces
@streams
@pytest.mark.parametrize("name", ERRORS)
def test_a_refusal_has_the_callers_envelope(
    port: Gateway, surface: Surface, provider: str, name: str, *, stream: bool
) -> None:
    response = port.ask(surface, f"{provider}-{name}", stream=stream)
    status, code, kind = ERRORS[name]
    assert response.status_code == status, response.text
    error = response.json()["error"]
    if surface is MESSAGES:
        assert error["type"] == kind
    else:
        assert (error["code"], set(error)) == (code, {"message", "type", "param", "code"})
    if name == "busy":
        assert response.headers["retry-after"] == "2"
    assert PLANTED not in response.text
    assert PLANTED not in repr(port.latest())


@providers
@surfaces
def test_a_stream_that_is_cut_says_so(port: Gateway, surface: Surface, provider: str) -> None:
    found = read_stream(surface, port.ask(surface, f"{provider}-cut", stream=True).text)
    assert found.text
    assert TEXT.startswith(found.text)
    assert found.error is not None
    assert not found.is_whole
    assert port.latest().status == "error"


@providers
def test_what_a_provider_cannot_do_is_refused_and_not_left_out(port: Gateway, provider: str) -> None:
    response = port.ask(CHAT, f"{provider}-well", audio={"voice": "alloy", "format": "wav"})
    assert response.status_code == 400, response.text
    assert response.json()["error"]["code"] == "not_for_this_provider"
