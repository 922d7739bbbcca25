"""A text in the message, where no documents were searched."""

import asyncio
from typing import Any

import pytest

from plimsoll.models import ChatEnd, ChatModel, ChatRequest, Completion, Message, Passage
from plimsoll.models.catalogue import RouteSettings, make_chat_model, make_embedder
from plimsoll.models.providers.reader._answer import ABSTAIN
from plimsoll.models.providers.reader._errors import TextTooLongError

REPORT = """The harbour board met on Monday and decided to rebuild the northern pier before the winter storms come.
The work on the pier costs 4.2 million euros and is paid from the reserve of the harbour fund.
Several members asked whether the ferries could use the southern pier while the work goes on.
The chair of the board answered that the ferries will move to the southern pier from 1 October."""


@pytest.fixture
def reader() -> ChatModel:
    return make_chat_model(RouteSettings(model="builtin/reader"), embedder=make_embedder("builtin/static"))


def said(reader: ChatModel, *messages: Message, **rest: Any) -> tuple[Completion, ChatEnd]:
    completion = asyncio.run(reader.complete(ChatRequest.of(messages, **rest)))
    return completion, completion.end


@pytest.mark.parametrize(
    "message",
    [
        f"Summarise this:\n\n{REPORT}",
        f"Please summarize the following text about the pier: {REPORT}",
        f"Give me a short overview.\n{REPORT}",
        f"{REPORT}\n\nSummarise the text.",
        f"  Could you summarise this?\r\n{REPORT}\n",
    ],
)
def test_a_text_in_the_message_is_summarised_with_exact_quotations(reader: ChatModel, message: str) -> None:
    completion, end = said(reader, Message("user", message))
    assert end.answered is True
    assert end.quotes
    for quote in end.quotes:
        assert message[quote.start : quote.end] == quote.text
        assert quote.text in REPORT
    assert completion.text.endswith("\n\n[1] your message")
    assert end.probability is None


def test_a_question_about_a_text_in_the_message_is_answered(reader: ChatModel) -> None:
    for message in (f"What does the work cost?\n{REPORT}", f"{REPORT}\n\nWhat does the work cost?"):
        _, end = said(reader, Message("user", message))
        assert end.span == "4.2 million euros"
        assert end.probability is not None
        assert 0.4 <= end.probability <= 1


def test_a_prompt_may_say_what_is_asked_and_places_are_those_of_what_the_caller_sent(reader: ChatModel) -> None:
    _, end = said(reader, Message("user", f"Summarise the text below.\n\n{REPORT}"), question=REPORT)
    assert end.quotes
    assert all(REPORT[quote.start : quote.end] == quote.text for quote in end.quotes)


def test_where_documents_were_searched_and_nothing_was_found_no_text_of_the_caller_is_a_source(
    reader: ChatModel,
) -> None:
    message = f"What does the work cost?\n{REPORT}"
    body = {"messages": [{"role": "user", "content": message}]}
    completion = asyncio.run(reader.complete(ChatRequest(body, (), message, searched=True)))
    assert (completion.text, completion.end.answered) == (ABSTAIN, False)


def test_passages_go_before_a_text_in_the_message(reader: ChatModel) -> None:
    found = (Passage("p", "costs.txt", "", 1, 0, 30, "The work costs 7 million euros.", 1.0),)
    _, end = said(reader, Message("user", f"What does the work cost?\n{REPORT}"), passages=found)
    assert {quote.document for quote in end.quotes} <= {"costs.txt"}


@pytest.mark.parametrize(
    "message", ["", "Hello", "Summarise", "Summarise:", "What?\n", "\n\n?\n\n", "One line.\nTwo lines."]
)
def test_a_message_without_both_is_answered_as_before(reader: ChatModel, message: str) -> None:
    completion, end = said(reader, Message("user", message))
    assert (completion.text, end.quotes) == (ABSTAIN, ())


def test_a_text_that_is_too_long_is_refused(reader: ChatModel) -> None:
    with pytest.raises(TextTooLongError, match="1,000,001 characters") as caught:
        said(reader, Message("user", "Summarise:\n" + "x" * 1_000_001))
    assert caught.value.code == "context_length_exceeded"
