"""A disk that is full, and databases that do not answer: the right status, nothing leaks, and the service goes on."""

import json
import resource
import secrets
import signal
import sqlite3
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from tests.api.server.test_tls import write
from tests.cli.test_serve import Served
from tests.conftest import ENGINES
from tests.gateway.echo import Echo
from tests.gateway.port import CHEAP, WAIT_S, Gateway, change, project, release_of, until
from tests.gateway.served import process, relay
from tests.gateway.surfaces import CHAT, MESSAGES, SURFACES, Surface, read_stream

BUDGETS = """name: harbour
budgets:
  - {for: everyone, usd: 100, per: day}
  - {for: each user, requests: 7, per: day}
"""


def _files(heard: Echo, *, budgets: bool = True) -> dict[str, str]:
    target = f"model: vllm/e\nbase_url: {heard.url}/v1\nprice: {CHEAP}\nserves: [e]\nretries: {{attempts: 0}}\n"
    return {"plimsoll.yaml": BUDGETS if budgets else "name: harbour\n", "routes/default.yaml": target}


class Caller(AbstractContextManager["Caller"]):
    """Somebody with a key, who asks for one user or another."""

    def __init__(self, served: Served, key: str, verify: "ssl.SSLContext | bool" = True) -> None:
        headers = {"authorization": f"Bearer {key}"}
        self.client = httpx2.Client(base_url=served.url, headers=headers, timeout=WAIT_S, verify=verify)

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def ask(self, user: str, surface: Surface = CHAT, *, stream: bool = False, model: str = "e") -> httpx2.Response:
        whom = {"metadata": {"user_id": user}} if surface is MESSAGES else {"user": user}
        return self.client.post(surface.path, json={**surface.body(model, "Hello?", stream=stream), **whom})

    def ask_all(self, user: str) -> list[httpx2.Response]:
        """Through every API, whole and streamed."""
        return [self.ask(user, surface, stream=stream) for surface in SURFACES for stream in (False, True)]


def _ids(responses: list[httpx2.Response]) -> list[str]:
    return [response.headers["x-plimsoll-trace"] for response in responses]


def _end(served: Served) -> None:
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(WAIT_S) == 0


def _says(served: Served, text: str) -> Callable[[], bool]:
    return lambda: any(text in line for line in list(served.lines))


def test_a_disk_without_room_for_traces_stops_nobody_and_no_trace_is_half(tmp_path: Path, heard: Echo) -> None:
    """No file of the server may grow: what the system then says is what it says of a full disk."""
    with project(tmp_path / "harbour", _files(heard, budgets=False)) as harbour:
        port = Gateway("", harbour)
        key = port.make_key("one")
        with process(harbour.workshop.root, {}) as served, Caller(served, key) as caller:
            asked = caller.ask_all("before")
            _, hard = resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (0, hard))
            asked += caller.ask_all("during")
            until(_says(served, "traces cannot be written, and wait"))
            asked += caller.ask_all("still")
            assert caller.client.get("/metrics").status_code == 200
            resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
            until(_says(served, "traces are written again"))
            until(lambda: caller.client.get("/readyz").status_code == 200)
            asked += caller.ask_all("after")
            _end(served)
        traces = [port.trace_of(trace) for trace in _ids(asked)]
        count = len(port.traces())
    assert {response.status_code for response in asked} == {200}
    assert count == len(traces) == 24
    assert {(trace.status, trace.answer, len(trace.spans) > 0) for trace in traces} == {("ok", "Good day.", True)}


@dataclass
class Place:
    """Where an installation keeps its records, how its server reaches it, and how it is taken away."""

    gone: Callable[[Path], AbstractContextManager[None]]
    ours: Mapping[str, str] = field(default_factory=dict)
    servers: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Another process writes in every database and does not end."""
    files = sorted(home.glob("*.db"))
    assert {"records.db", "traces.db", "usage.db"} <= {file.name for file in files}
    held = [sqlite3.connect(file, isolation_level=None, timeout=WAIT_S) for file in files]
    try:
        for connection in held:
            connection.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        for connection in held:
            connection.close()


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    if request.param == "sqlite":
        yield Place(_locked)
        return
    url: str = request.getfixturevalue("postgres_url")
    name = f"gateway_{secrets.token_hex(6)}"
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    folder = Path(parse_qs(urlsplit(url).query)["host"][0])
    (socket,) = (file for file in folder.glob(".s.PGSQL.*") if file.suffix != ".lock")
    with relay(socket) as line:

        @contextmanager
        def cut(_home: Path) -> Iterator[None]:
            line.cut()
            try:
                yield
            finally:
                line.mend()

        ours = urlsplit(url)._replace(path=f"/{name}").geturl()
        theirs = f"postgresql://postgres@127.0.0.1:{line.port}/{name}"
        yield Place(cut, {"PLIMSOLL_DATABASE": ours}, {"PLIMSOLL_DATABASE": theirs})


def _is_unavailable(response: httpx2.Response, surface: Surface) -> bool:
    error = json.loads(response.text)["error"]
    return (
        response.status_code == 503
        and int(response.headers["retry-after"]) >= 1
        and response.headers.get("x-should-retry") != "false"
        and (error["type"] == "overloaded_error" if surface is MESSAGES else set(error) >= {"message", "code", "param"})
    )


def test_while_the_database_does_not_answer_nothing_is_let_in_unpaid_and_then_it_goes_on(
    tmp_path: Path, heard: Echo, place: Place
) -> None:
    with project(tmp_path / "harbour", _files(heard), place.ours) as harbour:
        port = Gateway("", harbour)
        key = port.make_key("one", team="red")
        with process(harbour.workshop.root, place.servers) as served, Caller(served, key) as caller:
            asked = caller.ask_all("ana")
            with place.gone(harbour.workshop.home):
                # Budgets of somebody who was never seen are not known.
                refused = caller.ask_all("ben")
                assert caller.client.get("/healthz").status_code == 200
                reached = len(heard.heard)
            until(lambda: caller.ask("cleo").status_code == 200)
            asked += caller.ask_all("ben")
            _end(served)
        traces = {trace.id: port.trace_of(trace.id) for trace in port.traces()}
        windows = port.windows()
    assert {response.status_code for response in asked} == {200}
    surfaces = [surface for surface in SURFACES for _ in range(2)]
    assert all(map(_is_unavailable, refused, surfaces)), [response.text for response in refused]
    assert reached == 6, "nobody was asked for them"
    assert {traces[trace].status for trace in _ids(asked)} == {"ok"}
    assert windows["everyone usd"] == (sum(round((trace.cost_usd or 0) * 1e12) for trace in traces.values()), 0, 0)
    assert windows["user:ben requests"] == (6, 0, 0)


def test_on_postgres_and_tls_it_is_the_same_gateway(
    tmp_path: Path, heard: Echo, request: pytest.FixtureRequest
) -> None:
    url: str = request.getfixturevalue("postgres_url")
    name = f"gateway_{secrets.token_hex(6)}"
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    environ = {"PLIMSOLL_DATABASE": urlsplit(url)._replace(path=f"/{name}").geturl()}
    certificate, authority = write(tmp_path, "localhost", "127.0.0.1")
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    tls = ("--tls-cert", str(certificate.certificate), "--tls-key", str(certificate.key))
    with project(tmp_path / "harbour", _files(heard), environ) as harbour:
        port = Gateway("", harbour)
        key = port.make_key("one", team="red")
        with (
            process(harbour.workshop.root, environ, *tls) as served,
            Caller(served, key, trusting) as caller,
            Caller(served, "plim_wrong", trusting) as stranger,
        ):
            assert served.url.startswith("https://")
            asked = caller.ask_all("ana")
            before = release_of(asked[0])
            change(harbour, "prompts/answer.yaml", 'system: Be kind.\ntemplate: "{{ question }}"\n')
            # The pointer is read from the server now and then.
            until(lambda: release_of(caller.ask(secrets.token_hex(4), model="ask")) != before)
            asked.append(caller.ask("ana", model="ask"))
            over = caller.ask("ana")
            wrong = stranger.ask("ben")
            _end(served)
        traces = [port.trace_of(trace.id) for trace in port.traces() if trace.status == "ok"]
        windows = port.windows()
    texts = [
        read_stream(surface, response.text).text if stream else surface.text(response.json())
        for response, (surface, stream) in zip(
            asked, [(surface, stream) for surface in SURFACES for stream in (False, True)], strict=False
        )
    ]
    assert texts == ["Good day."] * 6
    assert set(_ids(asked)) <= {trace.id for trace in traces}
    assert (over.status_code, over.json()["error"]["code"]) == (429, "insufficient_quota")
    assert wrong.status_code == 401
    assert {trace.answer for trace in traces} == {"Good day."}
    assert windows["user:ana requests"] == (7, 0, 0)
    assert windows["everyone usd"] == (sum(round((trace.cost_usd or 0) * 1e12) for trace in traces), 0, 0)
