"""From the bytes of a request to pieces of traces: on the writer's thread, for it may take a while."""

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from msgspec import json

from plimsoll.kernel.digest import digest_bytes

from .._capture import Capture
from .._errors import SentInvalidError, SentTooLargeError
from .._rows import storable
from ..otlp import Incoming, Parsed, SentSpan, SpanFacts, facts_of, parse_json, parse_origin, parse_protobuf
from ._types import Sender, Shipment

MOST_BYTES = 16 << 20
"""Of a request, before and after it is unpacked."""

_GZIP = 31
_LAST_NS = 2**62
_NO_ENVIRONMENT = ""

Price = Callable[[SpanFacts], int | None]
"""What the tokens of a span cost, in picodollars; None when the price is unknown."""


class TraceKey(NamedTuple):
    """A trace of an application."""

    app: str
    id: str


@dataclass(slots=True)
class NewSpan:
    """A span, ready to be kept."""

    facts: SpanFacts
    span: SentSpan
    origin: bytes
    sender: Sender
    shipment: int
    """Place of the shipment that it came with."""


@dataclass(slots=True)
class Unpacked:
    """Some shipments, sorted by trace."""

    traces: dict[TraceKey, list[NewSpan]] = field(default_factory=dict)
    spans: list[int] = field(default_factory=list)
    rejected: list[int] = field(default_factory=list)
    errors: dict[int, Exception] = field(default_factory=dict)

    def add(self, place: int, shipment: Shipment, parsed: Parsed, made: Callable[[Incoming], NewSpan | None]) -> None:
        """Take what one shipment held."""
        for incoming in parsed.spans:
            new = made(incoming)
            if new is None:
                self.rejected[place] += 1
            else:
                self.spans[place] += 1
                self.traces.setdefault(TraceKey(shipment.app, incoming.trace_id), []).append(new)


def unpack(shipments: Iterable[Shipment], capture: Capture, price: Price | None, *, oldest_ns: int = 0) -> Unpacked:
    """Parse shipments. What is wrong with one of them is in `errors`, and is none of the others' business.

    Spans that began before `oldest_ns` are rejected.
    """
    found = Unpacked()
    for place, shipment in enumerate(shipments):
        found.spans.append(0)
        found.rejected.append(0)
        try:
            parsed = _parsed(shipment)
        except (SentInvalidError, SentTooLargeError) as error:
            found.errors[place] = error
            continue
        found.rejected[place] = parsed.rejected
        maker = _Maker(capture, price, shipment.sender, place, oldest_ns=oldest_ns)
        found.add(place, shipment, parsed, maker.make)
    return found


class _Maker:
    """Makes spans of a shipment ready; what many have in common is looked at once."""

    def __init__(self, capture: Capture, price: Price | None, sender: Sender, place: int, *, oldest_ns: int) -> None:
        self._capture, self._price, self._sender, self._place = capture, price, sender, place
        self._oldest_ns = oldest_ns
        self._origins: dict[bytes, Mapping[str, Any]] = {}
        self._limited: dict[tuple[bytes, str], bytes] = {}

    def make(self, incoming: Incoming) -> NewSpan | None:
        span = incoming.span
        if not self._oldest_ns <= span.start < _LAST_NS or not 0 <= span.end < _LAST_NS:
            return None
        origin = self._origin(incoming.origin)
        facts = facts_of(span, origin)
        if facts.has_usage and facts.cost_pico is None and self._price is not None:
            facts.cost_pico = self._price(facts)
        level = self._capture.level(incoming.trace_id, facts.environment)
        kept = incoming.origin
        if level in {"off", "redacted"}:
            self._limit(level, span, facts)
            kept = self._limited_origin(level, incoming.origin)
        elif level == "sealed":
            facts.question = facts.error = ""
        for name in ("name", "model", "user", "endpoint", "environment", "release", "question", "error"):
            setattr(facts, name, storable(getattr(facts, name)))
        return NewSpan(facts, span, kept, self._sender, self._place)

    def _origin(self, origin: bytes) -> Mapping[str, Any]:
        found = self._origins.get(origin)
        return self._origins.setdefault(origin, parse_origin(origin)) if found is None else found

    def _limited_origin(self, level: str, origin: bytes) -> bytes:
        """What spans have in common, as far as it may be kept."""
        kept = self._limited.get((origin, level))
        if kept is None:
            change, said = self._capture, self._origin(origin)
            limited = {
                name: change.of_attributes(level, about) if isinstance(about, Mapping) else change.of_name(level, about)
                for name, about in said.items()
            }
            kept = json.encode({name: about for name, about in limited.items() if about}, order="sorted")
            self._limited[origin, level] = kept
        return kept

    def _limit(self, level: str, span: SentSpan, facts: SpanFacts) -> None:
        """Keep of the content what may be kept; what a span is called is a name, which `off` keeps."""
        change = self._capture
        span.attributes = dict(change.of_attributes(level, span.attributes))
        span.message = change.of_text(level, span.message)
        span.state = change.of_text(level, span.state)
        for event in span.events:
            event[1] = change.of_name(level, event[1])
            event[2] = dict(change.of_attributes(level, event[2]))
        for link in span.links:
            link[2] = dict(change.of_attributes(level, link[2]))
            link[3] = change.of_text(level, link[3])
        facts.error = change.of_text(level, facts.error)
        facts.question = change.of_text(level, facts.question)
        if level == "redacted":
            span.name = change.of_text(level, span.name)
            facts.name = change.of_text(level, facts.name)
            facts.endpoint = change.of_text(level, facts.endpoint)


def _parsed(shipment: Shipment) -> Parsed:
    body = _inflated(shipment.body, shipment.size_bytes or MOST_BYTES) if shipment.is_gzip else shipment.body
    return parse_json(body) if shipment.is_json else parse_protobuf(body)


def _inflated(body: bytes, most_bytes: int) -> bytes:
    unpacker = zlib.decompressobj(_GZIP)
    try:
        plain = unpacker.decompress(body, most_bytes + 1)
    except zlib.error:
        raise SentInvalidError("the gzip is broken") from None
    if len(plain) > most_bytes:
        if most_bytes < MOST_BYTES:
            raise SentInvalidError("the gzip is longer than it says")
        raise SentTooLargeError(MOST_BYTES)
    if not unpacker.eof or unpacker.unused_data:
        raise SentInvalidError("the gzip is cut off, or has several parts")
    return plain


def digest_of(origin: bytes) -> str:
    """The name under which what spans have in common is kept."""
    return digest_bytes(origin)


def packed(facts: Iterable[SpanFacts]) -> bytes:
    """Facts as the database keeps them."""
    return json.encode(list(facts))
