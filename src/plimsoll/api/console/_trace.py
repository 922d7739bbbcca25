"""What the page of one trace shows: the chain from the question to the release that answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from plimsoll.kernel.digest import Json
from plimsoll.tracing import Trace

from ._highlight import Piece, link_markers, mark_quotes
from ._present import NOTHING, Badge, When, cost, duration, outcome, tokens, when
from ._timeline import Bar, timeline

_PREVIEW_LENGTH = 200

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
class PromptMessage:
    """One message of the rendered prompt."""

    role: str
    content: str
    preview: str
    """Its beginning, on one line."""
    size: str


@dataclass(frozen=True, slots=True)
class TracePage:
    """Everything on the page, in the order in which it happened."""

    id: str
    badge: Badge
    started: When
    facts: tuple[tuple[str, str], ...]
    error: str
    question: str
    passages: tuple[PassageCard, ...]
    prompt: str
    messages: tuple[PromptMessage, ...]
    answer: tuple[Piece, ...]
    citations: tuple[CitationLine, ...]
    model: str
    bars: tuple[Bar, ...]
    release: str
    release_name: str
    environment: str


def trace_page(trace: Trace, *, caller: str = "", now: datetime) -> TracePage:
    """What to show of `trace`. `caller` is the name of the actor whose key asked, where there was one."""
    passages = tuple(_passage(rank, entry, trace) for rank, entry in enumerate(trace.passages, start=1))
    return TracePage(
        id=trace.id,
        badge=outcome(trace.status, answered=trace.answered),
        started=when(trace.started_at, now),
        facts=(*_facts(trace), *_people(trace, caller)),
        error=trace.error,
        question=trace.question,
        passages=passages,
        prompt=trace.prompt,
        messages=tuple(_message(entry) for entry in trace.messages),
        answer=link_markers(trace.answer, last=len(passages)),
        citations=tuple(_citation(entry, len(passages)) for entry in trace.citations),
        model=trace.model,
        bars=timeline(trace.spans),
        release=trace.release,
        release_name=trace.release_name,
        environment=trace.environment or "working build",
    )


def _facts(trace: Trace) -> tuple[tuple[str, str], ...]:
    about = "≈ " if trace.tokens_estimated else ""
    return (
        ("Endpoint", f"{trace.app}/{trace.endpoint}"),
        ("Environment", trace.environment or "working build"),
        ("Model", trace.model or NOTHING),
        ("Latency", duration(trace.latency_ms)),
        ("First token", duration(trace.time_to_first_token_ms)),
        ("Tokens", f"{about}{tokens(trace.input_tokens)} → {tokens(trace.output_tokens)}"),
        ("Cost", "no price known" if trace.cost_usd is None else cost(trace.cost_usd)),
    )


def _people(trace: Trace, caller: str) -> tuple[tuple[str, str], ...]:
    """Who asked and for whom, as far as somebody was named."""
    people = (("Caller", caller), ("Team", trace.team), ("Project", trace.project), ("User", trace.user_id))
    return tuple((label, name) for label, name in people if name)


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


def _message(entry: Entry) -> PromptMessage:
    content = _text(entry, "content")
    return PromptMessage(
        role=_text(entry, "role"),
        content=content,
        preview=" ".join(content[:_PREVIEW_LENGTH].split()),
        size=f"{len(content):,} characters",
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
