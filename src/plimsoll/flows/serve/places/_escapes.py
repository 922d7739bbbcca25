"""Text that is JSON itself, and what it says behind its escapes."""

import re
from typing import Any, Final

import msgspec

_ESCAPE: Final = re.compile(r"\\u([0-9a-fA-F]{4})|\\([\"\\/bfnrt])")
_SHORT: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def decoded(text: str) -> Any:
    """What a text says as JSON. Raises msgspec.DecodeError."""
    return msgspec.json.decode(text)


def is_json(text: str) -> bool:
    """Whether a text is JSON."""
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        return False
    return True


def unescaped(text: str) -> str:
    """A text with what its escapes stand for, whether the rest of it is JSON or not."""
    plain = _ESCAPE.sub(_meant, text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _meant(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 16))
    return _SHORT.get(found[2], found[2])
