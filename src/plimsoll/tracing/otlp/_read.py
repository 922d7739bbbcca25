"""Spans that others sent, read back from the database."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from msgspec import json

from .._types import Kind, Span
from ._facts import parse_origin, step_of
from ._messages import answer_in, inputs_in, question_in
from ._types import Piece, SentSpan

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS: tuple[Kind, ...] = ("internal", "internal", "server", "client", "producer", "consumer")
_ERROR = 2
_decoder = json.Decoder(Piece)


class Spoken(NamedTuple):
    """What was said in a trace."""

    question: str
    answer: str
    messages: tuple[Mapping[str, Any], ...]


def read_piece(body: bytes) -> Piece:
    """The spans of a piece."""
    return _decoder.decode(body)


def _origin_in(named: str) -> bytes:
    """What a piece that shares nothing with others says itself of the origin of its spans; else nothing."""
    return named.encode() if named.startswith("{") else b"{}"


def as_spans(piece: Piece, origins: Mapping[str, bytes]) -> list[Span]:
    """The spans as the rest of the house knows them."""
    known = [parse_origin(origins.get(digest) or _origin_in(digest)) for digest in piece.origins]
    return [_as_span(span, known[span.origin]) for span in piece.spans]


def said_in(spans: Sequence[SentSpan]) -> Spoken:
    """What was asked and answered: as the root tells it, or where it tells nothing, the model calls."""
    ordered = sorted(spans, key=lambda span: (span.parent != "", span.start, span.id))
    models = [span for span in ordered if step_of(span.attributes) == "model"]
    asking = [*ordered[:1], *models]
    answering = [*ordered[:1], *reversed(models)]
    return Spoken(
        question=next((text for span in asking if (text := question_in(span))), ""),
        answer=next((text for span in answering if (text := answer_in(span))), ""),
        messages=next((tuple(found) for span in reversed(models) if (found := inputs_in(span))), ()),
    )


def texts_in(body: bytes) -> str:
    """Every text of some spans, for the search: names, messages, and the texts in attributes and events."""
    found: list[str] = []
    for span in read_piece(body).spans:
        found += (span.name, span.message)
        found += _texts(span.attributes)
        for _, name, said in span.events:
            found.append(name)
            found += _texts(said)
    return "\n".join(found)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _as_span(span: SentSpan, origin: Mapping[str, Any]) -> Span:
    more: dict[str, Any] = {"start_ns": span.start, "end_ns": span.end, "status": span.status, **origin}
    for name in ("events", "links", "state", "flags", "dropped", "message"):
        if value := getattr(span, name):
            more[name] = value
    return Span(
        id=span.id,
        parent_id=span.parent or None,
        name=span.name,
        started_at=_moment(span.start),
        ended_at=_moment(max(span.start, span.end)),
        attributes=span.attributes,
        error=(span.message or "error") if span.status == _ERROR else None,
        kind=_KINDS[span.kind] if 0 <= span.kind < len(_KINDS) else "internal",
        more=more,
    )


def _moment(nanoseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)
