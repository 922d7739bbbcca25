"""Traces on the wire, and what other people's instrumentations call things: no store and no network in here.

A request is parsed into spans that keep all that they came with; `facts_of` says in one schema what counts of each, and
`fold` makes a trace of them, in whatever order they came.
"""

from ._facts import facts_of, parse_origin
from ._fold import Folded, fold
from ._json import parse_json
from ._protobuf import parse_protobuf
from ._read import as_spans, read_piece, said_in, texts_in
from ._types import Incoming, Parsed, Piece, SentSpan, SpanFacts

__all__ = [
    "Folded",
    "Incoming",
    "Parsed",
    "Piece",
    "SentSpan",
    "SpanFacts",
    "as_spans",
    "facts_of",
    "fold",
    "parse_json",
    "parse_origin",
    "parse_protobuf",
    "read_piece",
    "said_in",
    "texts_in",
]
