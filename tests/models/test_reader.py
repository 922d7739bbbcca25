import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.models import (
    ChatEnd,
    ChatModel,
    ChatRequest,
    Chunks,
    Message,
    Passage,
)
from plimsoll.models.catalogue import RouteSettings, make_chat_model, make_embedder
from plimsoll.models.providers.reader._answer import ABSTAIN, answer

ACME = """MASTER SERVICES AGREEMENT between Acme Industries Inc. and Northwind GmbH.
1. Term
This Agreement starts on 1 March 2024 and continues for an initial term of thirty-six (36) months.
2. Termination
Either party may terminate this Agreement by giving ninety (90) days' written
notice to the other party.
3. Liability
The total liability of the Supplier is limited to EUR 500,000 per contract year."""
GLOBEX = """SERVICE AGREEMENT between Globex Corporation and Northwind GmbH.
Either party may terminate this Agreement by giving thirty (30) days' notice.
The total liability of the Supplier is limited to EUR 100,000 per contract year."""
INVOICE = """INVOICE
Invoice Number: INV-2041
Due Date: 11 April 2024
Bill To: Acme Industries Inc.
Description      Qty   Unit price   Amount
Consulting days   12   EUR 950.00   EUR 11,400.00
Total Due: EUR 13,946.80
Please pay within 30 days."""
POLICY = """Travel Policy
Business class needs approval by the Head of Finance. Hotel costs are reimbursed up to EUR 180 per night.
Why do we ask for receipts? Receipts are kept because the tax office requires them."""


@pytest.fixture
def library(passage: Callable[..., Passage]) -> tuple[Passage, ...]:
    return (
        passage(ACME, "contracts/acme.pdf", start=100, page=3),
        passage(GLOBEX, "contracts/globex.pdf"),
        passage(INVOICE, "invoices/INV-2041.pdf"),
        passage(POLICY, "policies/travel.md", start=7),
    )


@pytest.fixture
def reader() -> ChatModel:
    return make_chat_model(RouteSettings(model="builtin/reader"), embedder=make_embedder("builtin/static"))


def ends(ask: Any, reader: ChatModel, question: str, library: tuple[Passage, ...]) -> ChatEnd:
    end = asyncio.run(ask(reader, "Use the passages.", passages=library, question=question))[1]
    assert isinstance(end, ChatEnd)
    return end


@pytest.mark.parametrize(
    ("question", "marker", "span"),
    [
        ("How much notice must be given to terminate the Acme contract?", 1, None),
        ("What is the notice period in the Acme contract?", 1, "ninety (90) days"),
        ("How many days' notice for terminating the Globex agreement?", 2, "thirty (30) days"),
        ("What is the liability cap in the contract with Acme?", 1, "EUR 500,000"),
        ("When does the Acme agreement start?", 1, "1 March 2024"),
        ("What is the total due on invoice INV-2041?", 3, "EUR 13,946.80"),
        ("When is invoice INV-2041 due?", 3, "11 April 2024"),
        ("What is the amount for consulting days?", 3, "EUR 11,400.00"),
        ("Who must approve business class?", 4, "Head of Finance"),
        ("Why are receipts kept?", 4, "the tax office requires them"),
    ],
)
def test_answers(
    ask: Any, reader: ChatModel, library: tuple[Passage, ...], question: str, marker: int, span: str | None
) -> None:
    end = ends(ask, reader, question, library)
    assert end.answered is True
    assert end.quotes[0].marker == marker
    assert span is None or end.span == span


@pytest.mark.parametrize(
    "question",
    [
        "What is the total of invoice INV-3000?",
        "What is the liability cap in the contract with Initech?",
        "How many dogs live in the office?",
        "What is the total due on invoice 2041-INV of 3 May 2019?",
        "What does the office dog eat?",
        "Hello!",
        "",
    ],
)
def test_says_so_when_the_documents_do_not_say(
    ask: Any, reader: ChatModel, library: tuple[Passage, ...], question: str
) -> None:
    text, end = asyncio.run(ask(reader, question, passages=library))
    assert text == ABSTAIN
    assert (end.answered, end.quotes, end.span) == (False, (), None)


def test_without_passages_nothing_is_said(ask: Any, reader: ChatModel) -> None:
    assert asyncio.run(ask(reader, "When does it start?"))[0] == ABSTAIN


def test_text_marker_source_and_usage(ask: Any, reader: ChatModel, library: tuple[Passage, ...]) -> None:
    question = "What is the notice period in the Acme contract?"
    text, end = asyncio.run(ask(reader, question, passages=library))
    sentence = (
        "Either party may terminate this Agreement by giving ninety (90) days' written notice to the other party."
    )
    assert text == f'"{sentence}" [1]\n\n[1] contracts/acme.pdf, page 3'
    quote = end.quotes[0]
    assert (quote.document, quote.page, quote.marker) == ("contracts/acme.pdf", 3, 1)
    assert quote.text == ACME[quote.start - 100 : quote.end - 100]
    assert end.usage.cost_usd == 0.0
    assert end.usage.estimated is False
    assert end.usage.input_tokens > 5
    assert end.usage.output_tokens > 20
    assert (end.model, end.finish_reason) == ("builtin/reader", "stop")


def test_it_streams_in_pieces(reader: ChatModel, library: tuple[Passage, ...]) -> None:
    async def run() -> list[object]:
        request = ChatRequest.of(
            messages=(Message("user", "long prompt"),), passages=library, question="When does the Acme agreement start?"
        )
        return [event async for event in reader.stream(request)]

    events = asyncio.run(run())
    assert len(events) > 2
    assert all(isinstance(event, Chunks) for event in events[:-1])


def test_the_question_is_the_last_user_message_when_none_is_given(
    reader: ChatModel, library: tuple[Passage, ...]
) -> None:
    async def run() -> ChatEnd:
        messages = (
            Message("user", "Hello!"),
            Message("assistant", "Hi."),
            Message("user", "Who approves business class?"),
        )
        events = [event async for event in reader.stream(ChatRequest.of(messages=messages, passages=library))]
        assert isinstance(events[-1], ChatEnd)
        return events[-1]

    assert asyncio.run(run()).span == "Head of Finance"


def test_a_second_quotation_adds_what_the_first_lacks(
    ask: Any, reader: ChatModel, passage: Callable[..., Passage]
) -> None:
    texts = (
        passage("The warranty covers brakes for two years.", "a.txt"),
        passage("The warranty covers tyres for one year.", "b.txt"),
    )
    end = ends(ask, reader, "How long does the warranty cover brakes and tyres?", texts)
    assert sorted(quote.marker for quote in end.quotes) == [1, 2]


def test_a_number_must_belong_to_the_same_name(ask: Any, reader: ChatModel, passage: Callable[..., Passage]) -> None:
    text = "The floor of Shed 7 has 6,240 square metres. Clause 12 applies to the berth."
    assert ends(ask, reader, "How many square metres of floor does Shed 7 have?", (passage(text),)).span == "6,240"
    assert not ends(ask, reader, "How many square metres of floor does Shed 12 have?", (passage(text),)).answered


def test_a_word_with_its_own_number_goes_before_what_has_both_apart(
    ask: Any, reader: ChatModel, passage: Callable[..., Passage]
) -> None:
    text = " ".join(
        f"The contract of party {party} ends on {party + 1} May 2024 and costs EUR {party},000.00 per year."
        for party in range(10, 25)
    )
    end = ends(ask, reader, "What does the contract of party 17 cost?", (passage(text),))
    assert "party 17" in end.quotes[0].text


def test_a_sentence_belongs_to_the_heading_over_it(
    ask: Any, reader: ChatModel, passage: Callable[..., Passage]
) -> None:
    text = "1. Warranty period\nIt counts from delivery. It is two years.\n2. Payment period\nIt is thirty days."
    assert ends(ask, reader, "How long is the payment period?", (passage(text),)).span == "thirty days"
    assert ends(ask, reader, "How long is the warranty period?", (passage(text),)).span == "two years"


def test_a_heading_or_a_question_is_no_answer(ask: Any, reader: ChatModel, passage: Callable[..., Passage]) -> None:
    text = (
        "What is the notice period?\nThe other side must be told three months before.\n\nNotice Period\n\nOther things."
    )
    end = ends(ask, reader, "What is the notice period?", (passage(text),))
    assert [quote.text for quote in end.quotes] == ["The other side must be told three months before."]


WORDS = st.sampled_from(
    [
        "Acme",
        "contract",
        "ends",
        "on",
        "1 May 2024",
        ".",
        "\n",
        "\n\n",
        "Total:",
        "EUR 5",
        "who",
        "the",
        "cap",
        "  ",
        "(",
        "é",
        "😀",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(st.lists(WORDS, max_size=30).map(" ".join), st.text(max_size=60)), max_size=4),
    st.one_of(st.lists(WORDS, max_size=8).map(" ".join), st.text(max_size=40)),
    st.integers(0, 1000),
)
def test_every_quotation_is_exact(texts: list[str], question: str, start: int) -> None:
    passages = [
        Passage(f"p{i}", f"d{i}.txt", "", i, start, start + len(text), text, 1.0) for i, text in enumerate(texts)
    ]
    said = answer(question, passages, make_embedder("builtin/static").embed)
    assert said.answered == (said.text != ABSTAIN)
    assert len(said.quotes) <= 2
    for quote in said.quotes:
        source = passages[quote.marker - 1]
        assert (quote.passage_id, quote.document, quote.page) == (source.id, source.document, source.page)
        assert quote.text == source.text[quote.start - start : quote.end - start] != ""
        assert f'"{" ".join(quote.text.split())}" [{quote.marker}]' in said.text
    if said.span is not None:
        assert said.span in said.quotes[0].text
    assert re.findall(r"^\[(\d+)\] ", said.text, re.MULTILINE) == [
        str(m) for m in sorted({q.marker for q in said.quotes})
    ]


def test_the_same_question_has_the_same_answer(library: tuple[Passage, ...]) -> None:
    embed = make_embedder("builtin/static").embed
    assert answer("When does it start?", library, embed) == answer("When does it start?", library, embed)
