import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from typing import Any

import httpx2
import pytest

from plimsoll.api import ApiSettings, ListenError, PortInUseError, create_app
from plimsoll.api.server import Server, ServerSettings, bind, run_server, url_of

PROGRAM = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from plimsoll.api.server import ServerSettings, run_server

async def page(request):
    return PlainTextResponse("here")

app = Starlette(routes=[Route("/", page)])
run_server(app, ServerSettings(), on_ready=lambda url: print(url, flush=True))
print("ended", flush=True)
"""


def test_a_used_port_is_found_before_anything_starts(service: Any) -> None:
    app = create_app(service, settings=ApiSettings())
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortInUseError) as error:
            run_server(app, ServerSettings(port=port))
    assert str(port) in error.value.message
    assert "--port" in error.value.hint


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 0), ("no such host", 0), ("127.0.0.1", 70_000)])
def test_an_address_of_another_machine(host: str, port: int) -> None:
    with pytest.raises(ListenError):
        bind(host, port)


def test_addresses_that_a_browser_can_open() -> None:
    with bind("0.0.0.0", 0) as listener:  # noqa: S104 (the test is about this very address)
        assert url_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"
    if socket.has_ipv6:
        with bind("::1", 0) as listener:
            assert url_of(listener) == f"http://[::1]:{listener.getsockname()[1]}"


@pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_serves_until_it_is_interrupted(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            url = process.stdout.readline().strip()
            assert httpx2.get(url).text == "here"
            process.send_signal(number)
            assert process.stdout.read() == "ended\n"
        finally:
            process.kill()
    assert process.returncode == 0


def test_a_request_in_progress_is_finished(service: Any) -> None:
    asked, release = threading.Event(), threading.Event()

    async def wait() -> None:
        asked.set()
        await asyncio.to_thread(release.wait, 60)

    service.script.insert(1, wait)
    answers: list[int] = []

    def ask(address: str) -> None:
        body = {"model": "ask", "messages": [{"role": "user", "content": "?"}]}
        answers.append(httpx2.post(f"{address}/v1/chat/completions", json=body, timeout=60).status_code)

    with bind("127.0.0.1", 0) as listener:
        server = Server(create_app(service, settings=ApiSettings()), ServerSettings(drain_s=20))
        address = url_of(listener)
        serving = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        asking = threading.Thread(target=ask, args=(address,))
        serving.start()
        asking.start()
        assert asked.wait(60)
        server.should_exit = True
        release.set()
        asking.join(60)
        serving.join(60)
    assert answers == [200]
