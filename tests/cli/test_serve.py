"""`plimsoll serve` as a person and as a service manager start it."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
from tests.api.harbour import Harbour
from tests.cli.conftest import Run
from tests.flows.conftest import Workshop

WAIT_S = 180
COMMAND = (sys.executable, "-c", "from plimsoll.cli import main; main()")
PLANTED = "hunter2-in-the-question"


@dataclass
class Served:
    """A server in a process of its own."""

    process: "subprocess.Popen[str]"
    url: str = ""
    lines: list[str] = field(default_factory=list)
    told: threading.Event = field(default_factory=threading.Event)

    def read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.lines.append(line)
            if "console" in line:
                self.url = line.split()[1].rstrip("/")
                self.told.set()
        self.told.set()

    def get(self, path: str) -> httpx2.Response:
        return httpx2.get(f"{self.url}{path}", timeout=WAIT_S)

    def ask(self) -> str:
        body = {"model": "ask", "messages": [{"role": "user", "content": f"How many days of leave? {PLANTED}"}]}
        answer = httpx2.post(
            f"{self.url}/v1/chat/completions?key={PLANTED}", json=body, headers={"x-key": PLANTED}, timeout=WAIT_S
        )
        assert answer.status_code == 200, answer.text
        return answer.headers["x-plimsoll-trace"]


@contextmanager
def serving(root: Path, *options: str) -> Iterator[Served]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PLIMSOLL_")}
    process = subprocess.Popen(
        [*COMMAND, "-C", str(root), "serve", "--port", "0", *options],
        stderr=subprocess.PIPE,
        text=True,
        env={**environ, "PLIMSOLL_ACTOR": "ada", "COLUMNS": "200"},
    )
    served = Served(process)
    reading = threading.Thread(target=served.read)
    reading.start()
    try:
        assert served.told.wait(WAIT_S)
        assert served.url, "".join(served.lines)
        yield served
    finally:
        process.kill()
        process.wait()
        reading.join(WAIT_S)
        assert process.stderr
        process.stderr.close()


@pytest.fixture
def shipped(workshop: Workshop) -> Path:
    Harbour(workshop).ship("staging")
    workshop.close()
    return workshop.root


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_answers_logs_without_a_secret_and_ends_well(shipped: Path, workers: str) -> None:
    with serving(shipped, "--workers", workers, "--log-format", "json", "--access-log") as served:
        assert served.get("/readyz").json() == {"status": "ready"}
        traces = {served.ask() for _ in range(4)}
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(WAIT_S) == 0
    written = "".join(served.lines)
    logged = [json.loads(line) for line in served.lines if line.startswith("{")]
    assert {line["trace"] for line in logged if line.get("path") == "/v1/chat/completions"} == traces
    assert PLANTED not in written
    with serving(shipped) as again:
        for trace in traces:
            assert again.get(f"/traces/{trace}").status_code == 200, "a trace is kept over the end of its worker"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_says_which_secret_is_missing_and_how_clients_find_it(workshop: Workshop, workers: str) -> None:
    targets = "targets: [{model: openai/gpt-4.1-mini, api_key: '${env:HARBOUR_KEY}'}, {model: builtin/reader}]\n"
    workshop.write("routes/default.yaml", targets)
    Harbour(workshop).ship("staging")
    workshop.close()
    with serving(workshop.root, "--workers", workers) as served:
        assert served.get("/readyz").status_code == 200
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(WAIT_S) == 0
    lines = "".join(served.lines)
    assert lines.count("HARBOUR_KEY") == 1
    assert "until then that target does not answer" in " ".join(lines.split())
    assert f"OpenAI API     {served.url}/v1 " in lines
    assert f"Anthropic API  {served.url} " in lines


def test_two_halves_of_tls_belong_together(run: Run, workshop: Workshop) -> None:
    certificate = workshop.write("cert.pem", "no certificate")
    ended = run("serve", "--tls-cert", certificate, folder=workshop.root)
    assert ended.code == 2
    assert "--tls-key" in ended.err


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_cannot_be_used_is_said_before_anything_starts(run: Run, shipped: Path, workers: str) -> None:
    bad = shipped / "bad.pem"
    bad.write_text("no certificate")
    for options, said in (
        (["--cors-origin", "app.example.com"], "is not an origin"),
        (["--tls-cert", str(bad), "--tls-key", str(bad)], "cannot be used"),
    ):
        ended = run("serve", "--port", "0", "--workers", workers, *options, folder=shipped)
        assert ended.code == 2
        assert said in ended.err


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_used_port(run: Run, shipped: Path, workers: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run("serve", "--port", port, "--workers", workers, folder=shipped)
    assert ended.code == 3
    assert port in ended.err
    assert "--port" in ended.err
