"""A client that goes away ends the call to the model; what was sent is paid for, and the trace says who left."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.gateway.echo import Echo
from tests.gateway.port import (
    CHEAP,
    PATIENT,
    WAIT_S,
    Gateway,
    ModelServer,
    gateway,
    model_server,
    project,
    route,
    serving,
    until,
)
from tests.gateway.surfaces import CHAT, SURFACES, Surface
from tests.gateway.test_faults import surfaces

BUDGET = "name: harbour\nbudgets:\n  - {for: everyone, usd: 100, per: day}\n"
WORDS = {"chat": b'"content":"', "responses": b'"delta":"', "messages": b'"text":"Gr'}


def leave_after(
    url: str, surface: Surface, model: str, *, seen: bytes = b"", stream: bool = True, then: Callable[[], object] = int
) -> None:
    """Ask, wait for some bytes of the answer and for whatever else, and close the connection."""
    body = json.dumps(surface.body(model, "Hello? " * 50, stream=stream)).encode()
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=WAIT_S) as connection:
        connection.sendall(
            b"POST %b HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (surface.path.encode(), len(body), body)
        )
        heard = b""
        while seen not in heard:
            piece = connection.recv(4096)
            assert piece, heard
            heard += piece
        then()


@pytest.mark.parametrize("surface", SURFACES, ids=str)
def test_in_the_middle_of_a_stream(tmp_path: Path, surface: Surface) -> None:
    with model_server() as models:
        files = {
            "plimsoll.yaml": BUDGET,
            "routes/slow.yaml": route(models.url, "rate=50~tokens=3000", name="slow", serves="[slow]"),
        }
        with project(tmp_path / "harbour", files) as harbour:
            with serving(harbour) as port:
                leave_after(port.url, surface, "slow", seen=WORDS[surface.name])
                models.wait_left()
                models.wait_idle()
                spent = models.of("slow")
            trace = port.latest()
            paid, leased, overrun = port.windows()["everyone usd"]
    assert (spent["requests"], spent["broken"], spent["answered"]) == (1, 1, 0)
    assert 0 < spent["output_tokens"] < 3000
    assert (trace.status, trace.error) == ("cancelled", "the caller went away")
    assert trace.answer.startswith("Grüße ")
    assert trace.tokens_estimated
    assert trace.input_tokens > 50
    assert trace.output_tokens > 0
    assert trace.cost_usd
    assert (paid, leased, overrun) == (round(trace.cost_usd * 1e12), 0, 0)
    assert [attempt["outcome"] for attempt in trace.attempts], "the trace says whom it asked"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, models: ModelServer, echo_server: Echo) -> Iterator[Gateway]:
    files = {
        "routes/hang.yaml": route(
            models.url, "fault=hang_before", name="hang", serves="[hang]", timeouts=PATIENT.replace("20", "600")
        ),
        "routes/default.yaml": f"model: vllm/e\nbase_url: {echo_server.url}/v1\nserves: [e]\nprice: {CHEAP}\n",
    }
    with gateway(tmp_path_factory.mktemp("disconnects") / "harbour", files) as found:
        yield found


@surfaces
@pytest.mark.parametrize("stream", [False, True])
def test_before_the_answer_began(port: Gateway, models: ModelServer, surface: Surface, *, stream: bool) -> None:
    before = models.of("hang")["broken"]
    models.loop.call_soon_threadsafe(models.held.left.clear)
    leave_after(port.url, surface, "hang", stream=stream, then=models.wait_asked)
    models.wait_left()
    models.wait_idle()
    assert models.of("hang")["broken"] == before + 1

    def statuses() -> list[str]:
        return [trace.status for trace in port.traces() if trace.endpoint == "hang"]

    until(lambda: len(statuses()) == before + 1)
    assert set(statuses()) == {"cancelled"}


def test_vectors_that_nobody_waits_for_are_paid_all_the_same(tmp_path: Path, heard: Echo) -> None:
    """The model server has read the texts when the client leaves, and bills them."""
    target = f"model: vllm/v\nbase_url: {heard.url}/v1\nprice: {CHEAP}\n"
    files = {"plimsoll.yaml": BUDGET, "routes/vectors.yaml": f"{target}serves: [vectors]\nembeds: true\n"}
    heard.go_on = threading.Event()
    body = json.dumps({"model": "vectors", "input": ["Hello? " * 50]}).encode()
    with project(tmp_path / "harbour", files) as harbour:
        with serving(harbour) as port:
            parts = urlsplit(port.url)
            with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=WAIT_S) as connection:
                connection.sendall(
                    b"POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
                )
                assert heard.began.wait(WAIT_S)
            until(lambda: bool(port.traces()))
        heard.go_on.set()
        trace = port.latest()
        spent, leased, _ = port.windows()["everyone usd"]
    assert (trace.status, leased) == ("cancelled", 0)
    assert trace.input_tokens > 0
    assert spent == round((trace.cost_usd or 0) * 1e12) > 0


def test_a_client_that_leaves_takes_nobody_with_it(port: Gateway, heard: Echo) -> None:
    heard.go_on = threading.Event()
    leave_after(port.url, CHAT, "e", seen=b'"content":"')
    assert heard.ended.wait(WAIT_S)
    heard.go_on.set()
    assert CHAT.text(port.ask(CHAT, "e").json()) == "Good day."

    def has_ended() -> bool:
        samples = port._client.get("/metrics").text
        return "plimsoll_requests_in_progress 0.0" in samples and 'status="499"' in samples

    until(has_ended)
