"""What is written down of one request while it is answered."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.digest import Digest, Json
from plimsoll.kernel.ids import new_span_id
from plimsoll.models import Message, Passage, Quote, Usage
from plimsoll.tracing import Span, Status, Trace

from ._events import AnswerRequest

_NO_USAGE = Usage(0, 0)


@dataclass(slots=True)
class SpanInProgress:
    """Collects the attributes of a step that is running."""

    attributes: dict[str, Json] = field(default_factory=dict)


@dataclass(slots=True)
class RequestRecord:
    """Grows with the request; `to_trace` closes it."""

    request: AnswerRequest
    release: Digest
    question: str
    trace_id: str
    release_name: str = ""
    root_id: str = field(default_factory=new_span_id)
    started_at: datetime = field(default_factory=utc_now)
    model: str = ""
    prompt: str = ""
    passages: Sequence[Passage] = ()
    messages: Sequence[Message] = ()
    citations: Sequence[Quote] = ()
    usage: Usage = _NO_USAGE
    answered: bool | None = None
    text: list[str] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    time_to_first_token_ms: float | None = None
    complete: bool = False
    """The model ended its answer; what goes wrong after that is the caller's side."""
    _started: float = field(default_factory=time.perf_counter)

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the request began."""
        return (time.perf_counter() - self._started) * 1000

    def add_text(self, text: str) -> None:
        """Take a piece of the answer."""
        if self.time_to_first_token_ms is None:
            self.time_to_first_token_ms = self.elapsed_ms
        self.text.append(text)

    @contextmanager
    def span(self, name: str) -> Iterator[SpanInProgress]:
        """Time one step; an error inside is recorded and goes on."""
        step = SpanInProgress()
        began, error = self.elapsed_ms, None
        try:
            yield step
        except BaseException as raised:
            error = type(raised).__name__
            raise
        finally:
            self._close(name, began, step.attributes, self.root_id, error)

    def to_trace(self, status: Status, error: str) -> Trace:
        """The finished trace, with the span of the whole request first."""
        latency_ms = self.elapsed_ms
        root: dict[str, Json] = {
            "gen_ai.operation.name": "invoke_workflow",
            "gen_ai.workflow.name": f"{self.request.app}/{self.request.endpoint}",
            "plimsoll.release": self.release,
            "plimsoll.environment": self.request.environment,
        }
        name = f"invoke_workflow {self.request.app}/{self.request.endpoint}"
        ended_at = self.started_at + timedelta(milliseconds=latency_ms)
        whole = Span(self.root_id, None, name, self.started_at, ended_at, root, error or None)
        return Trace(
            id=self.trace_id,
            app=self.request.app,
            endpoint=self.request.endpoint,
            environment=self.request.environment,
            release=self.release,
            release_name=self.release_name,
            started_at=self.started_at,
            latency_ms=latency_ms,
            time_to_first_token_ms=self.time_to_first_token_ms,
            status=status,
            error=error,
            model=self.model,
            prompt=self.prompt,
            input_tokens=self.usage.input_tokens,
            output_tokens=self.usage.output_tokens,
            tokens_estimated=self.usage.estimated,
            cost_usd=self.usage.cost_usd,
            question=self.question,
            request={
                "messages": [asdict(message) for message in self.request.messages],
                "parameters": dict(self.request.parameters),
            },
            answer="".join(self.text),
            answered=self.answered,
            passages=tuple(asdict(passage) for passage in self.passages),
            messages=tuple(asdict(message) for message in self.messages),
            citations=tuple(asdict(quote) for quote in self.citations),
            spans=(whole, *self.spans),
            caller=self.request.caller.actor,
            team=self.request.caller.team,
            project=self.request.caller.project,
            user_id=self.request.caller.user,
        )

    def _close(self, name: str, began: float, attributes: dict[str, Json], parent: str, error: str | None) -> None:
        start = self.started_at + timedelta(milliseconds=began)
        end = self.started_at + timedelta(milliseconds=self.elapsed_ms)
        self.spans.append(Span(new_span_id(), parent, name, start, end, attributes, error))
