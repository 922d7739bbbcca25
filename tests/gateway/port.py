"""A gateway on loopback: a released project whose routes lead to servers of the tests, and clients of it."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
from tests.api.conftest import running
from tests.api.harbour import Harbour
from tests.flows.conftest import Workshop, settings_in
from tests.gateway.surfaces import Surface
from tests.upstream import Upstream, upstream

from plimsoll.api import ApiSettings, create_app
from plimsoll.api.load import LoadSettings
from plimsoll.bootstrap import Platform, open_platform
from plimsoll.releases import Release
from plimsoll.tracing import Trace

WAIT_S = 60
FILES = {
    "plimsoll.yaml": "name: harbour\n",
    "prompts/answer.yaml": 'system: Answer shortly.\ntemplate: "{{ question }}"\n',
    "routes/default.yaml": "model: builtin/reader\n",
    "endpoints/ask.yaml": "kind: chat\nprompt: answer\nroute: default\n",
}
CHEAP = "{input_usd_per_million: 0.1, output_usd_per_million: 0.4}"
"""What `tests.upstream` bills for a model that it has no price for."""
PATIENT = "{first_token_s: 20, between_tokens_s: 20, total_s: 20}"
HASTY = "{first_token_s: 0.3, between_tokens_s: 20, total_s: 0.6}"
"""For routes to servers that never begin."""
IMPATIENT = "{first_token_s: 20, between_tokens_s: 0.3, total_s: 20}"
"""For routes to servers that fall silent in the middle: what comes before that has all the time that it needs."""
UNHURRIED = LoadSettings(lag_s=3600)
"""Nobody is sent away because this machine is busy with something else."""


class Yard(Workshop):
    """A project folder without documents."""

    def __init__(self, root: Path, files: Mapping[str, str], environ: Mapping[str, str]) -> None:
        self.root = root
        self.environ = environ
        self.documents = root / "documents"
        self.home = root / ".plimsoll"
        self._platforms: list[Platform] = []
        for name, text in {**FILES, **files}.items():
            self.write(name, text)

    def open(self, actor: str = "ada", *, key: str | None = None) -> Platform:
        settings = replace(
            settings_in(self.home, actor, key=key),
            environ=self.environ,
            database_url=self.environ.get("PLIMSOLL_DATABASE"),
        )
        platform = open_platform(settings, self.root)
        self._platforms.append(platform)
        return platform


def until(holds: Callable[[], bool]) -> None:
    """Look until something is so, and let the others work between two looks.

    It must be something that stays so: what comes and goes is missed on a busy machine.
    """
    end, pause = time.monotonic() + WAIT_S, threading.Event()
    while not holds():
        assert time.monotonic() < end, "it never came to be"
        pause.wait(0.005)


@dataclass
class ModelServer:
    """`tests.upstream`, in a thread with a loop of its own."""

    held: Upstream
    loop: asyncio.AbstractEventLoop

    @property
    def url(self) -> str:
        return self.held.url

    def stats(self) -> dict[str, Any]:
        """What was asked and billed, as the server itself tells it."""
        found: dict[str, Any] = httpx2.get(f"{self.url}/control/stats").json()
        return found

    def of(self, model: str) -> dict[str, int]:
        """What was asked and billed of one model."""
        nothing = {"requests": 0, "answered": 0, "refused": 0, "broken": 0, "input_tokens": 0, "output_tokens": 0}
        found: dict[str, int] = self.stats()["models"].get(model, {**nothing, "cost_pico": 0})
        return found

    def wait_asked(self) -> None:
        """Until an answer is under way that does not end by itself."""
        until(lambda: self.stats()["in_progress"] > 0)

    def open_gate(self) -> None:
        """Let answers go on that are held."""
        self.loop.call_soon_threadsafe(self.held.gate.set)

    def wait_idle(self) -> None:
        """Until no answer is under way."""
        asyncio.run_coroutine_threadsafe(self.held.idle.wait(), self.loop).result(WAIT_S)

    def wait_left(self) -> None:
        """Until a client went away before its answer was whole."""
        asyncio.run_coroutine_threadsafe(self.held.left.wait(), self.loop).result(WAIT_S)


@contextmanager
def model_server() -> Iterator[ModelServer]:
    """A model server that fails on demand."""
    ready, began = threading.Event(), []

    async def serve() -> None:
        async with upstream() as held:
            end = asyncio.Event()
            began.append((ModelServer(held, asyncio.get_running_loop()), end))
            ready.set()
            await end.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(WAIT_S)
    ((server, end),) = began
    try:
        yield server
    finally:
        server.loop.call_soon_threadsafe(end.set)
        thread.join(WAIT_S)
    assert not thread.is_alive()


def route(url: str, *told: str, name: str = "m", price: str | None = CHEAP, **keys: str) -> str:
    """A route file: one target at a model server for each behaviour that is told, after the tilde of its name."""
    bill = f", price: {price}" if price else ""
    models = [f"{name}{number or ''}~{how}".rstrip("~") for number, how in enumerate(told or ("",))]
    targets = [f'{{model: "vllm/{model}", base_url: {url}/v1{bill}}}' for model in models]
    given = {"timeouts": _timeouts(told), "retries": "{attempts: 0}", **keys}
    lines = [f"{key}: {value}" for key, value in given.items()]
    return "\n".join([f"targets: [{', '.join(targets)}]", *lines, ""])


def _timeouts(told: Sequence[str]) -> str:
    if any("hang_before" in how for how in told):
        return HASTY
    return IMPATIENT if any("hang_mid" in how for how in told) else PATIENT


@dataclass
class Gateway:
    """A running gateway, and the platform behind it."""

    url: str
    harbour: Harbour
    key: str = ""
    clients: list[httpx2.Client] = field(default_factory=list)

    @property
    def platform(self) -> Platform:
        return self.harbour.platform

    def post(self, path: str, body: Mapping[str, Any], *, key: str = "", **headers: str) -> httpx2.Response:
        """One call, and its whole answer."""
        shown = {"authorization": f"Bearer {key or self.key}"} if key or self.key else {}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.post(path, json=dict(body), headers={**shown, **named})

    def ask(
        self, surface: Surface, model: str, text: str = "Hello?", *, stream: bool = False, **more: Any
    ) -> httpx2.Response:
        """One question; `more` are fields of the body."""
        return self.post(surface.path, {**surface.body(model, text, stream=stream), **more})

    def trace(self, response: httpx2.Response) -> Trace:
        """What was recorded of a call."""
        return self.trace_of(response.headers["x-plimsoll-trace"])

    def trace_of(self, trace_id: str) -> Trace:
        self.platform.recorder.flush()
        return self.platform.traces.get("harbour", trace_id)

    def latest(self) -> Trace:
        """The newest trace."""
        self.platform.recorder.flush()
        return self.trace_of(self.platform.traces.latest("harbour", 1)[0].id)

    def traces(self, most: int = 5000) -> Sequence[Any]:
        self.platform.recorder.flush()
        return self.platform.traces.latest("harbour", most)

    def windows(self) -> dict[str, tuple[int, int, int]]:
        """Spent, leased and overrun of every budget's present window, by scope and measure."""
        from plimsoll.kernel.clock import utc_now

        found = self.platform.consumption.windows("harbour", utc_now())
        return {f"{use.window.scope} {use.window.measure}": (use.spent, use.leased, use.overrun) for use in found}

    def make_key(self, name: str, *, team: str = "", project: str = "", **more: Any) -> str:
        """The key of a new service."""
        access, by = self.platform.access, self.platform.acting.by
        access.create_actor(name, kind="service", roles=["developer"], team=team, project=project, by=by)
        return access.create_key(name, by=by, **more).secret

    @property
    def _client(self) -> httpx2.Client:
        if not self.clients:
            self.clients.append(httpx2.Client(base_url=self.url, timeout=WAIT_S))
        return self.clients[0]


@contextmanager
def project(root: Path, files: Mapping[str, str], environ: Mapping[str, str] | None = None) -> Iterator[Harbour]:
    """A project that is built and live in staging."""
    yard = Yard(root, files, environ or {})
    harbour = Harbour(yard)
    try:
        harbour.ship()
        yield harbour
    finally:
        yard.close()


@contextmanager
def gateway(
    root: Path, files: Mapping[str, str], environ: Mapping[str, str] | None = None, **settings: Any
) -> Iterator[Gateway]:
    """A project that is served in this process."""
    with project(root, files, environ) as harbour, serving(harbour, **settings) as found:
        yield found


@contextmanager
def serving(harbour: Harbour, **settings: Any) -> Iterator[Gateway]:
    """Serves what is live."""
    chosen = ApiSettings(**{"default_environment": "staging", "key_kept_s": 0.0, "load": UNHURRIED, **settings})
    with running(create_app(harbour.service(), settings=chosen)) as url:
        found = Gateway(url, harbour)
        try:
            yield found
        finally:
            for client in found.clients:
                client.close()


def release_of(response: httpx2.Response) -> str:
    release: str = response.headers["x-plimsoll-release"]
    return release


def change(harbour: Harbour, name: str, text: str) -> Release:
    """Write a file, and make what comes of it live."""
    harbour.workshop.write(name, text)
    return harbour.ship()
