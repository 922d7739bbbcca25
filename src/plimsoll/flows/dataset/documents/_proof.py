"""Whether a reader that has exactly the passage of a question finds its answer there."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

from plimsoll.datasets.alike import normal_text
from plimsoll.datasets.questions import Proposal
from plimsoll.documents import Document
from plimsoll.kernel.errors import PlimsollError
from plimsoll.models import ChatModel, ChatRequest, Message, Passage

OpenReader = Callable[[], AbstractAsyncContextManager[ChatModel]]

_AROUND: Final = 400
"""Characters before and behind the sentence that the reader is given too."""


def passage_of(one: Proposal, document: Document) -> Passage:
    """The sentence with what stands around it."""
    said = one.sentence
    start, end = max(0, said.start - _AROUND), min(len(document.text), said.end + _AROUND)
    text = document.text[start:end]
    return Passage(f"{said.document}:{start}", said.document, document.title, said.page, start, end, text, 1.0)


async def is_proved(one: Proposal, document: Document, reader: ChatModel) -> bool:
    """Whether the reader answers, and what it quotes holds the answer."""
    message = Message("user", one.question)
    request = ChatRequest.of((message,), passages=(passage_of(one, document),), question=one.question)
    try:
        answer = await reader.complete(request)
    except PlimsollError:
        return False
    if answer.end.answered is False:
        return False
    return f" {normal_text(one.answer)} " in f" {normal_text(answer.text)} "
