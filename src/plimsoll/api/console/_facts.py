"""The facts of one request: what it used, what the route decided, what guardrails did, what people think of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from plimsoll.kernel.digest import Json
from plimsoll.tracing import Trace
from plimsoll.tracing.feedback import Judgement

from ._present import Badge, When, duration, exact_cost, price, tokens, when

_SURFACES: Final = {
    "chat": "OpenAI chat completions",
    "responses": "OpenAI responses",
    "messages": "Anthropic messages",
    "embeddings": "embeddings",
    "predict": "predictions",
    "otlp": "OpenTelemetry (sent)",
}
_OUTCOMES: Final = {
    "ok": Badge("answered", "good", "Its answer was given."),
    "failed": Badge("failed", "bad", "It did not answer."),
    "skipped": Badge("skipped", "calm", "It was not asked."),
    "abandoned": Badge("too slow", "warn", "Another one was faster."),
    "escalated": Badge("not good enough", "warn", "Its answer failed the check of the route."),
}
_ACTIONS: Final = {"block": "bad", "ask": "warn", "redact": "warn", "flag": "calm", "allow": "good"}
_CONTENT: Final = {
    "off": "By the capture policy nothing of what was said is kept.",
    "redacted": "By the capture policy only a redacted form of what was said is kept.",
    "sealed": "What was said is kept encrypted.",
    "gone": "What was said was encrypted, and its key was destroyed.",
}
_LONGEST_VALUE: Final = 2_000

Fact = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing that the route did."""

    target: str
    badge: Badge
    why: str
    began: str
    took: str
    left: float
    """Where its bar begins, in per cent of all of them."""
    width: float


@dataclass(frozen=True, slots=True)
class Note:
    """What a guardrail found and did."""

    stage: str
    check: str
    kind: str
    badge: Badge
    count: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """What somebody thinks of the answer."""

    badge: Badge | None
    label: str
    comment: str
    by: str
    user: str
    given: When


def facts_of(trace: Trace) -> tuple[Fact, ...]:
    """What the request was and what it used."""
    used = trace.input_tokens + trace.output_tokens
    about = "≈ " if trace.tokens_estimated else ""
    answered = trace.target or (trace.model if trace.status == "ok" else "")
    found = [
        ("Application", trace.app),
        ("Endpoint", trace.endpoint.removeprefix(f"{trace.app}/")),
        ("Environment", _place(trace)),
        ("Called by", _SURFACES.get(trace.surface, trace.surface)),
        ("Model that answered", answered),
        ("First choice of the route", trace.model if trace.model != answered else ""),
        ("From the cache", {"exact": "same call", "semantic": "same meaning"}.get(trace.cached, trace.cached)),
        ("Latency", duration(trace.latency_ms)),
        ("First token", duration(trace.time_to_first_token_ms)),
        ("Delivered", _delivery(trace)),
        ("Tokens", f"{about}{tokens(trace.input_tokens)} → {tokens(trace.output_tokens)}"),
        ("Cost", price(None, used) if trace.cost_usd is None else exact_cost(trace.cost_usd)),
    ]
    return tuple((label, value) for label, value in (*found, *_details(trace)) if value)


def people_of(trace: Trace, names: Mapping[str, str]) -> tuple[Fact, ...]:
    """Who asked and for whom, as far as somebody was named."""
    caller = names.get(trace.caller, trace.caller)
    people = (
        ("Caller", caller),
        ("Key", trace.key),
        ("Team", trace.team),
        ("Project", trace.project),
        ("User", trace.user_id),
    )
    return tuple((label, name) for label, name in people if name)


def content_note(trace: Trace) -> str:
    """Why not all of what was said is there; empty when all of it is."""
    return _CONTENT.get(trace.content, "")


def decisions_of(attempts: Sequence[Mapping[str, Json]]) -> tuple[Decision, ...]:
    """What the route did, in order, on one axis of time."""
    ends = [_number(one, "began_ms") + _number(one, "took_ms") for one in attempts]
    whole = max([*ends, 1e-9])
    return tuple(_decision(one, whole) for one in attempts)


def notes_of(found: Sequence[Mapping[str, Json]]) -> tuple[Note, ...]:
    """What guardrails found and did."""
    return tuple(
        Note(
            stage=_text(one, "stage").replace("_", " "),
            check=_text(one, "check"),
            kind=_text(one, "kind"),
            badge=Badge(_text(one, "action"), _ACTIONS.get(_text(one, "action"), "calm"), "What the policy did."),
            count=f"{_number(one, 'count'):g}",
        )
        for one in found
    )


def limits_of(budget: Mapping[str, Json]) -> tuple[Fact, ...]:
    """What was set aside for the request and what it came to, as it was written down."""
    return tuple(flat(budget))


def opinions_of(given: Sequence[Judgement], names: Mapping[str, str], now: datetime) -> tuple[Opinion, ...]:
    """What people think, the oldest first."""
    return tuple(
        Opinion(
            badge=_score(one.said.score),
            label=one.said.label,
            comment=one.said.comment,
            by=names.get(one.said.by, one.said.by),
            user=one.said.user,
            given=when(one.at, now),
        )
        for one in given
    )


def flat(found: Mapping[str, Json], before: str = "") -> Iterator[Fact]:
    """Names and values, those of objects inside with the names joined by a dot."""
    for name, value in sorted(found.items()):
        if isinstance(value, Mapping) and value:
            yield from flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", written(value)


def written(value: Json) -> str:
    """A value as text; a very long one is cut."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _place(trace: Trace) -> str:
    return trace.environment or ("" if trace.source == "sent" else "working build")


def _details(trace: Trace) -> Iterator[Fact]:
    """Parts of the tokens, as far as there are some."""
    for label, count in (
        ("Read from the provider's cache", trace.cached_tokens),
        ("Written to the provider's cache", trace.cache_write_tokens),
        ("Spent on reasoning", trace.reasoning_tokens),
    ):
        if count:
            yield label, f"{tokens(count)} {'token' if count == 1 else 'tokens'}"


def _delivery(trace: Trace) -> str:
    """Whether the answer came in pieces, where a step tells."""
    for span in reversed(trace.spans):
        streamed = span.attributes.get("gen_ai.request.stream")
        if isinstance(streamed, bool):
            return "as a stream" if streamed else "whole"
    return ""


def _decision(attempt: Mapping[str, Json], whole_ms: float) -> Decision:
    began, took = _number(attempt, "began_ms"), _number(attempt, "took_ms")
    said = _text(attempt, "outcome")
    return Decision(
        target=_text(attempt, "target"),
        badge=_OUTCOMES.get(said, Badge(said or "unknown", "calm", "What came of it.")),
        why=_text(attempt, "why").replace("_", " "),
        began=f"+{duration(began)}",
        took=duration(took),
        left=round(began / whole_ms * 100, 2),
        width=round(took / whole_ms * 100, 2),
    )


def _score(score: float | None) -> Badge | None:
    if score is None:
        return None
    word, tone = ("good", "good") if score > 0 else ("bad", "bad") if score < 0 else ("neutral", "calm")
    return Badge(f"{word} {score:+g}" if abs(score) not in {0, 1} else word, tone, f"Score {score:g}, from -1 to 1.")


def _text(found: Mapping[str, Json], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""


def _number(found: Mapping[str, Json], name: str) -> float:
    value = found.get(name)
    return max(float(value), 0.0) if isinstance(value, int | float) else 0.0
