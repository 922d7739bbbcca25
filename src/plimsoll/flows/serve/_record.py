"""What is written down of one request while it is answered."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from msgspec import structs

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.digest import Digest, Json
from plimsoll.kernel.ids import new_span_id
from plimsoll.models import Attempt, Body, ChatEnd, Passage, Quote, Usage
from plimsoll.tracing import Span, Status, Trace

from ._events import AnswerRequest, GuardrailNote

_NO_USAGE = Usage(0, 0)
_NO_BUDGET: Mapping[str, Json] = {}


class SpanInProgress:
    """Times one step and collects its attributes; an error inside is recorded and goes on."""

    __slots__ = ("_began_ms", "_name", "_record", "attributes")

    def __init__(self, record: "RequestRecord", name: str) -> None:
        self.attributes: dict[str, Json] = {}
        self._record = record
        self._name = name
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
        record.spans.append(Span(new_span_id(), record.root_id, self._name, start, end, self.attributes, error))


class RequestRecord:
    """Grows with the request; `to_trace` closes it.

    What most requests leave as it is stands in the class: so it costs nothing to begin one.
    """

    release_name: str = ""
    name: str = ""
    """Of the endpoint or the served route, however the caller wrote it; empty while it is not known to exist."""
    given: Body | None = None
    """What the caller sent, as a guardrail let it through; None where none looked."""
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

    def ended(self, end: ChatEnd) -> dict[str, Json]:
        """Take what the model said at its end; returns it as attributes of its span."""
        usage = self.usage = end.usage
        self.target = end.target or self.model
        self.attempts = end.attempts
        provider, _, model = self.target.partition("/")
        return {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": provider,
            "gen_ai.request.model": model,
            "gen_ai.response.model": end.model or model,
            "gen_ai.response.finish_reasons": [end.finish_reason],
            "gen_ai.usage.input_tokens": usage.input_tokens,
            "gen_ai.usage.output_tokens": usage.output_tokens,
            "gen_ai.response.time_to_first_chunk": _seconds(self.time_to_first_token_ms),
        }

    def span(self, name: str) -> SpanInProgress:
        """A step to be timed, with `with`."""
        return SpanInProgress(self, name)

    def to_trace(self, status: Status, error: str) -> Trace:
        """The finished trace, with the span of the whole request first."""
        latency_ms = self.elapsed_ms
        request, usage = self.request, self.usage
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
            budget=self.budget,
        )

    def _whole(self, latency_ms: float, error: str) -> Span:
        request = self.request
        workflow = f"{request.app}/{self.name}"
        attributes: dict[str, Json] = {
            "gen_ai.operation.name": "invoke_workflow",
            "gen_ai.workflow.name": workflow,
            "plimsoll.release": self.release,
            "plimsoll.environment": request.environment,
        }
        name, ended_at = f"invoke_workflow {workflow}", self.moment(latency_ms)
        return Span(self.root_id, None, name, self.started_at, ended_at, attributes, error or None)

    def _sent(self) -> dict[str, Json]:
        """What the caller sent, as the guardrail let it through, so that it can be asked again."""
        body = self.given or self.request.body
        parameters = {name: value for name, value in body.items() if name != "messages"}
        return {"messages": list(body.get("messages", ())), "parameters": parameters}


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


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds / 1000, 6)
