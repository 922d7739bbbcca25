"""A document as the engines that are not embedded write it down: a key, fields by kind, groups by their hash.

Names and values that come from documents or callers reach another engine's query language only as hexadecimal digits
and numbers: no text of theirs can be taken for a part of the query, and text stands in the order of its code points.
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Final

from .._filter import Value
from .._types import EVERYBODY, IndexedDocument
from .embedded._columns import own_fields

TEXT: Final = "s"
NUMBER: Final = "n"
TRUTH: Final = "b"
KINDS: Final = (TEXT, NUMBER, TRUTH)
_GROUP_DIGITS = 32
_FIELD_DIGITS = 16
_ID_DIGITS = 16


def kind_of(value: Value) -> str:
    """The kind of a value: text, number, or true and false. Values of different kinds are never equal."""
    if isinstance(value, bool):
        return TRUTH
    return TEXT if isinstance(value, str) else NUMBER


def column_of(field: str, kind: str) -> str:
    """The name under which the values of one kind of a field are kept: letters, digits and one `_`."""
    return f"m{_hashed(field, _FIELD_DIGITS)}_{kind}"


def plain(value: Value) -> str | float | bool:
    """A value in the form in which it is kept and compared. Whole numbers beyond 2**53 lose their last digits."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "replace").hex()
    try:
        return float(value) + 0.0  # no negative zero
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def fields_of(document: IndexedDocument) -> Mapping[str, str | float | bool]:
    """What a filter can ask of a document, by the name under which it is kept."""
    return {column_of(name, kind_of(value)): plain(value) for name, value in own_fields(document).items()}


def for_everybody(document: IndexedDocument) -> bool:
    """Whether everybody may find a document."""
    return EVERYBODY[0] in document.access


def group_hashes(groups: frozenset[str] | tuple[str, ...]) -> list[str]:
    """Groups in the form in which they are kept."""
    return sorted(_hashed(group, _GROUP_DIGITS) for group in groups)


def chunk_id(digest: str, start: int, end: int) -> str:
    """The stable name of a stretch of a file, 16 hexadecimal digits."""
    return _hashed(f"{digest}:{start}:{end}", _ID_DIGITS)


def pieces(document: IndexedDocument) -> Iterator[str]:
    """The text of a document in as many pieces as it has chunks, of nearly equal length; see `piece_bounds`."""
    count = len(document.chunks)
    for number in range(count):
        first, last = piece_bounds(len(document.text), count, number)
        yield document.text[first:last]


def piece_bounds(length: int, count: int, number: int) -> tuple[int, int]:
    """First and last character of one of `count` pieces of a text."""
    return number * length // count, (number + 1) * length // count


def piece_at(length: int, count: int, place: int) -> int:
    """The number of the piece in which a character stands."""
    number = min(place * count // max(length, 1), count - 1)
    while number + 1 < count and piece_bounds(length, count, number)[1] <= place:
        number += 1
    return number


def _hashed(text: str, digits: int) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:digits]
