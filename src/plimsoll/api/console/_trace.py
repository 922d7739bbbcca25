"""What the page of one trace shows: the chain from the question to the release that answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from plimsoll.kernel.digest import Json
from plimsoll.models.conversation import Part, calls_of
from plimsoll.tracing import Trace
from plimsoll.tracing.feedback import Judgement

from ._facts import (
    Decision,
    Fact,
    Note,
    Opinion,
    content_note,
    decisions_of,
    facts_of,
    limits_of,
    notes_of,
    opinions_of,
    people_of,
)
from ._highlight import Piece, link_markers, mark_quotes
from ._present import Badge, When, outcome, when
from ._said import Inputs, Speech, indented, inputs, parameters, speeches, title, vectors
from ._timeline import MOST_BARS, Bar, timeline

Entry = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class PassageCard:
    """One retrieved passage."""

    rank: int
    document: str
    page: str
    score: str
    score_width: float
    """Per cent of the best passage's score, for a bar."""
    pieces: tuple[Piece, ...]
    cited: bool


@dataclass(frozen=True, slots=True)
class CitationLine:
    """One quotation in the answer."""

    marker: int
    document: str
    page: str
    quote: str
    has_passage: bool


@dataclass(frozen=True, slots=True)
class TracePage:
    """Everything on the page, in the order in which it happened."""

    id: str
    title: str
    badge: Badge
    started: When
    facts: tuple[Fact, ...]
    error: str
    note: str
    """Why not all of what was said is there."""
    inputs: Inputs | None
    """Of a call that has no conversation."""
    conversation: tuple[Speech, ...]
    """What the caller sent, where no prompt was rendered around it."""
    parameters: tuple[Fact, ...]
    has_search: bool
    """There is something to say about passages."""
    passages: tuple[PassageCard, ...]
    prompt: str
    messages: tuple[Speech, ...]
    guardrails: tuple[Note, ...]
    decisions: tuple[Decision, ...]
    cached: str
    answer: tuple[Piece, ...]
    calls: tuple[Part, ...]
    """Tools that the answer calls, and what it refuses."""
    vectors: str
    citations: tuple[CitationLine, ...]
    model: str
    opinions: tuple[Opinion, ...]
    limits: tuple[Fact, ...]
    joined: str
    """The caller's own trace."""
    bars: tuple[Bar, ...]
    more_bars: int
    """Steps that are not shown, because there are very many."""
    release: str
    release_name: str
    environment: str
    is_sent: bool
    """Somebody sent the trace; the request was not served here."""


def trace_page(
    trace: Trace, *, names: Mapping[str, str] | None = None, judgements: Sequence[Judgement] = (), now: datetime
) -> TracePage:
    """What to show of `trace`. `names` are those of actors by their pseudonyms, as far as they are known."""
    known = names or {}
    passages = tuple(_passage(rank, entry, trace) for rank, entry in enumerate(trace.passages, start=1))
    given = inputs(trace)
    sent = trace.request.get("messages")
    is_sent = trace.source == "sent"
    return TracePage(
        id=trace.id,
        title=title(trace, given),
        badge=outcome(trace.status, answered=trace.answered),
        started=when(trace.started_at, now),
        facts=(*facts_of(trace), *people_of(trace, known)),
        error=trace.error,
        note=content_note(trace),
        inputs=given,
        conversation=speeches(sent) if isinstance(sent, list | tuple) and not trace.messages else (),
        parameters=parameters(trace),
        has_search=bool(passages or (trace.prompt and not is_sent)),
        passages=passages,
        prompt=trace.prompt,
        messages=speeches(trace.messages),
        guardrails=notes_of(trace.guardrails),
        decisions=decisions_of(trace.attempts),
        cached=trace.cached,
        answer=link_markers(trace.answer, last=len(passages)),
        calls=tuple(
            replace(part, text=indented(part.text)) for part in calls_of([span.attributes for span in trace.spans])
        ),
        vectors=vectors(trace, given),
        citations=tuple(_citation(entry, len(passages)) for entry in trace.citations),
        model=trace.target or trace.model,
        opinions=opinions_of(judgements, known, now),
        limits=limits_of(trace.budget),
        joined=trace.joined.partition("-")[0],
        bars=timeline(trace.spans),
        more_bars=max(len(trace.spans) - MOST_BARS, 0),
        release=trace.release,
        release_name=trace.release_name,
        environment=trace.environment or "working build",
        is_sent=is_sent,
    )


def _passage(rank: int, entry: Entry, trace: Trace) -> PassageCard:
    pieces = mark_quotes(_text(entry, "text"), _quotes_in(entry, rank, trace.citations), offset=_int(entry, "start"))
    best = max((_float(other, "score") for other in trace.passages), default=0.0)
    score = _float(entry, "score")
    return PassageCard(
        rank=rank,
        document=_text(entry, "document"),
        page=_page(entry),
        score=f"{score:.3f}",
        score_width=round(max(0.0, min(1.0, score / best)) * 100, 1) if best > 0 else 0.0,
        pieces=pieces,
        cited=any(piece.marked for piece in pieces),
    )


def _quotes_in(passage: Entry, rank: int, citations: Sequence[Entry]) -> list[tuple[int, str]]:
    """Start (in the document) and text of every quotation from this passage, or from where it overlaps another."""
    return [
        (start, _text(quote, "text"))
        for quote in citations
        for start in [_int(quote, "start")]
        if _int(quote, "marker") == rank
        or (
            _text(quote, "document") == _text(passage, "document")
            and _int(passage, "start") <= start < _int(passage, "end")
        )
    ]


def _citation(entry: Entry, passages: int) -> CitationLine:
    marker = _int(entry, "marker")
    return CitationLine(
        marker=marker,
        document=_text(entry, "document"),
        page=_page(entry),
        quote=_text(entry, "text"),
        has_passage=1 <= marker <= passages,
    )


def _page(entry: Entry) -> str:
    page = _int(entry, "page")
    return f"page {page}" if page > 0 else ""


# A recorded entry is JSON from the store; a field that is missing or of another kind must not break the page.
def _text(entry: Entry, name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def _int(entry: Entry, name: str) -> int:
    value = entry.get(name)
    return value if isinstance(value, int) else 0


def _float(entry: Entry, name: str) -> float:
    value = entry.get(name)
    return float(value) if isinstance(value, int | float) else 0.0
