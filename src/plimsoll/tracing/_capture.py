"""How much of what people and models said is kept: decided here, before anything touches the disk."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from msgspec.structs import replace

from plimsoll.kernel.digest import Json

from ._errors import CaptureIncompleteError
from ._types import Span, Trace

Change = Callable[[str], str]
_SHARE_DIGITS = 8
_NAME = re.compile(r"@?[a-z_][\w./-]*", re.ASCII | re.IGNORECASE)

# Attributes whose text is a name, a setting or a code. All other text may hold what somebody said: what a new
# instrumentation calls its content is not known here.
_PLAIN = (
    "aws.",
    "code.",
    "deployment.",
    "embedding.model_name",
    "error.type",
    "gen_ai.agent.id",
    "gen_ai.agent.name",
    "gen_ai.agent.version",
    "gen_ai.conversation.id",
    "gen_ai.data_source.id",
    "gen_ai.evaluation.name",
    "gen_ai.evaluation.score",
    "gen_ai.operation.name",
    "gen_ai.output.type",
    "gen_ai.prompt.name",
    "gen_ai.provider.name",
    "gen_ai.request.",
    "gen_ai.response.",
    "gen_ai.token.type",
    "gen_ai.tool.call.id",
    "gen_ai.tool.name",
    "gen_ai.tool.type",
    "gen_ai.usage.",
    "gen_ai.workflow.name",
    "http.method",
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "jsonrpc.",
    "llm.cost.",
    "llm.finish_reason",
    "llm.model_name",
    "llm.provider",
    "llm.request.model_name",
    "llm.response.model_name",
    "llm.system",
    "llm.token_count.",
    "mcp.method.name",
    "mcp.protocol.version",
    "mcp.session.id",
    "network.",
    "openai.",
    "openinference.span.kind",
    "plimsoll.",
    "reranker.model_name",
    "rpc.",
    "server.",
    "service.",
    "session.id",
    "telemetry.",
    "tool.name",
    "user.id",
)
_PLAIN_EXACTLY = frozenset({"gen_ai.system"})


@dataclass(frozen=True, slots=True)
class Capture:
    """The policy for the content of traces: questions, answers, prompts, passages, and what spans quote of them.

    `off` keeps none of it, `redacted` what `redact` leaves of each text, `full` all, and `sealed` all, encrypted by
    `seal` for the user of the trace, else for its caller; nobody can search in that. Facts (times, models, tokens,
    cost, who asked) are always kept. Raises CaptureIncompleteError (InvalidError) where the function that it needs is
    missing.
    """

    content: Literal["off", "redacted", "full", "sealed"] = "full"
    shares: Mapping[str, float] = field(default_factory=dict)
    """For each environment the share of traces whose content is kept at all, from 0 to 1; 1 where none is named."""
    redact: Change | None = None
    seal: Callable[[str, bytes], bytes] | None = None
    """Encrypts content for a data subject (a user or an actor; empty for nobody in particular)."""
    unseal: Callable[[str, bytes], bytes] | None = None
    """Opens what `seal` encrypted. Raises an error of ours when the key was destroyed."""

    def __post_init__(self) -> None:
        if self.content == "redacted" and self.redact is None:
            raise CaptureIncompleteError(self.content, "redact")
        if self.content == "sealed" and (self.seal is None or self.unseal is None):
            raise CaptureIncompleteError(self.content, "seal and unseal")

    def level(self, trace_id: str, environment: str) -> Literal["off", "redacted", "full", "sealed"]:
        """What is kept of one trace. The same for all parts of a trace, whoever asks."""
        share = self.shares.get(environment, 1.0) if self.shares else 1.0
        if share >= 1:
            return self.content
        return self.content if int(trace_id[:_SHARE_DIGITS], 16) < share * 16**_SHARE_DIGITS else "off"

    def of_trace(self, trace: Trace) -> Trace:
        """The trace as it may be kept; sealing comes later, when it is bytes."""
        level = self.level(trace.id, trace.environment)
        if trace.content == "off":
            return trace
        if level == "off":
            return _bare(trace)
        if level == "redacted" and self.redact is not None:
            return _redacted(trace, self.redact)
        return trace if level == trace.content else replace(trace, content=level)

    def of_attributes(self, level: str, attributes: Mapping[str, Json]) -> Mapping[str, Json]:
        """Attributes of a span (or event, or link) as they may be kept."""
        if level == "off":
            return _facts(attributes)
        if level == "redacted" and self.redact is not None:
            return _cleaned(attributes, self.redact)
        return attributes

    def of_name(self, level: str, name: str) -> str:
        """What somebody called a thing (an event, a label): `off` lets through what has the form of a name."""
        return name if level == "off" and _is_name(name) else self.of_text(level, name)

    def of_text(self, level: str, text: str) -> str:
        """A text as it may be kept."""
        if level == "off":
            return ""
        return self.redact(text) if text and level == "redacted" and self.redact is not None else text


def _bare(trace: Trace) -> Trace:
    spans = tuple(
        Span(
            span.id,
            span.parent_id,
            span.name,
            span.started_at,
            span.ended_at,
            _facts(span.attributes),
            span.error and (span.error if span.error.isidentifier() else "error"),
            span.kind,
        )
        for span in trace.spans
    )
    return replace(
        trace,
        content="off",
        error="",
        question="",
        request={},
        answer="",
        messages=(),
        passages=tuple(_without_text(passage) for passage in trace.passages),
        citations=tuple(_without_text(citation) for citation in trace.citations),
        spans=spans,
    )


def _without_text(entry: Mapping[str, Json]) -> Mapping[str, Json]:
    return {**entry, "text": ""}


def _redacted(trace: Trace, redact: Change) -> Trace:
    def each(entries: tuple[Mapping[str, Json], ...]) -> tuple[Any, ...]:
        return tuple(_changed(entry, redact) for entry in entries)

    spans = tuple(
        replace(
            span,
            attributes=_cleaned(span.attributes, redact),
            error=span.error and redact(span.error),
            more=_changed(span.more, redact),
        )
        for span in trace.spans
    )
    return replace(
        trace,
        content="redacted",
        error=redact(trace.error),
        question=redact(trace.question),
        request=_changed(trace.request, redact),
        answer=redact(trace.answer),
        messages=each(trace.messages),
        passages=tuple({**one, "text": _changed(one.get("text"), redact)} for one in trace.passages),
        citations=tuple({**one, "text": _changed(one.get("text"), redact)} for one in trace.citations),
        spans=spans,
    )


def _changed(value: Any, change: Change) -> Any:
    """The value with every text in it changed; what has the form of a name stays where it is a key."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {_key(key, change): _changed(inner, change) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_changed(inner, change) for inner in value]
    return value


def _facts(attributes: Mapping[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in attributes.items() if _is_plain(key) or (_is_number(value) and _is_name(key))}


def _cleaned(attributes: Mapping[str, Json], redact: Change) -> dict[str, Json]:
    return {
        _key(key, redact): value if _is_plain(key) else _changed(value, redact) for key, value in attributes.items()
    }


def _key(key: str, change: Change) -> str:
    return key if _is_name(key) else change(key)


def _is_name(text: str) -> bool:
    """Whether a text has the form in which programs call things: `exception`, `@scope/package`, `llm.cost`."""
    return _NAME.fullmatch(text) is not None


def _is_plain(key: str) -> bool:
    return key in _PLAIN_EXACTLY or key.startswith(_PLAIN)


def _is_number(value: Json) -> bool:
    return value is None or isinstance(value, int | float)
