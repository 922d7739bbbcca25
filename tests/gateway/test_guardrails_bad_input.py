"""Texts that are large, odd or hostile pass no guardrail unseen, on no API, streamed or not."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.gateway.echo import Echo
from tests.gateway.port import CHEAP, Gateway, gateway
from tests.gateway.surfaces import CHAT, SURFACES, Surface, read_stream
from tests.gateway.test_faults import streams, surfaces

MAIL = "bob@example.org"
POLICY = """checks:
  - {check: pii, kinds: [email], on: [input, tool_result, output, tool_call], action: redact}
  - {check: invisible, on: [input, output], action: flag}
"""
MANY = 100_000
TEXTS = {
    "5 MB": "The rent is due on Monday, and so is the deposit. " * 100_000 + MAIL,
    "NUL bytes": "\x00" * 1000 + MAIL + "\x00" * 1000,
    "right-to-left overrides": f"\u202e{MAIL}\u202c " * 100,
    "combining marks": "e\u0301" * 10_000 + f" {MAIL}",
    "one long word": "x" * 200_000 + f" {MAIL}",
}
DEEP = "[" * 5000 + json.dumps(MAIL) + "]" * 5000


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, echo_server: Echo) -> Iterator[Gateway]:
    target = f'model: "vllm/e"\nbase_url: {echo_server.url}/v1\nprice: {CHEAP}\nretries: {{attempts: 0}}\n'
    files = {
        "guardrails/standard.yaml": POLICY,
        "routes/default.yaml": target,
        "routes/guarded.yaml": f"{target}serves: [guarded]\nguardrail: standard\n",
    }
    with gateway(tmp_path_factory.mktemp("odd") / "harbour", files) as found:
        yield found


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize("surface", SURFACES, ids=str)
def test_odd_questions_are_looked_at(port: Gateway, heard: Echo, surface: Surface, text: str) -> None:
    asked = port.ask(surface, "guarded", text)
    if asked.status_code != 200:
        assert asked.status_code in {400, 413}, asked.text
        assert not heard.heard, "what is refused reaches no model"
        return
    (sent,) = heard.heard
    assert MAIL not in json.dumps(sent, ensure_ascii=False)
    assert "[EMAIL]" in json.dumps(sent)


@surfaces
@streams
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_odd_answers_are_looked_at(port: Gateway, heard: Echo, surface: Surface, text: str, *, stream: bool) -> None:
    heard.says(text)
    heard.pieces = 50_000
    asked = port.ask(surface, "guarded", stream=stream)
    told = read_stream(surface, asked.text).text if stream else surface.text(asked.json())
    assert told == text.replace(MAIL, "[EMAIL]")


def test_a_hundred_thousand_entities_are_all_taken_out(port: Gateway, heard: Echo) -> None:
    text = " ".join(f"a{number}@b.co" for number in range(MANY))
    assert port.ask(CHAT, "guarded", text).status_code == 200
    (sent,) = heard.heard
    content = sent["messages"][-1]["content"]
    assert content == " ".join(["[EMAIL]"] * MANY)
    (note,) = port.latest().guardrails
    assert note["count"] == MANY


@streams
@pytest.mark.parametrize("stage", ["tool_result", "tool_call"])
def test_what_is_nested_too_deeply_is_stopped_or_looked_at(
    port: Gateway, heard: Echo, stage: str, *, stream: bool
) -> None:
    call: dict[str, Any] = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    messages: list[Any] = [{"role": "user", "content": "Look it up."}]
    if stage == "tool_call":
        call["function"]["arguments"] = DEEP
        heard.message = {"role": "assistant", "content": None, "tool_calls": [call]}
        heard.finish = "tool_calls"
    else:
        messages += [
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": DEEP},
        ]
    asked = port.post(CHAT.path, {"model": "guarded", "messages": messages, "stream": stream})
    assert MAIL not in asked.text
    assert all(MAIL not in json.dumps(sent) for sent in heard.heard)
    assert asked.status_code in {200, 400}


@streams
def test_half_of_a_character_hides_nothing(port: Gateway, heard: Echo, *, stream: bool) -> None:
    """A server may send one as JSON, which this is; no client can."""
    heard.says(f"\ud800{MAIL}\udfff")
    heard.pieces = 5
    asked = port.ask(CHAT, "guarded", stream=stream)
    assert MAIL not in asked.text
    body = b'{"model": "guarded", "messages": [{"role": "user", "content": "\\ud800' + MAIL.encode() + b'"}]}'
    heard.heard.clear()
    refused = port._client.post(CHAT.path, content=body, headers={"content-type": "application/json"})
    assert refused.status_code in {200, 400, 401}
    assert all(MAIL not in json.dumps(sent) for sent in heard.heard)
