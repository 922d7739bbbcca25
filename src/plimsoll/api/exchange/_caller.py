"""The person for whom a caller asks."""

import unicodedata
from collections.abc import Sequence
from typing import Final

from .._errors import FieldError
from ..admission import Sent

USER_HEADER: Final = b"x-plimsoll-user"
_LONGEST_USER: Final = 256


def user_from(fields: Sequence[tuple[str, str]], sent: Sent) -> str:
    """The person, or empty: from the header, else from the first of `fields` that is not empty.

    Letters with accents have one spelling, whichever the caller sends. Whatever is given must be fit: one text of at
    most 256 printable characters. Raises FieldError.
    """
    name = USER_HEADER.decode()
    in_headers = sent.every(USER_HEADER)
    if len(in_headers) > 1:
        raise FieldError(name, "this header is given more than once", hint="name one user")
    given = [(name, _text(in_headers[0]) if in_headers else ""), *fields]
    found = ""
    for field, text in given:
        said = normal(text)
        _check(field, said)
        found = found or said
    return found


def normal(text: str) -> str:
    """A name in the one spelling by which budgets and traces know it (Unicode 15, normal form C)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _text(value: str) -> str:
    try:
        return value.encode("latin-1").decode()  # the server reads bytes of headers as Latin-1
    except UnicodeDecodeError:
        raise FieldError(USER_HEADER.decode(), "it is not valid UTF-8") from None


def _check(name: str, text: str) -> None:
    if len(text) > _LONGEST_USER:
        raise FieldError(name, f"it has {len(text)} characters, and {_LONGEST_USER} are the most")
    if text and (not text.isprintable() or text.isspace()):
        raise FieldError(name, "it has characters that cannot be printed, or nothing else than spaces")
