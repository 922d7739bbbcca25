"""What a route does about faults: retry, the next target, and never a second beginning after a text was sent."""

from collections.abc import Iterator

import pytest
from tests.gateway.port import HASTY, Gateway, ModelServer, gateway, route
from tests.gateway.surfaces import CHAT, MESSAGES, SURFACES, Surface, read_stream
from tests.gateway.test_faults import TEXT, streams, surfaces

BEFORE = ("status=429~retry_after=60", "status=500", "fault=hang_before", "fault=reset_before", "fault=denied")
"""Faults before any text: the next target answers, streamed or not."""
WITHIN = ("fault=hang_mid", "fault=reset_mid", "fault=cut_mid", "fault=malformed")
"""Faults after some text: the next target answers only where nothing was sent yet."""
NAMES = {told: f"m{number}" for number, told in enumerate((*BEFORE, *WITHIN))}
AGAIN = {"retries": "{attempts: 2, base_s: 0.001, longest_s: 0.002}"}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, models: ModelServer) -> Iterator[Gateway]:
    files = {
        f"routes/{name}.yaml": route(
            models.url, told, "", name=name, serves=f"[{name}]", breaker="{failures: 100}"
        ).replace(HASTY, "{first_token_s: 1.5, between_tokens_s: 20, total_s: 20}")
        for told, name in NAMES.items()
    }
    files["routes/again.yaml"] = route(models.url, "status=500~every=2", name="again", serves="[again]", **AGAIN)
    files["routes/ill.yaml"] = route(
        models.url, "status=500", "", name="ill", serves="[ill]", breaker="{failures: 2, open_s: 600}"
    )
    files["routes/none.yaml"] = route(
        models.url, "status=429~retry_after=7", "status=429~retry_after=3", name="none", serves="[none]"
    )
    with gateway(tmp_path_factory.mktemp("failover") / "harbour", files) as found:
        yield found


@surfaces
@pytest.mark.parametrize(
    ("told", "stream"),
    # A whole answer is waited for to the end: nobody knows when it should have begun.
    [(told, stream) for told in BEFORE for stream in (False, True) if stream or told != "fault=hang_before"],
)
def test_before_its_text_a_call_goes_to_the_next_target(
    port: Gateway, surface: Surface, told: str, *, stream: bool
) -> None:
    name = NAMES[told]
    response = port.ask(surface, name, stream=stream)
    assert response.status_code == 200, response.text
    if stream:
        found = read_stream(surface, response.text)
        assert (found.text, found.error) == (TEXT, None)
    else:
        assert surface.text(response.json()) == TEXT
        assert response.headers["x-plimsoll-model"] == f"vllm/{name}1"
    trace = port.trace(response)
    assert (trace.status, trace.answer, trace.target) == ("ok", TEXT, f"vllm/{name}1")
    first, second = trace.attempts
    assert (first["target"], second["target"]) == (f"vllm/{name}~{told}", f"vllm/{name}1")
    # A target that said when to come back is passed over until then.
    assert (first["outcome"], first["why"]) in {("failed", first["why"]), ("skipped", "busy")}
    assert first["why"]
    assert second["outcome"] == "ok"


@surfaces
@pytest.mark.parametrize("told", WITHIN)
def test_a_whole_answer_that_broke_is_asked_of_the_next_target(port: Gateway, surface: Surface, told: str) -> None:
    name = NAMES[told]
    response = port.ask(surface, name)
    assert response.status_code == 200, response.text
    assert surface.text(response.json()) == TEXT
    trace = port.trace(response)
    assert [attempt["outcome"] for attempt in trace.attempts] == ["failed", "ok"]


@surfaces
@pytest.mark.parametrize("told", WITHIN)
def test_a_stream_that_sent_text_never_begins_again(
    port: Gateway, models: ModelServer, surface: Surface, told: str
) -> None:
    name = NAMES[told]
    before = models.of(f"{name}1")["requests"]
    response = port.ask(surface, name, stream=True)
    found = read_stream(surface, response.text)
    assert found.text
    assert TEXT.startswith(found.text)
    assert found.error is not None
    assert models.of(f"{name}1")["requests"] == before
    assert [attempt["outcome"] for attempt in port.trace(response).attempts] == ["failed"]


@streams
def test_a_retry_is_told_and_costs_the_caller_nothing(port: Gateway, models: ModelServer, *, stream: bool) -> None:
    first, second = (port.ask(CHAT, "again", stream=stream) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    outcomes = [[attempt["outcome"] for attempt in port.trace(response).attempts] for response in (first, second)]
    assert ["failed", "ok"] in outcomes
    assert all(each in (["ok"], ["failed", "ok"]) for each in outcomes)
    spent = models.of("again")
    assert spent["requests"] == spent["answered"] + spent["refused"]


def test_a_target_that_is_ill_is_left_alone(port: Gateway, models: ModelServer) -> None:
    for _ in range(4):
        assert port.ask(CHAT, "ill").status_code == 200
    assert models.of("ill")["requests"] == 2
    last = port.latest()
    assert [(attempt["outcome"], attempt["why"]) for attempt in last.attempts] == [
        ("skipped", "breaker_open"),
        ("ok", ""),
    ]


@pytest.mark.parametrize("surface", SURFACES, ids=str)
def test_when_all_are_busy_the_soonest_is_told(port: Gateway, surface: Surface) -> None:
    response = port.ask(surface, "none")
    assert response.status_code == 429
    assert response.headers["retry-after"] == "3"
    kind = response.json()["error"]["type"]
    assert kind == ("rate_limit_error" if surface is MESSAGES else kind)
    assert response.headers.get("x-should-retry") != "false"
