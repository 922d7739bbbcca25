"""Images, sound and files that stand in JSON as base64."""

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ._names import MEDIA, MEDIA_IN

_HEAD: Final = re.compile(r"data:([a-z]+/[A-Za-z0-9.+-]{1,100})(?:;[A-Za-z0-9=._-]{1,60}){0,4};base64,")
_TYPE: Final = re.compile(r"[a-z]+/[A-Za-z0-9.+-]{1,100}")
_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_SHORT: Final = 1024
"""Base64 that is no longer is also looked at as it is written: a word may look like it."""
_READABLE: Final = ("text/", "json", "xml", "yaml", "csv", "html", "javascript", "rtf", "markdown")
"""What the name of a type has in it whose data is text."""


def media_texts(place: tuple[str, ...], holder: Any, text: str) -> tuple[str, ...] | None:
    """What there is to read of an image, a file or sound; None where there is none, but a text.

    Only base64 at a place for media is taken for it. What cannot be read, such as an image or a PDF, has no text here.
    """
    if place[-2:] not in MEDIA or place[0] not in MEDIA_IN:
        return None
    head = _HEAD.match(text)
    if head is not None:
        return _read(head[0], head[1], text[head.end() :])
    told = holder.get("media_type") if isinstance(holder, Mapping) else None
    if place[-1] == "url" or (place[-2] == "source" and holder.get("type") != "base64"):
        return None
    return _read("", told if isinstance(told, str) and _TYPE.fullmatch(told) else "", text)


def _read(head: str, kind: str, data: str) -> tuple[str, ...] | None:
    if not data.isascii() or data.rstrip("=").encode().translate(None, _BASE64):
        return None
    return tuple(filter(None, (head, *_written(data), *_said(kind, data))))


def _written(data: str) -> Iterator[str]:
    if len(data) <= _SHORT:
        yield data


def _said(kind: str, data: str) -> Iterator[str]:
    if any(name in kind for name in _READABLE):
        try:
            yield b64decode(data + "=" * (-len(data) % 4)).decode(errors="replace")
        except Error:
            yield data
