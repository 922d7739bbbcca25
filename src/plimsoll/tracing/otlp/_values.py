"""Values of attributes as JSON from which they can be had back exactly.

Texts, truth values, numbers, arrays and key-value lists are themselves. What JSON cannot say is an object with one key
that begins with `@`: bytes are `{"@bytes": base64}`, infinite numbers `{"@double": "NaN"}`, and a key-value list that
could be mistaken, or names a key twice, is `{"@kvlist": [[key, value], …]}`.
"""

import base64
import math
from collections.abc import Iterable
from typing import Any

MOST_CHARS = 1 << 20
"""Of one text: more is no telemetry. What is longer is cut, and says so."""

BYTES, DOUBLE, KVLIST = "@bytes", "@double", "@kvlist"


def of_text(value: str) -> str:
    """A text, or its beginning."""
    return value if len(value) <= MOST_CHARS else f"{value[:MOST_CHARS]}… [cut: it had {len(value):,} characters]"


def of_bytes(value: bytes) -> dict[str, Any] | str:
    """Bytes; of what is too long only the length, as a text."""
    if len(value) > MOST_CHARS:
        return f"[cut: it had {len(value):,} bytes]"
    return {BYTES: base64.b64encode(value).decode()}


def of_double(value: float) -> Any:
    """A number with a fraction; one without stays apart from a whole number (`1.0` and `1`)."""
    return value if math.isfinite(value) else {DOUBLE: repr(value)}


def of_pairs(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """A key-value list whose values are converted already."""
    given = list(pairs)
    found = dict(given)
    if len(found) < len(given) or any(key.startswith("@") for key in found):
        return {KVLIST: [[key, value] for key, value in given]}
    return found
