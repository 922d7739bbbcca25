"""Answers that are given again: free, told, and never to somebody else or from an older release."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.gateway.echo import USAGE, Echo
from tests.gateway.port import CHEAP, Gateway, change, gateway
from tests.gateway.surfaces import CHAT, SURFACES, Surface, read_stream
from tests.gateway.test_faults import streams, surfaces


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, echo_server: Echo) -> Iterator[Gateway]:
    target = f"model: vllm/e\nbase_url: {echo_server.url}/v1\nprice: {CHEAP}\nretries: {{attempts: 0}}\n"
    files = {
        "routes/kept.yaml": f"{target}serves: [kept]\ncache: {{exact: {{ttl_s: 600}}}}\n",
        "routes/fresh.yaml": f"{target}serves: [fresh]\n",
        "routes/default.yaml": f"{target}cache: {{exact: {{ttl_s: 600}}}}\n",
    }
    with gateway(tmp_path_factory.mktemp("cache") / "harbour", files) as found:
        found.key = found.make_key("one", team="red")
        yield found


@surfaces
@streams
@pytest.mark.parametrize("model", ["kept", "ask"])
def test_the_same_question_is_answered_again_for_nothing(
    port: Gateway, heard: Echo, surface: Surface, model: str, *, stream: bool
) -> None:
    text = f"Same? {surface} {stream}"
    first = port.ask(surface, model, text, stream=stream)
    second = port.ask(surface, model, text, stream=stream)
    assert (first.status_code, second.status_code) == (200, 200)
    assert len(heard.heard) == 1
    texts = [
        read_stream(surface, response.text).text if stream else surface.text(response.json())
        for response in (first, second)
    ]
    assert texts == ["Good day.", "Good day."]
    traces = [port.trace(response) for response in (first, second)]
    assert [trace.cached for trace in traces] == ["", "exact"]
    assert traces[0].cost_usd == pytest.approx((USAGE["prompt_tokens"] * 0.1 + USAGE["completion_tokens"] * 0.4) / 1e6)
    assert traces[1].cost_usd == 0
    assert [trace.answer for trace in traces] == ["Good day."] * 2
    if not stream:
        assert "x-plimsoll-cached" not in first.headers
        assert second.headers["x-plimsoll-cached"] == "exact"
        assert second.headers["x-plimsoll-cost-usd"] == "0"


def test_a_stream_is_kept_for_whole_answers_and_the_other_way_round(port: Gateway, heard: Echo) -> None:
    for number, stream in enumerate((False, True)):
        port.ask(CHAT, "kept", f"Either? {number}", stream=stream)
        assert port.ask(CHAT, "kept", f"Either? {number}", stream=not stream).status_code == 200
    assert len(heard.heard) == 2


def test_the_same_question_by_another_api_is_the_same_question(port: Gateway, heard: Echo) -> None:
    texts = []
    for surface in SURFACES:
        fields = {"max_tokens": 77} if surface is CHAT else {}
        body = {**surface.body("kept", "Which API?"), **fields}
        if surface.name == "responses":
            body["max_output_tokens"] = 77
        if surface.name == "messages":
            body["max_tokens"] = 77
        texts.append(surface.text(port.post(surface.path, body).json()))
    assert texts == ["Good day."] * 3
    assert 1 <= len(heard.heard) <= 2


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 2},
        {"temperature": 0.5},
        {"n": 2},
        {"top_k": 3},
        {"stop": ["x"]},
        {"response_format": {"type": "text"}},
    ],
)
def test_another_parameter_is_another_question(port: Gateway, heard: Echo, other: dict[str, Any]) -> None:
    text = f"Parameters {other}?"
    port.ask(CHAT, "kept", text)
    port.ask(CHAT, "kept", text, **other)
    assert len(heard.heard) == 2


def test_nobody_sees_what_was_answered_to_another(port: Gateway, heard: Echo) -> None:
    text = "Mine?"
    blue, colleague, alone = (
        port.make_key("blue", team="blue"),
        port.make_key("colleague", team="red"),
        port.make_key("alone"),
    )
    port.ask(CHAT, "kept", text)
    for key in (blue, alone):
        port.post(CHAT.path, CHAT.body("kept", text), key=key)
    assert len(heard.heard) == 3
    for user in ("anna", "ben"):
        port.ask(CHAT, "kept", text, user=user)
    assert len(heard.heard) == 5
    assert port.trace(port.ask(CHAT, "kept", text, user="anna")).cached == "exact"
    # A team is one tenant.
    assert port.trace(port.post(CHAT.path, CHAT.body("kept", text), key=colleague)).cached == "exact"
    assert len(heard.heard) == 5


@pytest.mark.parametrize("said", ["no-cache", "no-store"])
def test_a_caller_may_want_a_fresh_answer(port: Gateway, heard: Echo, said: str) -> None:
    body = CHAT.body("kept", f"Fresh? {said}")
    port.post(CHAT.path, body)
    heard.says("Good evening.")
    assert CHAT.text(port.post(CHAT.path, body, cache_control=said).json()) == "Good evening."
    kept = "Good day." if said == "no-store" else "Good evening."
    assert CHAT.text(port.post(CHAT.path, body).json()) == kept


def test_a_route_without_a_cache_keeps_nothing(port: Gateway, heard: Echo) -> None:
    for _ in range(2):
        assert not port.trace(port.ask(CHAT, "fresh", "Again?")).cached
    assert len(heard.heard) == 2


@pytest.mark.parametrize("finish", ["length", "content_filter"])
def test_half_an_answer_is_not_kept(port: Gateway, heard: Echo, finish: str) -> None:
    heard.finish = finish
    for _ in range(2):
        port.ask(CHAT, "kept", f"Half? {finish}")
    assert len(heard.heard) == 2


def test_a_new_release_never_answers_from_the_old(port: Gateway, heard: Echo) -> None:
    for model in ("kept", "ask"):
        port.ask(CHAT, model, "Released?")
    change(port.harbour, "prompts/answer.yaml", 'system: Be kind.\ntemplate: "{{ question }}"\n')
    heard.says("From the new one.")
    for model in ("kept", "ask"):
        assert CHAT.text(port.ask(CHAT, model, "Released?").json()) == "From the new one."
    assert len(heard.heard) == 4
