"""A platform that answers by the name of the model that is called, for the official clients."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any

from tests.api.guard_desk import ShownDesk

from plimsoll.access import Acting, KeyUnknownError
from plimsoll.api import ServedModel
from plimsoll.flows.serve import Answer, AnswerDone, AnswerEvent, AnswerRequest, AnswerStarted, Predictions, Vectors
from plimsoll.kernel.errors import (
    BlockedError,
    BudgetError,
    ConflictError,
    DeniedError,
    GateError,
    IntegrityError,
    NotFoundError,
    PlimsollError,
    UnavailableError,
)
from plimsoll.kernel.ids import new_trace_id
from plimsoll.models import Chunks, Embeddings, Usage

RELEASE = "sha256:" + "3f9c2a" + "0" * 58
MADE = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
USAGE = Usage(120, 9, 0.00125, cached_tokens=64, reasoning_tokens=4)
TEXT = "The notice period is ninety days."
KEY = "sesame"


class SlowDownError(BudgetError):
    """A limit that fills again at once."""

    code = "rate_limit_exceeded"

    def __init__(self) -> None:
        super().__init__("too fast", retry_after_s=0.01)


class LateError(UnavailableError):
    """The provider did not answer in time."""

    code = "provider_timeout"


FAILURES: Mapping[str, Callable[[], PlimsollError]] = {
    "blocked": lambda: BlockedError("a guardrail said no"),
    "denied": lambda: DeniedError("the provider refuses the key"),
    "nothing": lambda: NotFoundError("there is no such thing"),
    "changed": lambda: ConflictError("somebody was faster"),
    "gate": lambda: GateError("not reached"),
    "limited": SlowDownError,
    "quota": lambda: BudgetError("the budget is used up", retry_after_s=3600),
    "damaged": lambda: IntegrityError("stored content is damaged"),
    "down": lambda: UnavailableError("the provider is down", retry_after_s=0.01),
    "late": lambda: LateError("the provider is late"),
}
"""What is raised, by the name of the model."""


class Scripted:
    """Implements the door's `Service`."""

    app = "contracts"

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.guardrails = ShownDesk()
        self.asked: list[AnswerRequest] = []
        self.left = threading.Event()
        """Set when somebody went away in the middle of the answer without an end."""

    async def answer(self, request: AnswerRequest) -> Answer:
        """The whole answer."""
        self._begin(request)
        message = _message(request)
        finish = "tool_calls" if "tool_calls" in message else "length" if request.target == "cut" else "stop"
        choices = [{"index": 0, "message": message, "finish_reason": finish}]
        choices += [{**choices[0], "index": number} for number in range(1, request.body.get("n") or 1)]
        return Answer(_started(request), {"choices": choices}, _done(finish))

    async def stream(self, request: AnswerRequest) -> AsyncGenerator[AnswerEvent]:
        """The answer, a few characters at a time."""
        self._begin(request)
        yield _started(request)
        message = _message(request)
        thought = message.get("reasoning_content")
        if thought:
            yield _delta(reasoning_content=thought)
        text = message["content"] or ""
        for at in range(0, len(text), 8):
            yield _delta(content=text[at : at + 8])
        for number, call in enumerate(message.get("tool_calls", ())):
            named = {**call, "index": number, "function": {**call["function"], "arguments": ""}}
            yield _delta(tool_calls=[named])
            for piece in ("{", call["function"]["arguments"][1:]):
                yield _delta(tool_calls=[{"index": number, "function": {"arguments": piece}}])
        if request.target == "breaks":
            raise UnavailableError("the provider hung up")
        try:
            while request.target == "endless":
                await asyncio.sleep(0.005)
                yield _delta(content="more ")
        except (GeneratorExit, asyncio.CancelledError):
            self.left.set()
            raise
        yield _done("tool_calls" if "tool_calls" in message else "length" if request.target == "cut" else "stop")

    def _begin(self, request: AnswerRequest) -> None:
        self.calls[request.target] += 1
        self.asked.append(request)
        name, _, times = request.target.partition("-")
        if name in FAILURES and not (times == "once" and self.calls[request.target] > 1):
            error = FAILURES[name]()
            raise error

    async def embed(self, request: AnswerRequest) -> Vectors:
        """Vectors that tell the place of each input."""
        self._begin(request)
        vectors = tuple((float(place), 0.5, -0.25) for place, _ in enumerate(request.body["input"]))
        return Vectors(_started(request), Embeddings(vectors, Usage(5, 0, 0.0)), 3.0)

    async def predict(self, request: AnswerRequest) -> Predictions:
        """No predictions."""
        self._begin(request)
        return Predictions(_started(request), (), 1.0)

    async def count(self, request: AnswerRequest) -> None:
        del request

    def feedback(self, given: Any, _team: str = "") -> None:
        """Nothing is kept."""

    def submit(self, _shipment: Any, _size_bytes: int) -> "Future[Any]":
        """Nothing is kept."""
        return Future()

    async def start(self) -> None:
        """Nothing to begin."""

    def models(self) -> Sequence[ServedModel]:
        """One endpoint and one route."""
        return [
            ServedModel("contracts/ask", "contracts", "ask", MADE, "r-3f9c2a", "production"),
            ServedModel("gpt-4.1-mini", "contracts", "gpt-4.1-mini", MADE, "r-3f9c2a", "production"),
        ]

    def environments(self) -> Sequence[Any]:
        """None."""
        return []

    def moves(self, _limit: int) -> Sequence[Any]:
        """None."""
        return []

    def recent_traces(self, _limit: int) -> Sequence[Any]:
        """None."""
        return []

    def requests(self, _wanted: Any, *, limit: int, after: str = "") -> Any:
        """Nobody asks."""
        raise NotImplementedError(limit, after)

    def judgements(self, _trace_id: str) -> Sequence[Any]:
        """None."""
        return []

    def usage_day(self, _day: datetime) -> Any:
        """Nobody asks."""
        raise NotImplementedError

    def used(self, _by: str, _since: datetime) -> Sequence[Any]:
        """None."""
        return []

    def budgets(self) -> Sequence[Any]:
        """None."""
        return []

    def windows(self, _now: datetime) -> Sequence[Any]:
        """None."""
        return []

    def trace(self, trace_id: str) -> Any:
        """None."""
        raise NotFoundError(f"there is no trace `{trace_id}`")

    def names(self, _actors: Iterable[str]) -> Mapping[str, str]:
        """None."""
        return {}

    def any_key(self) -> bool:
        """No keys in records."""
        return False

    def authenticate(self, _key: str) -> Acting:
        """No keys in records."""
        raise KeyUnknownError

    def ready(self) -> str | None:
        """Always."""
        return None

    def warning(self) -> str | None:
        """Never."""
        return None

    def lost_traces(self) -> int:
        """None."""
        return 0

    def changed_embedders(self) -> int:
        """None."""
        return 0

    async def close(self) -> None:
        """Nothing to give back."""


def _message(request: AnswerRequest) -> dict[str, Any]:
    body = request.body
    form = body.get("response_format") or {}
    if form.get("type") == "json_schema":
        return {"role": "assistant", "content": '{"days":90,"unit":"days"}'}
    tools = body.get("tools")
    if tools and body["messages"][-1]["role"] != "tool":
        name = tools[0].get("function", {}).get("name")
        calls = [
            {"id": f"call_{city}", "type": "function", "function": {"name": name, "arguments": f'{{"city":"{city}"}}'}}
            for city in ("Oslo", "Rome")
        ]
        return {"role": "assistant", "content": None, "tool_calls": calls}
    thought = {"reasoning_content": "Section 4."} if request.target == "thinker" else {}
    return {"role": "assistant", "content": TEXT, **thought}


def _started(request: AnswerRequest) -> AnswerStarted:
    return AnswerStarted(new_trace_id(), RELEASE, "r-3f9c2a", "openai/m", (), name=request.target)


def _done(finish_reason: str) -> AnswerDone:
    return AnswerDone(
        text=TEXT,
        finish_reason=finish_reason,
        usage=USAGE,
        citations=(),
        answered=None,
        span=None,
        latency_ms=41.5,
        time_to_first_token_ms=12.0,
        target="openai/m",
    )


def _delta(**delta: Any) -> Chunks:
    return Chunks(({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]},))
