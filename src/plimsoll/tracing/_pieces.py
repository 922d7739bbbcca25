"""What a piece of a trace holds: all of a request that was served, or some spans that others sent."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from msgspec import json

from plimsoll.kernel.errors import PlimsollError
from plimsoll.kernel.mention import Mention

from ._capture import Capture
from ._rows import Row, Said, Words, to_trace
from ._types import Span, Trace
from .otlp import SentSpan, as_spans, read_piece, said_in, texts_in


class Piece(NamedTuple):
    """A row of the table of pieces."""

    number: int
    trace: int
    facts: bytes
    """What the sums of a trace are made of, for spans that others sent; empty for a request that was served."""
    sealed_for: str | None
    """For whom the body is encrypted; None when it is not."""
    body: bytes


def opened(piece: Piece, capture: Capture) -> bytes | None:
    """The body in the clear; None when nobody can open it any more."""
    if piece.sealed_for is None:
        return piece.body
    if capture.unseal is None:
        return None
    try:
        return capture.unseal(piece.sealed_for, piece.body)
    except PlimsollError:
        return None


def document_of(piece: Piece) -> str:
    """The text of a piece that is searched: what was asked and answered; of other people's spans all their texts."""
    if piece.sealed_for is not None:
        return ""
    if piece.facts:
        return texts_in(piece.body)
    said = json.decode(piece.body, type=Words)
    return f"{said.question}\n{said.answer}"


def read_trace(
    row: Row,
    pieces: Sequence[Piece],
    capture: Capture,
    origins: Callable[[Sequence[str]], Mapping[str, bytes]],
) -> Trace:
    """The whole trace. `origins` gives what some spans have in common (resource and scope)."""
    said, gone, sent, spans = None, False, list[SentSpan](), list[Span]()
    for piece in pieces:
        body = opened(piece, capture)
        if body is None:
            gone = True
        elif piece.facts:
            own = read_piece(body)
            sent += own.spans
            spans += as_spans(own, origins(own.origins))
        else:
            said = json.decode(body, type=Said)
    if said is not None:
        return to_trace(row, said, spans)
    spans.sort(key=lambda span: (span.started_at, span.id))
    if gone:
        return to_trace(row, Said(content="gone"), spans)
    spoken = said_in(sent)
    return to_trace(row, Said(spoken.question, answer=spoken.answer, messages=spoken.messages), spans)


def is_about(mention: Mention, row: Row, bodies: Sequence[bytes], origins: Sequence[bytes] = ()) -> bool:
    """Whether a trace is a person's or mentions them; `origins` are digests of what spans share that mentions them."""
    if mention.is_exactly(row["user_id"]):
        return True
    if not mention.is_searchable:
        return False
    texts = (row["user_id"], row["error"], row["question"], *(body.decode() for body in bodies))
    # Joined by a character that folding leaves alone, so that nothing is found across two columns.
    return mention.in_text("\0".join(texts)) or any(digest in body for digest in origins for body in bodies)
