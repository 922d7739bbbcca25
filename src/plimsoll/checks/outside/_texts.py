"""Texts on their way out: what can be sent of them, and in which pieces."""

import re
from collections.abc import Iterator
from typing import Final

from ._errors import TextTooLongError

_HALVES: Final = re.compile("[\ud800-\udfff]")
_SPACE: Final = re.compile(r"\s\S*\Z")


def sendable(text: str) -> str:
    """The text without halves of surrogate pairs, which nobody can send; every character keeps its place."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _HALVES.sub("\ufffd", text)
    return text


def checked_length(check: str, text: str, most_characters: int) -> str:
    """The text, as it can be sent. Raises TextTooLongError: a part of a text is not what was asked about."""
    if len(text) > most_characters:
        raise TextTooLongError(check, most_characters)
    return sendable(text)


def pieces_of(text: str, most_characters: int) -> Iterator[tuple[int, str]]:
    """A text in pieces, each with the character at which it begins; cut behind white space where there is some."""
    start = 0
    while len(text) - start > most_characters:
        end = start + most_characters
        space = _SPACE.search(text, start + most_characters // 2, end)
        end = end if space is None else space.start() + 1
        yield start, text[start:end]
        start = end
    yield start, text[start:]
