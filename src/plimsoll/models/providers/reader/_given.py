"""A text that the message itself brings along, where no documents were searched: `Summarise this:` and the text."""

import re
from collections.abc import Iterator
from typing import Final

from ..._types import ChatRequest, Passage
from ._errors import TextTooLongError
from ._summary import asks_for_summary

MESSAGE: Final = "message"
"""Id of the passage that is a part of the message."""
_CALLED: Final = "your message"
_INSTRUCTION_CHARS: Final = 500
_MOST_CHARS: Final = 1_000_000
_BEGINS: Final = re.compile(r"\S")


def question_of(request: ChatRequest) -> str:
    """The bare question, or the last user message."""
    if request.question:
        return request.question
    return _last_message(request)


def given_text(request: ChatRequest) -> tuple[str, Passage] | None:
    """What is asked, and the text that it is asked of, where a message has both; the rules, in their order.

    - Documents that were searched go before: of what a caller says besides, nothing is quoted as a source.
    - What is asked stands in the first line, or in the last, and is a question or asks for a summary.
    - The text is all the rest; after a request for a summary it may also begin behind a colon.

    The prompt may say what is asked, so that a caller sends the text alone. Places are characters of what the caller
    sent, without white space around it. Raises TextTooLongError.
    """
    if request.passages or request.searched:
        return None
    for message in dict.fromkeys((_last_message(request), request.question)):
        parted = _parted(message)
        if parted is not None:
            asked, start, end = parted
            text = message[start:end]
            if len(text) > _MOST_CHARS:
                raise TextTooLongError(len(text), _MOST_CHARS)
            # What a prompt puts behind the caller's text is a part of the text too; then places are the message's own.
            at = request.question.find(text)
            at = start if at < 0 else at
            return asked, Passage(MESSAGE, _CALLED, "", 1, at, at + len(text), text, 1.0)
    return None


def _last_message(request: ChatRequest) -> str:
    return next((message.content for message in reversed(request.messages) if message.role == "user"), "")


def _parted(message: str) -> tuple[str, int, int] | None:
    """What is asked, and the first and last character of the text."""
    for asked, start, end in _ways(message):
        text = message[start:end]
        begin = _BEGINS.search(text)
        if begin is not None and len(asked) <= _INSTRUCTION_CHARS and (asks_for_summary(asked) or _is_question(asked)):
            return asked, start + begin.start(), start + len(text.rstrip())
    return None


def _ways(message: str) -> Iterator[tuple[str, int, int]]:
    begin = len(message) - len(message.lstrip())
    end = len(message.rstrip())
    line = message.find("\n", begin, end)
    first = line if line >= 0 else end
    colon = message.find(":", begin, first)
    if colon >= 0 and asks_for_summary(message[begin:colon]):
        yield message[begin:colon], colon + 1, end
    if line >= 0:
        yield message[begin:line], line, end
        last = message.rfind("\n", begin, end)
        yield message[last:end].strip(), begin, last


def _is_question(text: str) -> bool:
    return text.rstrip().endswith("?")
