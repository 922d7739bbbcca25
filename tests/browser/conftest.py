"""A console with something to show, and a browser to look at it."""

import os
import shutil
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.api.guard_desk import ShownDesk
from tests.browser.shown import (
    ANA,
    BEN,
    BUDGETS,
    CANDIDATE,
    COSTS,
    JUDGEMENTS,
    LIVE,
    NAMES,
    NOW,
    SUMMARIES,
    TRACES,
    WINDOWS,
    day,
)

from plimsoll.access import Acting, KeyUnknownError
from plimsoll.access.limits import Budget, WindowUse
from plimsoll.api import ApiSettings, ServedModel, create_app
from plimsoll.api.server import Server, ServerSettings, bind, url_of
from plimsoll.flows.serve import Answer, AnswerEvent, AnswerRequest, Predictions, Vectors
from plimsoll.kernel.errors import NotFoundError, UnavailableError
from plimsoll.releases.environments import Environment, EnvironmentMove
from plimsoll.tracing import CostLine, DaySummary, Trace, TraceFilter, TracePage, TraceSummary
from plimsoll.tracing.feedback import Feedback, Judgement

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class ShowService:
    """Implements `Service` with one application that has lived for a while, or with none."""

    empty: bool = False
    app: str = "contracts"
    traces: dict[str, Trace] = field(default_factory=lambda: {trace.id: trace for trace in TRACES})

    @property
    def guardrails(self) -> ShownDesk:
        return ShownDesk(self.empty)

    def stream(self, request: AnswerRequest) -> AsyncGenerator[AnswerEvent]:
        raise _nothing_answers(request)

    async def answer(self, request: AnswerRequest) -> Answer:
        raise _nothing_answers(request)

    async def embed(self, request: AnswerRequest) -> Vectors:
        raise _nothing_answers(request)

    async def predict(self, request: AnswerRequest) -> Predictions:
        raise _nothing_answers(request)

    async def count(self, request: AnswerRequest) -> None:
        del request

    def feedback(self, _given: Feedback, _team: str = "") -> None:
        """Nothing is kept."""

    def submit(self, _shipment: Any, _size_bytes: int) -> "Future[Any]":
        return Future()

    async def start(self) -> None:
        """Nothing to begin."""

    def models(self) -> Sequence[ServedModel]:
        if self.empty:
            return []
        made = NOW - timedelta(days=1)
        return [
            ServedModel("contracts/ask", "contracts", "ask", made, "r-3f9c2a", "production"),
            ServedModel("contracts/ask", "contracts", "ask", made, "r-77aa01", "staging"),
            ServedModel("contracts/summary", "contracts", "summary", made, "r-77aa01", "staging"),
            ServedModel("contracts/topic", "contracts", "topic", made, "r-3f9c2a", "production", "predict"),
            ServedModel("gpt-4.1-mini", "contracts", "gpt-4.1-mini", made, "r-3f9c2a", "production"),
            ServedModel("text-embedding-3-small", "contracts", "e", made, "r-3f9c2a", "production", "embeddings"),
        ]

    def environments(self) -> Sequence[Environment]:
        if self.empty:
            return []
        moved = NOW - timedelta(hours=3)
        return [
            Environment("contracts", "production", LIVE, "r-3f9c2a", moved, ANA, CANDIDATE, 0.1),
            Environment("contracts", "staging", LIVE, "r-77aa01", NOW - timedelta(minutes=20), BEN),
            Environment("invoices", "production", None, "", None, ""),
        ]

    def moves(self, limit: int) -> Sequence[EnvironmentMove]:
        if self.empty:
            return []
        moved = NOW - timedelta(hours=3)
        return [
            EnvironmentMove(4, "contracts", "production", "split", LIVE, CANDIDATE, moved, ANA, "a first look", 0.1),
            EnvironmentMove(3, "contracts", "production", "rollback", "sha256:9d", LIVE, moved, ANA, "worse answers"),
            EnvironmentMove(2, "contracts", "production", "ship", LIVE, "sha256:9d01fe22", moved, BEN, "new prompt"),
        ][:limit]

    def recent_traces(self, limit: int) -> Sequence[TraceSummary]:
        return self.requests(TraceFilter(), limit=limit).traces

    def requests(self, wanted: TraceFilter, *, limit: int, after: str = "") -> TracePage:
        """Pages of six; only status and text are looked at."""
        found = [] if self.empty else [one for one in SUMMARIES if _fits(one, wanted)]
        begin, end = int(after or 0), int(after or 0) + min(limit, 6)
        return TracePage(tuple(found[begin:end]), str(end) if len(found) > end else "")

    def judgements(self, trace_id: str) -> Sequence[Judgement]:
        return [one for one in JUDGEMENTS if one.said.trace == trace_id]

    def usage_day(self, moment: datetime) -> DaySummary:
        zero = DaySummary(moment, 0, 0, 0, 0, 0, 0.0, 0, None, None, ())
        return zero if self.empty else day(moment)

    def used(self, by: str, _since: datetime) -> Sequence[CostLine]:
        return [] if self.empty or by == "model" else COSTS

    def budgets(self) -> Sequence[Budget]:
        return [] if self.empty else BUDGETS

    def windows(self, _now: datetime) -> Sequence[WindowUse]:
        return [] if self.empty else WINDOWS

    def trace(self, trace_id: str) -> Trace:
        if trace_id not in self.traces:
            message = f"there is no trace `{trace_id}`"
            raise NotFoundError(message, hint="it may have been removed by retention")
        return self.traces[trace_id]

    def names(self, actors: Iterable[str]) -> Mapping[str, str]:
        return {actor: NAMES[actor] for actor in actors if actor in NAMES}

    def any_key(self) -> bool:
        return False

    def authenticate(self, key: str) -> Acting:  # noqa: ARG002 (no key is known here)
        raise KeyUnknownError

    def ready(self) -> str | None:
        return None

    def warning(self) -> str | None:
        return None

    def lost_traces(self) -> int:
        return 0

    def changed_embedders(self) -> int:
        return 0

    async def close(self) -> None:
        """Holds nothing."""


def _nothing_answers(request: AnswerRequest) -> UnavailableError:
    return UnavailableError(f"nothing answers {request.target} here")


def _fits(one: TraceSummary, wanted: TraceFilter) -> bool:
    return wanted.status in {None, one.status} and wanted.text.lower() in one.question.lower()


@contextmanager
def _running(service: ShowService) -> Iterator[str]:
    ready = threading.Event()
    with bind("127.0.0.1", 0) as listener:
        address = url_of(listener)
        app = create_app(service, settings=ApiSettings())
        server = Server(app, ServerSettings(drain_s=3, linger_s=0), on_ready=lambda _: ready.set())
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert ready.wait(20)
            yield address
        finally:
            server.should_exit = True
            thread.join(20)


# Not for the whole session: while it is open, Playwright runs an event loop in the thread of every other test.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, or a skip that says that there is none."""
    executable = shutil.which("chromium")
    if executable is None:
        if os.environ.get("PLIMSOLL_TEST_REQUIRE_TOOLS") == "1":
            pytest.fail("chromium is not installed, and PLIMSOLL_TEST_REQUIRE_TOOLS=1 asks for it")
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def console() -> Iterator[Callable[..., str]]:
    """Starts a console and gives its address."""
    with ExitStack() as stack:
        yield lambda **kinds: stack.enter_context(_running(ShowService(**kinds)))
