"""A new release goes live while requests are under way: none fails, each ends where it began."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from tests.gateway.echo import Echo
from tests.gateway.port import WAIT_S, Gateway, change, gateway, release_of
from tests.gateway.surfaces import CHAT, SURFACES, Surface, read_stream

from plimsoll.flows.promote import Wish, roll_back

PROMPT = 'system: {}\ntemplate: "{{{{ question }}}}"\n'
SHIPS = 6


@pytest.fixture
def port(tmp_path: Path, echo_server: Echo, heard: Echo) -> Iterator[Gateway]:
    del heard
    files = {
        "prompts/answer.yaml": PROMPT.format("first"),
        "routes/default.yaml": f"model: vllm/e\nbase_url: {echo_server.url}/v1\nserves: [e]\n",
    }
    with gateway(tmp_path / "harbour", files) as found:
        yield found


@pytest.mark.parametrize("surface", SURFACES, ids=str)
def test_a_stream_under_way_stays_with_its_release(port: Gateway, heard: Echo, surface: Surface) -> None:
    heard.go_on = threading.Event()
    body = surface.body("ask", "Hello?", stream=True)
    with httpx2.stream("POST", port.url + surface.path, json=body, timeout=WAIT_S) as early:
        assert heard.began.wait(WAIT_S)
        first = release_of(early)
        second = change(port.harbour, "prompts/answer.yaml", PROMPT.format("second")).manifest.digest
        heard.go_on.set()
        late = port.ask(surface, "ask", stream=True)
        told = read_stream(surface, early.read().decode())
    assert first != second
    assert release_of(late) == second
    assert (told.text, told.error, told.is_whole) == ("Good day.", None, True)
    assert [sent["messages"][0]["content"] for sent in heard.heard] == ["first", "second"]
    releases = {trace.id: port.trace_of(trace.id).release for trace in port.traces()}
    assert releases[early.headers["x-plimsoll-trace"]] == first
    assert releases[late.headers["x-plimsoll-trace"]] == second


def test_while_releases_come_and_go_no_request_fails(port: Gateway) -> None:
    """The next request after each move is on the new release, and nobody notices more than that."""
    end = threading.Event()
    failed: list[str] = []
    answered: list[str] = []

    def ask(stream: bool) -> None:
        with httpx2.Client(base_url=port.url, timeout=WAIT_S) as client:
            while not end.is_set():
                response = client.post(CHAT.path, json=CHAT.body("ask", "Hello?", stream=stream))
                if response.status_code != 200:
                    failed.append(response.text)
                    continue
                text = read_stream(CHAT, response.text).text if stream else CHAT.text(response.json())
                if text != "Good day.":
                    failed.append(text)
                answered.append(release_of(response))

    askers = [threading.Thread(target=ask, args=(number % 2 == 0,)) for number in range(4)]
    for asker in askers:
        asker.start()
    live = []
    try:
        for number in range(SHIPS):
            live.append(change(port.harbour, "prompts/answer.yaml", PROMPT.format(f"n{number}")).manifest.digest)
            assert release_of(port.ask(CHAT, "ask")) == live[-1]
        roll_back("harbour", Wish("staging"), port.platform.promote_parts())
        assert release_of(port.ask(CHAT, "ask")) == live[-2]
    finally:
        end.set()
        for asker in askers:
            asker.join(WAIT_S)
    assert not failed
    assert len(answered) > SHIPS
    assert len(set(answered)) > 1
    assert {port.trace_of(trace.id).status for trace in port.traces(50)} == {"ok"}


def test_a_release_that_cannot_be_loaded_is_told_and_the_next_one_answers(port: Gateway) -> None:
    route = port.harbour.workshop.root.joinpath("routes/default.yaml").read_text()
    change(port.harbour, "routes/default.yaml", route.replace("vllm/e", "openai/e") + "api_key: ${env:HARBOUR_GONE}\n")
    broken = port.ask(CHAT, "ask")
    assert broken.status_code != 200
    assert set(broken.json()["error"]) == {"message", "type", "param", "code"}
    change(port.harbour, "routes/default.yaml", route)
    assert port.ask(CHAT, "ask").status_code == 200


def test_a_name_that_the_new_release_does_not_serve_is_gone(port: Gateway) -> None:
    assert port.ask(CHAT, "e").status_code == 200
    route = port.harbour.workshop.root.joinpath("routes/default.yaml").read_text()
    change(port.harbour, "routes/default.yaml", route.replace("serves: [e]", "serves: [f]"))
    gone = port.ask(CHAT, "e")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "model_not_found")
    assert port.ask(CHAT, "f").status_code == 200
