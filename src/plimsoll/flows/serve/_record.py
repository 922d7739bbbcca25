"""What is written down of one request while it is answered."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from types import TracebackType
from typing import Literal, Self

from msgspec import structs

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.digest import Digest, Json
from plimsoll.kernel.ids import new_span_id
from plimsoll.models import Attempt, Body, ChatEnd, Chunks, Passage, Quote, Usage
from plimsoll.tracing import Span, Status, Trace, attributes

from ._events import AnswerRequest, GuardrailNote
from ._need import in_all, together

_Kind = Literal["internal", "client"]
_NO_USAGE = Usage(0, 0)
_NO_BUDGET: Mapping[str, Json] = {}


class SpanInProgress:
    """Times one step and collects its attributes; an error inside is recorded and goes on."""

    __slots__ = ("_began_ms", "_kind", "_name", "_record", "attributes")

    def __init__(self, record: "RequestRecord", name: str, kind: _Kind) -> None:
        self.attributes: dict[str, Json] = {}
        self._record = record
        self._name = name
        self._kind = kind
        self._began_ms = 0.0

    def __enter__(self) -> Self:
        self._began_ms = self._record.elapsed_ms
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        record, ended_ms = self._record, self._record.elapsed_ms
        if self._name.startswith("chat "):
            record.model_ms += ended_ms - self._began_ms
        start, end = record.moment(self._began_ms), record.moment(ended_ms)
        error = None if kind is None else kind.__name__
        record.spans.append(
            Span(new_span_id(), record.root_id, self._name, start, end, self.attributes, error, self._kind)
        )


class RequestRecord:
    """Grows with the request; `to_trace` closes it.

    What most requests leave as it is stands in the class: so it costs nothing to begin one.
    """

    release_name: str = ""
    name: str = ""
    """Of the endpoint or the served route, however the caller wrote it; empty while it is not known to exist."""
    given: Body | None = None
    """What the caller sent, as a guardrail let it through, and nothing until it did; None where none looked."""
    model: str = ""
    target: str = ""
    prompt: str = ""
    passages: Sequence[Passage] = ()
    messages: Sequence[Body] = ()
    citations: Sequence[Quote] = ()
    usage: Usage = _NO_USAGE
    answered: bool | None = None
    attempts: tuple[Attempt, ...] = ()
    guardrails: tuple[GuardrailNote, ...] = ()
    cached: str = ""
    budget: Mapping[str, Json] = _NO_BUDGET
    beside: Usage | None = None
    """Of the calls that were made for the request beside its own, each settled by itself."""
    beside_budget: Mapping[str, Json] = _NO_BUDGET
    is_let_in: bool = False
    """Every limit on requests let it in, and its own call is reserved."""
    model_ms: float = 0.0
    """Time in which only the model worked."""
    time_to_first_token_ms: float | None = None
    complete: bool = False
    """The model ended its answer; what goes wrong after that is the caller's side."""

    def __init__(self, *, request: AnswerRequest, release: Digest, question: str, trace_id: str) -> None:
        self.request = request
        self.release = release
        self.question = question
        self.trace_id = trace_id
        self.root_id = new_span_id()
        self.started_at = utc_now()
        self.text: list[str] = []
        self.spans: list[Span] = []
        self._started = time.perf_counter()

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the request began."""
        return (time.perf_counter() - self._started) * 1000

    def moment(self, elapsed_ms: float) -> datetime:
        """The moment so many milliseconds after the beginning."""
        return self.started_at + timedelta(0, 0, elapsed_ms * 1000)

    def add_text(self, text: str) -> None:
        """Take a piece of the answer."""
        if self.time_to_first_token_ms is None:
            self.time_to_first_token_ms = self.elapsed_ms
        self.text.append(text)

    def asks(self, body: Body, *, streamed: bool) -> dict[str, Json]:
        """What is known of a call of the model before it is made, as attributes of its span."""
        said = attributes.model_call(self.model, parameters=body)
        said["gen_ai.request.stream"] = streamed
        return said

    def ended(self, end: ChatEnd) -> dict[str, Json]:
        """Take what the model said at its end; returns it as attributes of its span."""
        usage = self.usage = end.usage
        self.target = end.target or self.model
        self.attempts = end.attempts
        # Of the model that is asked first its span tells already.
        said: dict[str, Json] = {} if self.target == self.model else attributes.model_call(self.target)
        model = end.model or self.target.partition("/")[2]
        said |= attributes.answered(model, [end.finish_reason], first_chunk_ms=self.time_to_first_token_ms)
        if end.probability is not None:
            said["plimsoll.answer.probability"] = end.probability
        return said | attributes.usage(
            usage.input_tokens,
            usage.output_tokens,
            usage.cost_usd,
            cached_tokens=usage.cached_tokens,
            cache_write_tokens=usage.cache_write_tokens,
            reasoning_tokens=usage.reasoning_tokens,
        )

    def span(self, name: str, kind: _Kind = "internal") -> SpanInProgress:
        """A step to be timed, with `with`; of kind `client` where another server is asked."""
        return SpanInProgress(self, name, kind)

    def to_trace(self, status: Status, error: str) -> Trace:
        """The finished trace, with the span of the whole request first."""
        latency_ms = self.elapsed_ms
        request, usage = self.request, in_all(self.usage, self.beside)
        caller = request.caller
        return Trace(
            id=self.trace_id,
            app=request.app,
            endpoint=self.name,
            environment=request.environment,
            release=self.release,
            release_name=self.release_name,
            started_at=self.started_at,
            latency_ms=latency_ms,
            time_to_first_token_ms=self.time_to_first_token_ms,
            status=status,
            error=error,
            model=self.model,
            prompt=self.prompt,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            tokens_estimated=usage.estimated,
            cost_usd=usage.cost_usd,
            question=self.question,
            request=self._sent(),
            answer="".join(self.text),
            answered=self.answered,
            passages=tuple(map(asdict, self.passages)),
            messages=tuple(self.messages),
            citations=tuple(map(asdict, self.citations)),
            spans=(self._whole(latency_ms, error), *self.spans),
            caller=caller.actor,
            team=caller.team,
            project=caller.project,
            user_id=caller.user,
            surface=request.surface,
            target=self.target,
            attempts=tuple(map(_attempt, self.attempts)),
            cached=self.cached,
            guardrails=tuple(map(structs.asdict, self.guardrails)),
            key=caller.key,
            cached_tokens=usage.cached_tokens,
            cache_write_tokens=usage.cache_write_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            joined=request.joined,
            budget=together(self.budget, self.beside_budget),
            size_bytes=request.size_bytes + sum(map(len, self.text)),
        )

    def _whole(self, latency_ms: float, error: str) -> Span:
        request = self.request
        # Whatever the caller wrote that nothing is called by is no name.
        called = f"{request.app}/{self.name}" if self.name else ""
        said = attributes.workflow(called, release=self.release, environment=request.environment)
        name = f"{attributes.WORKFLOW} {called}".rstrip()
        return Span(self.root_id, None, name, self.started_at, self.moment(latency_ms), said, error or None)

    def _sent(self) -> dict[str, Json]:
        """What the caller sent, as the guardrail let it through, so that it can be asked again."""
        body = self.request.body if self.given is None else self.given
        parameters = {name: value for name, value in body.items() if name != "messages"}
        within = self.request.within
        reach: dict[str, Json] = {}
        if within.groups is not None or within.filter:
            groups = None if within.groups is None else list(within.groups)
            reach = {"within": {"groups": groups, "filter": dict(within.filter)}}
        return {"messages": list(body.get("messages", ())), "parameters": parameters, **reach}


def has_calls(piece: Chunks) -> bool:
    """Whether a piece of an answer has a part of a tool call."""
    for chunk in piece.chunks:
        for choice in chunk["choices"]:
            delta = choice.get("delta")
            if delta and delta.get("tool_calls"):
                return True
    return False


def calls_in(body: Body) -> dict[str, Json]:
    """The tool calls of an answer, as the GenAI conventions have them; nothing where there are none."""
    choices = body["choices"]
    calls = choices[0]["message"].get("tool_calls") if choices else None
    if not calls:
        return {}
    parts: list[Json] = [
        {
            "type": "tool_call",
            "id": call.get("id"),
            "name": (call.get("function") or {}).get("name"),
            "arguments": (call.get("function") or {}).get("arguments"),
        }
        for call in calls
    ]
    return {"gen_ai.output.messages": [{"role": "assistant", "parts": parts, "finish_reason": "tool_call"}]}


def _attempt(attempt: Attempt) -> dict[str, Json]:
    # Written out, because every request has one and `asdict` takes ten times as long.
    return {
        "target": attempt.target,
        "outcome": attempt.outcome,
        "why": attempt.why,
        "began_ms": attempt.began_ms,
        "took_ms": attempt.took_ms,
    }
