"""Server-sent events (WHATWG HTML, section 9.2)."""

from typing import Any, Final

import msgspec

json_bytes: Final = msgspec.json.Encoder().encode
"""A value as JSON in UTF-8, without spaces and without line breaks."""


def event(kind: str, value: Any) -> bytes:
    """One event with its name; JSON has no line breaks, so its data is one line."""
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), json_bytes(value))
