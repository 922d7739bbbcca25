"""On every API a caller gets back what they had said, and the model, traces and cache see placeholders."""

import json
from collections.abc import Iterator

import pytest
from tests.gateway.echo import Echo
from tests.gateway.port import CHEAP, Gateway, gateway
from tests.gateway.surfaces import Surface, read_stream
from tests.gateway.test_faults import streams, surfaces

MAIL, OTHER = "bob@example.org", "eve@example.org"
POLICY = "checks: [{check: pii, kinds: [email], on: [input, tool_call, output], action: redact, restore: true}]\n"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, echo_server: Echo) -> Iterator[Gateway]:
    target = f'model: "vllm/e"\nbase_url: {echo_server.url}/v1\nprice: {CHEAP}\nretries: {{attempts: 0}}\n'
    files = {
        "guardrails/standard.yaml": POLICY,
        "routes/guarded.yaml": f"{target}serves: [guarded]\nguardrail: standard\n",
        "routes/kept.yaml": f"{target}serves: [kept]\nguardrail: standard\ncache: {{exact: {{ttl_s: 600}}}}\n",
        "routes/default.yaml": target,
        "endpoints/ask.yaml": "kind: chat\nprompt: answer\nroute: default\nguardrail: standard\n",
    }
    with gateway(tmp_path_factory.mktemp("restored") / "harbour", files) as found:
        yield found


@surfaces
@streams
@pytest.mark.parametrize("model", ["guarded", "ask", "kept"])
def test_the_caller_gets_back_what_they_said(
    port: Gateway, heard: Echo, surface: Surface, model: str, *, stream: bool
) -> None:
    heard.says("You are [EMAIL_1], and not [EMAIL_2] or own@example.org [EM")
    response = port.ask(surface, model, f"I am {MAIL}. {surface} {stream}", stream=stream)
    assert response.status_code == 200, response.text
    text = read_stream(surface, response.text).text if stream else surface.text(response.json())
    assert text == f"You are {MAIL}, and not [EMAIL_2] or [EMAIL_2] [EM"
    assert MAIL not in json.dumps(heard.heard)
    trace = port.trace(response)
    assert trace.answer == "You are [EMAIL_1], and not [EMAIL_2] or [EMAIL_2] [EM"
    assert MAIL not in str(trace)


@surfaces
@streams
def test_so_does_a_tool_that_the_caller_is_asked_to_call(
    port: Gateway, heard: Echo, surface: Surface, *, stream: bool
) -> None:
    arguments = json.dumps({"to": "[EMAIL_1]"})
    call = {"id": "c1", "type": "function", "function": {"name": "mail", "arguments": arguments}}
    heard.message = {"role": "assistant", "content": None, "tool_calls": [call]}
    heard.finish = "tool_calls"
    response = port.ask(surface, "guarded", f"I am {MAIL}.", stream=stream)
    assert response.status_code == 200, response.text
    assert MAIL in response.text
    assert "[EMAIL_1]" not in response.text
    assert MAIL not in str(port.trace(response))


@surfaces
@streams
def test_a_kept_answer_is_told_with_what_this_caller_said(
    port: Gateway, heard: Echo, surface: Surface, *, stream: bool
) -> None:
    heard.says("You are [EMAIL_1].")
    texts = []
    for mail in (MAIL, OTHER):
        response = port.ask(surface, "kept", f"Who am I? {mail} {surface} {stream}", stream=stream)
        texts.append(read_stream(surface, response.text).text if stream else surface.text(response.json()))
    assert texts == [f"You are {MAIL}.", f"You are {OTHER}."]
    assert len(heard.heard) == 1
