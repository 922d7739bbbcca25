"""A dataset from requests that were served."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from plimsoll.access import Right
from plimsoll.datasets import Row
from plimsoll.kernel.digest import Json
from plimsoll.tracing import TraceFilter, Traces
from plimsoll.tracing.feedback import Judgement

from ._expected import expected_of
from ._kinds import Candidate, Embed, Stratum, stratum_of, topics_of
from ._look import look, usable
from ._redact import Redactor
from ._sample import sample, shares


@dataclass(frozen=True, slots=True)
class TraceWish:
    """Which requests, and how many of them."""

    since: datetime
    rows: int
    endpoint: str | None = None
    """None for all endpoints."""
    environment: str | None = None
    until: datetime | None = None
    seed: int = 0
    balanced: bool = False
    """Whether what is rare gets more rows than its share."""
    keep_pii: bool = False
    """Whether personal data stays in; needs the right `erase`."""


@dataclass(frozen=True, slots=True)
class TraceParts:
    """What taking rows from traces needs from outside."""

    app: str
    traces: Traces
    flush: Callable[[], None]
    """Makes traces readable that are still being written."""
    feedback: Callable[[str], Sequence[Judgement]]
    """What was said of the answer of a trace, oldest first."""
    marks: Callable[[datetime], Mapping[str, Sequence[str]]]
    """What people said of guardrails since a moment, by trace: right, wrong, missed."""
    embed: Embed
    """Vectors of questions, made on this machine."""
    require: Callable[[Right], None]
    """Raises DeniedError where who acts has not this right."""
    on_progress: Callable[[str, int, int], None] = lambda *_: None


@dataclass(frozen=True, slots=True)
class TraceReport:
    """What came of it."""

    rows: tuple[Row, ...]
    requests: int
    """That fit the wish."""
    looked_at: int
    strata: Mapping[Stratum, tuple[int, int]]
    """How many requests of each were looked at, and how many rows were taken."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Of those looked at, by why no row was made."""
    redacted: Mapping[str, int] = field(default_factory=dict)
    """How much was replaced, by check and kind."""

    def to_json(self) -> dict[str, Json]:
        """For programs; without the rows."""
        strata: list[Json] = [
            {**stratum._asdict(), "looked_at": there, "rows": taken} for stratum, (there, taken) in self.strata.items()
        ]
        return {
            "rows": len(self.rows),
            "requests": self.requests,
            "looked_at": self.looked_at,
            "strata": strata,
            "dropped": dict(self.dropped),
            "redacted": dict(self.redacted),
        }


def from_traces(wish: TraceWish, parts: TraceParts) -> TraceReport:
    """Rows from a stratified sample of requests; the same wish on the same traces gives the same rows.

    Names of who asked are never in a row: rows of one person have one group, `person-1`, numbered anew each time. What
    was erased is not in the traces any more and so in no row. Needs the right `trace`, and `erase` to keep personal
    data: whoever puts it into versions must be able to take it out of everything else. Raises DeniedError.
    """
    parts.require("trace")
    if wish.keep_pii:
        parts.require("erase")
    parts.flush()
    wanted = TraceFilter(
        endpoint=wish.endpoint, environment=wish.environment, source="served", since=wish.since, until=wish.until
    )
    ids, requests = look(parts.app, wanted, wish.seed, parts.traces, lambda done: parts.on_progress("look", done, done))
    dropped: Counter[str] = Counter()
    candidates = _candidates(ids, parts, dropped)
    taken = sample(candidates, wish.rows, balanced=wish.balanced)
    redactor = None if wish.keep_pii else Redactor()
    rows = tuple(_rows(taken, parts.marks(wish.since), redactor, dropped))
    there = Counter(one.stratum for one in candidates)
    counts = shares(there, wish.rows, balanced=wish.balanced)
    return TraceReport(
        rows=rows,
        requests=requests,
        looked_at=len(ids),
        strata={stratum: (there[stratum], counts[stratum]) for stratum in sorted(there)},
        dropped=dict(dropped.most_common()),
        redacted={} if redactor is None else dict(redactor.found.most_common()),
    )


def _candidates(ids: list[str], parts: TraceParts, dropped: Counter[str]) -> list[Candidate]:
    found: list[Candidate] = []
    for trace in usable(parts.app, ids, parts.traces, dropped):
        expected = expected_of(trace, parts.feedback(trace.id))
        found.append(Candidate(trace, expected, stratum_of(trace, expected), 0))
        parts.on_progress("read", len(found), len(ids))
    topics = topics_of([one.trace.question for one in found], parts.embed)
    return [replace(one, topic=topic) for one, topic in zip(found, topics, strict=True)]


def _rows(
    taken: Sequence[Candidate], marks: Mapping[str, Sequence[str]], redactor: Redactor | None, dropped: Counter[str]
) -> Iterator[Row]:
    people: dict[str, int] = {}
    for one in taken:
        trace, expected = one.trace, one.expected
        who = trace.user_id or trace.caller
        marked = tuple(f"guardrail:{said}" for said in dict.fromkeys(marks.get(trace.id, ())))
        row = Row(
            id=f"trace-{trace.id[:16]}",
            question=trace.question.strip(),
            answers=expected.answers,
            documents=expected.documents,
            answerable=expected.answerable,
            tags=(*one.stratum.tags(), *marked),
            group=f"person-{people.setdefault(who, len(people) + 1)}" if who else "",
            source=f"trace:{trace.id}",
        )
        clean = row if redactor is None else redactor.row(row)
        if clean is None:
            dropped["a check gave no answer"] += 1
        else:
            yield clean
