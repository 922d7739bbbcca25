"""The list of requests, narrowed as the visitor asks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self, cast
from urllib.parse import urlencode

from plimsoll.tracing import Status, TraceFilter, TraceSummary

from .._service import Service
from ._present import Badge, When, duration, outcome, price, tokens, when

_OFFERED: Final = timedelta(days=30)
"""For how long what was used is offered as something to look for."""
_STATUSES: Final = {"ok": "ended well", "error": "failed", "cancelled": "left by the client"}
_WITHOUT_QUESTION: Final = {"embeddings": "(texts for vectors)", "predict": "(rows for a prediction)"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the visitor looks for, as it stands in the address; empty does not matter."""

    text: str = ""
    status: str = ""
    endpoint: str = ""
    model: str = ""
    joined: str = ""
    tests: str = ""
    after: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """What an address says; what it does not know is left out."""
        return cls(**{name: _printable(query[name]) for name in cls.__dataclass_fields__ if name in query})

    @property
    def is_plain(self) -> bool:
        """Whether nothing in particular is looked for."""
        return self == Wish()

    def filter(self) -> TraceFilter:
        """The same for the store."""
        return TraceFilter(
            text=self.text,
            status=cast("Status", self.status) if self.status else None,
            endpoint=self.endpoint or None,
            model=self.model or None,
            joined=self.joined,
            tests_too=bool(self.tests),
        )

    def address(self, after: str = "") -> str:
        """Where a page of what is looked for lies."""
        named = {name: getattr(self, name) for name in self.__dataclass_fields__} | {"after": after}
        return "/?" + urlencode({name: value for name, value in named.items() if value})


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One request in the list."""

    id: str
    started: When
    environment: str
    endpoint: str
    release_name: str
    question: str
    badge: Badge
    latency: str
    tokens: str
    cost: str
    model: str
    """The one that answered, else the one that the route names first."""
    did_answer: bool
    cached: str
    """`exact` or `semantic` when the answer came from the cache."""
    is_sent: bool
    """Somebody sent it; it was not served here."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that can be looked for."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Requests:
    """Some requests, and what they were chosen by."""

    lines: tuple[TraceLine, ...]
    wish: Wish
    statuses: tuple[Choice, ...]
    endpoints: tuple[Choice, ...]
    models: tuple[Choice, ...]
    next: str
    """Address of the next page; empty when there is none."""
    first: str
    """Address of the first page, when this is another."""


def requests(service: Service, wish: Wish, *, limit: int, now: datetime) -> Requests:
    """Read what the list needs. Raises InvalidError for a page that there is not."""
    page = service.requests(wish.filter(), limit=limit, after=wish.after)
    since = now - _OFFERED
    used = {by: [line.key for line in service.used(by, since) if line.requests] for by in ("endpoint", "model")}
    return Requests(
        lines=tuple(_line(one, now) for one in page.traces),
        wish=wish,
        statuses=tuple(Choice(value, label, value == wish.status) for value, label in _STATUSES.items()),
        endpoints=_choices(used["endpoint"], wish.endpoint),
        models=_choices(used["model"], wish.model),
        next=wish.address(page.next) if page.next else "",
        first=wish.address() if wish.after else "",
    )


def _printable(text: str) -> str:
    """A text that every database takes."""
    return "".join(char if char.isprintable() else " " for char in text).strip()


def _choices(values: Sequence[str], chosen: str) -> tuple[Choice, ...]:
    offered: Iterable[str] = sorted({*values, chosen} - {""})
    return tuple(Choice(value, value, value == chosen) for value in offered)


def _line(trace: TraceSummary, now: datetime) -> TraceLine:
    used = trace.input_tokens + trace.output_tokens
    return TraceLine(
        id=trace.id,
        started=when(trace.started_at, now),
        environment=trace.environment or ("" if trace.source == "sent" else "working build"),
        endpoint=trace.endpoint.removeprefix(f"{trace.app}/"),
        release_name=trace.release_name,
        question=trace.question or _WITHOUT_QUESTION.get(trace.surface, "(no question)"),
        badge=outcome(trace.status, answered=trace.answered),
        latency=duration(trace.latency_ms),
        tokens=f"{tokens(trace.input_tokens)} → {tokens(trace.output_tokens)}" if used else "",
        cost=price(trace.cost_usd, used),
        model=trace.target or trace.model,
        did_answer=bool(trace.target) or trace.status == "ok",
        cached=trace.cached,
        is_sent=trace.source == "sent",
    )
