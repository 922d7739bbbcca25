"""A model that fails within its answer, and says so in a frame that looks like any other."""

from collections.abc import Iterator

import pytest
from tests.gateway.echo import Echo
from tests.gateway.port import CHEAP, Gateway, gateway
from tests.gateway.surfaces import CHAT, Surface, read_stream
from tests.gateway.test_faults import streams, surfaces


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, echo_server: Echo) -> Iterator[Gateway]:
    target = f"base_url: {echo_server.url}/v1\nprice: {CHEAP}\n"
    alone = "retries: {attempts: 0}\nbreaker: {failures: 1000}\n"
    files = {
        "guardrails/kind.yaml": "checks:\n  - {check: pii, on: [output], action: redact}\n",
        "routes/plain.yaml": f"model: vllm/a\n{target}{alone}serves: [plain]\n",
        "routes/guarded.yaml": f"model: vllm/b\n{target}{alone}serves: [guarded]\nguardrail: kind\n",
        "routes/two.yaml": f"targets: [{{model: vllm/c, base_url: {echo_server.url}/v1}}, {{model: builtin/reader}}]\n"
        f"{alone}serves: [two]\n",
    }
    with gateway(tmp_path_factory.mktemp("failed") / "harbour", files) as found:
        yield found


@surfaces
@streams
@pytest.mark.parametrize("model", ["plain", "guarded"])
def test_half_an_answer_is_told_as_an_error(
    port: Gateway, heard: Echo, surface: Surface, model: str, *, stream: bool
) -> None:
    heard.finish = "error"
    response = port.ask(surface, model, stream=stream)
    if response.status_code == 200:
        told = read_stream(surface, response.text)
        assert (told.is_whole, told.error is not None) == (False, True)
    else:
        assert response.status_code == 503
    trace = port.latest()
    assert (trace.status, trace.attempts[0]["outcome"]) == ("error", "failed")


def test_a_failure_before_the_first_word_is_the_next_targets_turn(port: Gateway, heard: Echo) -> None:
    heard.finish, heard.message = "error", {"role": "assistant", "content": ""}
    port.ask(CHAT, "two", stream=True)
    attempts = port.latest().attempts
    assert [attempt["target"] for attempt in attempts] == ["vllm/c", "builtin/reader"]
    assert attempts[0]["outcome"] == "failed"
