"""What a route may do beyond one answer of one model: hedge, escalate, and answer the same question again."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.gateway.echo import Echo
from tests.gateway.port import CHEAP, Gateway, ModelServer, gateway, route, until
from tests.gateway.surfaces import CHAT, Surface, read_stream
from tests.gateway.test_faults import TEXT, streams, surfaces

HEDGED = "{after_s: 0.05}"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, models: ModelServer, echo_server: Echo) -> Iterator[Gateway]:
    escalates = (
        "serves: [careful]\nstrategy: ordered\nretries: {attempts: 0}\nescalate: {when: [json_invalid, refused]}\n"
        f'targets: [{{model: "vllm/e", base_url: "{echo_server.url}/v1", price: {CHEAP}}}, '
        f'{{model: "vllm/dear", base_url: "{models.url}/v1", price: {CHEAP}}}]\n'
    )
    files = {
        "routes/hedged.yaml": route(
            models.url, "fault=hang_before", "", name="hedged", serves="[hedged]", hedge=HEDGED
        ).replace("0.3", "20").replace("0.6", "20"),
        "routes/careful.yaml": escalates,
        "routes/alike.yaml": f"model: vllm/e\nbase_url: {echo_server.url}/v1\nprice: {CHEAP}\nserves: [alike]\n"
        "cache: {semantic: {ttl_s: 600}}\n",
    }  # fmt: skip
    with gateway(tmp_path_factory.mktemp("choices") / "harbour", files) as found:
        found.key = found.make_key("one", team="red")
        yield found


@surfaces
def test_who_is_silent_for_too_long_is_overtaken(port: Gateway, models: ModelServer, surface: Surface) -> None:
    before = models.of("hedged")["broken"]
    response = port.ask(surface, "hedged", stream=True)
    found = read_stream(surface, response.text)
    assert (found.text, found.error, found.is_whole) == (TEXT, None, True)
    trace = port.trace(response)
    assert trace.target == "vllm/hedged1"
    outcomes = {attempt["target"]: (attempt["outcome"], attempt["why"]) for attempt in trace.attempts}
    assert outcomes == {"vllm/hedged~fault=hang_before": ("abandoned", "hedged"), "vllm/hedged1": ("ok", "")}
    until(lambda: models.of("hedged")["broken"] == before + 1)
    assert trace.cost_usd is None, "what the other one bills for is not known, which is not 0"


@surfaces
@streams
@pytest.mark.parametrize("said", ["no JSON at all", "I cannot help with that."])
def test_a_cheap_answer_that_fails_its_check_is_never_seen(
    port: Gateway, heard: Echo, surface: Surface, said: str, *, stream: bool
) -> None:
    heard.says(said)
    heard.finish = "stop"
    wanted: dict[str, Any] = {"response_format": {"type": "json_object"}} if surface is CHAT and "JSON" in said else {}
    response = port.ask(surface, "careful", stream=stream, **wanted)
    assert response.status_code == 200, response.text
    is_dear = bool(wanted) or "JSON" not in said
    text = read_stream(surface, response.text).text if stream else surface.text(response.json())
    assert text == (TEXT if is_dear else said)
    assert not (is_dear and said in response.text)
    trace = port.trace(response)
    assert trace.answer == text
    outcomes = [attempt["outcome"] for attempt in trace.attempts]
    assert outcomes == (["escalated", "ok"] if is_dear else ["ok"])
    assert trace.cost_usd is not None
    assert trace.output_tokens == (10 + 8 if is_dear else 10), "both are paid"


def test_a_question_that_means_the_same_is_answered_again_and_its_opposite_is_not(port: Gateway, heard: Echo) -> None:
    heard.says("It is done.")
    first = port.ask(CHAT, "alike", "Turn on the lights in the kitchen")
    port.platform.answers.flush()
    same = port.ask(CHAT, "alike", "Please turn on the lights in the kitchen")
    opposite = port.ask(CHAT, "alike", "Turn off the lights in the kitchen")
    assert [CHAT.text(one.json()) for one in (first, same, opposite)] == ["It is done."] * 3
    assert [port.trace(one).cached for one in (first, same, opposite)] == ["", "semantic", ""]
    assert same.headers["x-plimsoll-cached"] == "semantic"
    assert port.trace(same).cost_usd == 0
    assert len(heard.heard) == 2


def test_nobody_gets_what_was_answered_to_another_who_meant_the_same(port: Gateway, heard: Echo) -> None:
    blue = port.make_key("blue", team="blue")
    port.ask(CHAT, "alike", "How long is the notice period?")
    port.platform.answers.flush()
    body = CHAT.body("alike", "How long is the notice period?")
    assert port.trace(port.post(CHAT.path, body, key=blue)).cached == ""
    assert port.trace(port.ask(CHAT, "alike", "How long is the notice period?", user="anna")).cached == ""
    assert len(heard.heard) == 3
