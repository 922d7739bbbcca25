"""A platform that answers from a script, and a real server on loopback."""

import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from starlette.testclient import TestClient
from starlette.types import ASGIApp
from tests.api.guard_desk import ShownDesk

from plimsoll.access import Acting, KeyUnknownError
from plimsoll.access.limits import Budget, WindowUse
from plimsoll.api import ApiSettings, ServedModel, create_app
from plimsoll.api.server import Server, ServerSettings, bind, url_of
from plimsoll.flows.serve import (
    Answer,
    AnswerDone,
    AnswerEvent,
    AnswerRequest,
    AnswerStarted,
    EndpointMissingError,
    Predictions,
    Vectors,
)
from plimsoll.kernel.errors import NotFoundError
from plimsoll.models import Chunks, Embeddings, Passage, Quote, Usage, text_piece
from plimsoll.models.predictors import Prediction
from plimsoll.releases import Manifest, NothingLiveError
from plimsoll.releases.environments import Environment, EnvironmentMove
from plimsoll.tracing import CostLine, DaySummary, Trace, TraceFilter, TracePage, TraceSummary
from plimsoll.tracing.feedback import Feedback, Judgement
from plimsoll.tracing.received import Outcome, Shipment

RELEASE = "sha256:" + "3f9c2a" + "0" * 58
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
WAIT_S = 60
MADE = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)

Step = AnswerEvent | Exception | Callable[[], Awaitable[None]]


def started() -> AnswerStarted:
    passage = Passage(
        id="p1",
        document="contracts/acme.pdf",
        title="Acme",
        page=3,
        start=100,
        end=160,
        text="The notice period is ninety days. It starts on the first.",
        score=0.82,
    )
    return AnswerStarted(TRACE, RELEASE, "r-3f9c2a", "builtin/reader", (passage,), name="contracts/ask")


def done(*, cost_usd: float | None = 0.00125) -> AnswerDone:
    return AnswerDone(
        text="The notice period is ninety days. [1]",
        finish_reason="stop",
        usage=Usage(120, 9, cost_usd),
        citations=(
            Quote(1, "p1", "contracts/acme.pdf", page=3, start=100, end=133, text="The notice period is ninety days."),
        ),
        answered=True,
        span="ninety days",
        latency_ms=41.5,
        time_to_first_token_ms=12.0,
    )


def whole_answer() -> list[Step]:
    return [started(), text_piece("The notice period "), text_piece("is ninety days. [1]"), done()]


@dataclass
class ScriptedService:
    """Implements `Service`; each answer runs through `script`."""

    app: str = "contracts"
    script: list[Step] = field(default_factory=whole_answer)
    served: list[ServedModel] = field(
        default_factory=lambda: [
            ServedModel("contracts/ask", "contracts", "ask", MADE, "r-3f9c2a", "production"),
            ServedModel("contracts/ask", "contracts", "ask", MADE, "r-77aa01", "staging"),
            ServedModel("gpt-4.1-mini", "contracts", "gpt-4.1-mini", MADE, "r-3f9c2a", "production"),
        ]
    )
    known_environments: list[Environment] = field(default_factory=list)
    known_moves: list[EnvironmentMove] = field(default_factory=list)
    summaries: list[TraceSummary] = field(default_factory=list)
    traces: dict[str, Trace] = field(default_factory=dict)
    wanted: list[tuple[TraceFilter, str]] = field(default_factory=list)
    known_judgements: list[Judgement] = field(default_factory=list)
    day: DaySummary | None = None
    lines: dict[str, Sequence[CostLine]] = field(default_factory=dict)
    known_budgets: list[Budget] = field(default_factory=list)
    known_windows: list[WindowUse] = field(default_factory=list)
    not_ready: str | None = None
    warned: str | None = None
    traces_lost: int = 0
    embedders_changed: int = 0
    guardrails: ShownDesk = field(default_factory=ShownDesk)
    keys: dict[str, Acting] = field(default_factory=dict)
    """Keys of the records; whoever acts with each."""
    known_names: dict[str, str] = field(default_factory=dict)
    key_reads: int = 0
    counted: list[AnswerRequest] = field(default_factory=list)
    count_error: Exception | None = None
    judged: list[Feedback] = field(default_factory=list)
    begun: bool = False
    closed: bool = False
    asked: list[AnswerRequest] = field(default_factory=list)
    model_reads: int = 0
    ended: threading.Event = field(default_factory=threading.Event)
    ran_to_end: bool = False

    async def stream(self, request: AnswerRequest) -> AsyncGenerator[AnswerEvent]:
        self._take(request)
        try:
            for step in self.script:
                if isinstance(step, Exception):
                    raise step
                if callable(step):
                    await step()
                else:
                    yield step
            self.ran_to_end = True
        finally:
            self.ended.set()

    async def answer(self, request: AnswerRequest) -> Answer:
        begun, text, finished = started(), "", None
        async for event in self.stream(request):
            if isinstance(event, AnswerDone):
                finished = event
            elif isinstance(event, Chunks):
                text += event.text
        assert finished is not None
        message = {"role": "assistant", "content": text}
        return Answer(begun, {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}, finished)

    async def embed(self, request: AnswerRequest) -> Vectors:
        self._take(request)
        vectors = tuple((float(place), 0.5) for place, _ in enumerate(request.body["input"]))
        return Vectors(started(), Embeddings(vectors, Usage(5, 0, 0.0)), 3.0)

    async def predict(self, request: AnswerRequest) -> Predictions:
        self._take(request)
        found = tuple(Prediction("lease", 0.9, {"lease": 0.9}) for _ in request.body["inputs"])
        return Predictions(started(), found, 1.0)

    def _take(self, request: AnswerRequest) -> None:
        """Note a request for something that is served; anything else is refused as the platform does."""
        here = [model for model in self.served if model.environment == request.environment]
        if not here:
            raise NothingLiveError(self.app, request.environment)
        if not any(request.target in {model.id, model.endpoint} for model in here):
            raise EndpointMissingError(Manifest(self.app, {}), request.target, [model.id for model in here])
        self.asked.append(request)
        if request.found is not None:
            request.found(started().name)

    async def count(self, request: AnswerRequest) -> None:
        self.counted.append(request)
        if self.count_error is not None:
            raise self.count_error

    def feedback(self, given: Feedback, _team: str = "") -> None:
        self.trace(given.trace)
        self.judged.append(given)

    def submit(self, _shipment: Shipment, _size_bytes: int) -> "Future[Any]":
        taken: Future[Any] = Future()
        taken.set_result(Outcome(0))
        return taken

    async def start(self) -> None:
        self.begun = True

    def models(self) -> Sequence[ServedModel]:
        self.model_reads += 1
        return self.served

    def environments(self) -> Sequence[Environment]:
        return self.known_environments

    def moves(self, limit: int) -> Sequence[EnvironmentMove]:
        return self.known_moves[:limit]

    def recent_traces(self, limit: int) -> Sequence[TraceSummary]:
        return self.summaries[:limit]

    def requests(self, wanted: TraceFilter, *, limit: int, after: str = "") -> TracePage:
        self.wanted.append((wanted, after))
        return TracePage(tuple(self.summaries[:limit]), "")

    def judgements(self, trace_id: str) -> Sequence[Judgement]:
        return [judgement for judgement in self.known_judgements if judgement.said.trace == trace_id]

    def usage_day(self, day: datetime) -> DaySummary:
        return self.day or DaySummary(day, 0, 0, 0, 0, 0, None, 0, None, None, ())

    def used(self, by: Literal["endpoint", "model"], since: datetime) -> Sequence[CostLine]:
        del since
        return self.lines.get(by, ())

    def budgets(self) -> Sequence[Budget]:
        return self.known_budgets

    def windows(self, now: datetime) -> Sequence[WindowUse]:
        del now
        return self.known_windows

    def trace(self, trace_id: str) -> Trace:
        if trace_id not in self.traces:
            message = f"there is no trace `{trace_id}`"
            raise NotFoundError(message, hint="it may have been removed by retention")
        return self.traces[trace_id]

    def names(self, actors: Iterable[str]) -> Mapping[str, str]:
        return {actor: self.known_names[actor] for actor in actors if actor in self.known_names}

    def any_key(self) -> bool:
        self.key_reads += 1
        return bool(self.keys)

    def authenticate(self, key: str) -> Acting:
        self.key_reads += 1
        if key not in self.keys:
            raise KeyUnknownError
        return self.keys[key]

    def ready(self) -> str | None:
        return self.not_ready

    def warning(self) -> str | None:
        return self.warned

    def lost_traces(self) -> int:
        return self.traces_lost

    def changed_embedders(self) -> int:
        return self.embedders_changed

    async def close(self) -> None:
        self.closed = True


@contextmanager
def running(app: ASGIApp) -> Iterator[str]:
    """A real server in a thread; gives its address."""
    ready = threading.Event()
    with bind("127.0.0.1", 0) as listener:
        address = url_of(listener)
        server = Server(app, ServerSettings(drain_s=3, linger_s=0), on_ready=lambda _: ready.set())
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert ready.wait(WAIT_S)
            yield address
        finally:
            server.should_exit = True
            thread.join(WAIT_S)
        assert not thread.is_alive()


@pytest.fixture
def service() -> ScriptedService:
    return ScriptedService()


@pytest.fixture
def client(service: ScriptedService) -> Iterator[TestClient]:
    """Calls the application without a network."""
    app = create_app(service, settings=ApiSettings())
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as test_client:
        yield test_client


@pytest.fixture
def serve() -> Iterator[Callable[[ASGIApp], str]]:
    """Starts a real server for an application and gives its address."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(running(app))


@pytest.fixture
def address(service: ScriptedService, serve: Callable[[ASGIApp], str]) -> str:
    return serve(create_app(service, settings=ApiSettings()))


@pytest.fixture
def a_trace(service: ScriptedService) -> Trace:
    """A recorded request, known to the service, with text that wants to be HTML."""
    trace = Trace(
        id=TRACE,
        app="contracts",
        endpoint="ask",
        environment="production",
        release=RELEASE,
        release_name="r-3f9c2a",
        started_at=datetime.now(UTC) - timedelta(minutes=5),
        latency_ms=41.5,
        time_to_first_token_ms=12.0,
        status="ok",
        error="",
        model="builtin/reader",
        prompt="answer v3",
        input_tokens=1204,
        output_tokens=9,
        tokens_estimated=True,
        cost_usd=None,
        question="How long is the <b>notice</b> period?",
        request={},
        answer="Ninety <i>days</i>. [1] See also [7].",
        answered=True,
        passages=(
            {
                "id": "p1",
                "document": "contracts/<acme>.pdf",
                "title": "Acme",
                "page": 3,
                "start": 100,
                "end": 160,
                "score": 0.82,
                "text": "<script>alert(1)</script> The period is ninety days.",
            },
        ),
        messages=({"role": "system", "content": "Answer from <passages>."},),
        citations=(
            {
                "marker": 1,
                "document": "contracts/<acme>.pdf",
                "page": 3,
                "start": 126,
                "end": 152,
                "text": "The period is ninety days.",
            },
        ),
    )
    service.traces[trace.id] = trace
    return trace
