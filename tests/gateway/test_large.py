"""Large calls and answers are judged as small ones are, on every API."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.gateway.echo import Echo
from tests.gateway.port import CHEAP, Gateway, gateway
from tests.gateway.surfaces import Surface, read_stream
from tests.gateway.test_faults import streams, surfaces

POLICY = """checks:
  - {check: pii, kinds: [email], on: [input, output], action: redact}
  - {check: blocklist, name: rival, words: [zeus ltd], on: [input, output], action: block}
"""
MAIL = "bob@example.org"
LONG = "Der Mieter übergibt die Schlüssel am ersten Tag des Monats vor zwölf Uhr im Büro. " * 2_500


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, echo_server: Echo) -> Iterator[Gateway]:
    target = f'model: "vllm/e"\nbase_url: {echo_server.url}/v1\nprice: {CHEAP}\nretries: {{attempts: 0}}\n'
    files = {
        "guardrails/standard.yaml": POLICY,
        "routes/guarded.yaml": f"{target}serves: [guarded]\nguardrail: standard\n",
        "routes/vectors.yaml": f"{target}serves: [vectors]\nguardrail: standard\nembeds: true\n",
    }
    folder: Path = tmp_path_factory.mktemp("large") / "harbour"
    with gateway(folder, files) as found:
        yield found


@surfaces
@streams
def test_what_must_not_be_there_is_taken_out_of_a_large_call_and_a_large_answer(
    port: Gateway, heard: Echo, surface: Surface, *, stream: bool
) -> None:
    heard.says(f"{LONG}Then write to {MAIL}.")
    heard.pieces = 50_000
    response = port.ask(surface, "guarded", f"{MAIL} {LONG} I am {MAIL}.", stream=stream)
    assert response.status_code == 200, response.text[:300]
    text = read_stream(surface, response.text).text if stream else surface.text(response.json())
    assert text == f"{LONG}Then write to [EMAIL]."
    told = json.dumps(heard.heard, ensure_ascii=False)
    assert (told.count("[EMAIL]"), MAIL in told, LONG.strip() in told) == (2, False, True)
    found = {(note["stage"], note["kind"], note["count"]) for note in port.trace(response).guardrails}
    assert found == {("input", "email", 2), ("output", "email", 1)}


@surfaces
@streams
def test_a_large_call_that_must_stop_reaches_no_model(
    port: Gateway, heard: Echo, surface: Surface, *, stream: bool
) -> None:
    response = port.ask(surface, "guarded", f"{LONG} What does Zeus Ltd sell?", stream=stream)
    assert response.status_code == 400, response.text[:300]
    assert not heard.heard
    assert port.latest().status == "error"


def test_large_texts_for_vectors_are_judged(port: Gateway, heard: Echo) -> None:
    given = {"model": "vectors", "input": [f"{LONG} I am {MAIL}.", "short"]}
    assert port.post("/v1/embeddings", given).status_code == 200
    assert heard.heard[0]["input"] == [f"{LONG} I am [EMAIL].", "short"]
    refused = port.post("/v1/embeddings", {**given, "input": ["short", f"{LONG} Zeus Ltd"]})
    assert refused.status_code == 400
    assert len(heard.heard) == 1
