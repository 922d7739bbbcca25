"""A console with something to show, and a browser to look at it."""

import os
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from plimsoll.access import Acting, KeyUnknownError
from plimsoll.api import ApiSettings, ServedModel, create_app
from plimsoll.api.server import Server, ServerSettings, bind, url_of
from plimsoll.flows.serve import AnswerEvent, AnswerRequest
from plimsoll.kernel.errors import NotFoundError, UnavailableError
from plimsoll.releases.environments import Environment, EnvironmentMove
from plimsoll.tracing import Span, Trace, TraceSummary

NOW = datetime.now(UTC)
ANA, BEN = "s-00000000000000aa", "s-00000000000000bb"
NAMES = {ANA: "Ana Ferreira", BEN: "Ben <b>Okafor</b>"}
LIVE = "sha256:3f9c2a41b07d5e8890c1f2a7d6b3e4550f1e2d3c4b5a69788796a5b4c3d2e1f0"
CANDIDATE = "sha256:77aa01" + "0" * 58
CLAUSE = (
    "12.2 Termination for convenience. Either party may terminate this Agreement without cause by giving the other "
    "party ninety (90) days' prior written notice. "
)
REST = (
    "During the notice period the parties continue to perform their obligations, and all fees that fell due before "
    "the date of termination remain payable."
)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def _span(name: str, parent: str | None, start_ms: float, end_ms: float, **attributes: Any) -> Span:
    begin = NOW - timedelta(minutes=4)
    at, end = begin + timedelta(milliseconds=start_ms), begin + timedelta(milliseconds=end_ms)
    return Span(name, parent, name, at, end, {key.replace("__", "."): value for key, value in attributes.items()})


def _passage(rank: int, document: str, page: int, score: float, text: str) -> Mapping[str, Any]:
    return {
        "id": f"p{rank}",
        "document": document,
        "title": document,
        "page": page,
        "start": 4000 * rank,
        "end": 4000 * rank + len(text),
        "score": score,
        "text": text,
    }


TRACE = Trace(
    id="4bf92f3577b34da6a3ce929d0e0e4736",
    app="contracts",
    endpoint="ask",
    environment="production",
    release=LIVE,
    release_name="r-3f9c2a",
    started_at=NOW - timedelta(minutes=4),
    latency_ms=412.4,
    time_to_first_token_ms=96.2,
    status="ok",
    error="",
    model="builtin/reader",
    prompt="answer v3",
    input_tokens=1204,
    output_tokens=46,
    tokens_estimated=True,
    cost_usd=None,
    question="How much notice must we give before we can end the Acme contract?",
    request={},
    answer="Either party may terminate this Agreement without cause by giving ninety (90) days' written notice. [1]",
    answered=True,
    passages=(
        _passage(1, "contracts/acme-master-services.pdf", 14, 0.871, CLAUSE + REST),
        _passage(2, "contracts/acme-amendment-2.pdf", 2, 0.644, "Section 12 of the Agreement stays as it is. " * 6),
        _passage(3, "contracts/<script>alert(1)</script>.docx", 1, 0.412, "<img src=x onerror=alert(1)> " * 3),
        _passage(4, "policies/procurement-handbook-with-a-very-long-file-name-2026.pdf", 41, 0.288, "Notice. " * 40),
    ),
    messages=(
        {"role": "system", "content": "Answer from the passages only. Quote them exactly, and say which one."},
        {"role": "user", "content": f"[1] {CLAUSE}{REST}\n\nHow much notice must we give?"},
    ),
    citations=(
        {
            "marker": 1,
            "passage_id": "p1",
            "document": "contracts/acme-master-services.pdf",
            "page": 14,
            "start": 4000 + CLAUSE.index("Either"),
            "end": 4000 + len(CLAUSE) - 1,
            "text": CLAUSE[CLAUSE.index("Either") : -1],
        },
    ),
    spans=(
        _span("invoke_workflow contracts/ask", None, 0, 412, plimsoll__release=LIVE),
        _span("retrieval contracts", "invoke_workflow contracts/ask", 3, 88, gen_ai__data_source__id="contracts"),
        _span("render prompt", "invoke_workflow contracts/ask", 88, 91.5),
        _span(
            "chat builtin/reader",
            "invoke_workflow contracts/ask",
            92,
            408,
            gen_ai__usage__input_tokens=1204,
            gen_ai__usage__output_tokens=46,
        ),
    ),
)


def _summaries() -> list[TraceSummary]:
    first = TraceSummary(
        id=TRACE.id,
        app="contracts",
        endpoint="ask",
        environment="production",
        release_name="r-3f9c2a",
        started_at=TRACE.started_at,
        latency_ms=TRACE.latency_ms,
        status="ok",
        model=TRACE.model,
        input_tokens=TRACE.input_tokens,
        output_tokens=TRACE.output_tokens,
        cost_usd=None,
        question=TRACE.question,
        answered=True,
    )
    other = replace(first, id="0" * 31 + "1")
    hour = timedelta(hours=1)
    return [
        first,
        replace(other, question="Which law governs the agreement with Norden Shipping?", cost_usd=0.00042),
        replace(other, question="Who won the cup in 1998?", answered=False, started_at=NOW - hour, latency_ms=38),
        replace(
            other,
            endpoint="summary",
            environment="staging",
            release_name="r-77aa01",
            question="Summarise the liability clauses of all supplier contracts that were signed after January 2025, "
            "and list for each of them the cap, its currency, and what is excluded from it.",
            answered=None,
            latency_ms=6120,
            input_tokens=18_204,
            output_tokens=912,
            cost_usd=0.0214,
            started_at=NOW - 5 * hour,
        ),
        replace(other, question="<script>alert('x')</script>", status="error", answered=None, output_tokens=0),
        replace(other, question="Is there a penalty for late delivery?", status="cancelled", answered=None),
    ]


@dataclass
class ShowService:
    """Implements `Service` with one application that has lived for a while, or with none."""

    empty: bool = False
    traces: dict[str, Trace] = field(default_factory=lambda: {TRACE.id: TRACE})

    def stream(self, request: AnswerRequest) -> AsyncIterator[AnswerEvent]:
        message = f"nothing answers {request.endpoint} here"
        raise UnavailableError(message)

    def models(self) -> Sequence[ServedModel]:
        if self.empty:
            return []
        made = NOW - timedelta(days=1)
        return [
            ServedModel("contracts/ask", "contracts", "ask", made, "r-3f9c2a", "production"),
            ServedModel("contracts/ask", "contracts", "ask", made, "r-77aa01", "staging"),
            ServedModel("contracts/summary", "contracts", "summary", made, "r-77aa01", "staging"),
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
        return [] if self.empty else _summaries()[:limit]

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

    async def close(self) -> None:
        """Holds nothing."""


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
