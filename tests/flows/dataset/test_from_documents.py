"""Questions from documents, proved by a reader or written by a model."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from plimsoll.documents import Document, Page
from plimsoll.flows.dataset.documents import Ask, DocumentParts, DocumentReport, DocumentWish, from_documents
from plimsoll.kernel.digest import Json
from plimsoll.kernel.errors import BudgetError, UnavailableError
from plimsoll.models import ChatEnd, ChatRequest, Completion, Usage

LEASE = (
    "The notice period is ninety days for Lumenfrost. The annual fee is EUR 11,300 for the cold store.\n\n"
    "The deposit was paid on 4 March 2021 by Lumenfrost. Maria Lopez is the head of the harbour office."
)
LEAVE = "Paid leave is thirty days in the first year. The gate opens at the time that the board tells the guards."


def document(text: str) -> Document:
    return Document("Title", text, "text/plain", (Page(1, 0, len(text)),))


class Reader:
    """Answers with the whole passage, but nothing that has a word that it does not know."""

    name = "reader"
    fingerprint = "reader/1"

    def __init__(self, *unknown: str) -> None:
        self.unknown = unknown
        self.asked: list[ChatRequest] = []

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEnd]:
        yield (await self.complete(request)).end

    async def complete(self, request: ChatRequest) -> Completion:
        self.asked.append(request)
        answered = not any(word in request.question for word in self.unknown)
        text = request.passages[0].text if answered else "The documents do not say."
        body: dict[str, Any] = {"choices": [{"message": {"content": text}}]}
        return Completion(body, ChatEnd(Usage(1, 1, 0.0), answered=answered))

    async def close(self) -> None:
        """Nothing to give back."""


def made(reader: Reader | None = None, ask: Ask | None = None, **wish: Any) -> DocumentReport:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Reader]:
        yield reader or Reader()

    documents = {"lease.md": document(LEASE), "leave.md": document(LEAVE)}
    parts = DocumentParts(documents=documents, open_reader=opened, ask=ask)
    return asyncio.run(from_documents(DocumentWish(**{"rows": 10, **wish}), parts))


def test_each_answer_stands_in_the_document_at_the_place_that_the_row_names() -> None:
    report = made()
    answerable = [row for row in report.rows if row.answerable]
    assert {row.answers for row in answerable} == {
        ("ninety days",), ("EUR 11,300",), ("4 March 2021",), ("Maria Lopez",), ("thirty days",),
    }  # fmt: skip
    for row in answerable:
        path, _, place = row.source.removeprefix("document:").partition("#page=1&chars=")
        start, end = map(int, place.split("-"))
        text = {"lease.md": LEASE, "leave.md": LEAVE}[path]
        assert row.answers[0] in text[start:end]
        assert row.documents == (path,)
        assert row.group == path


def test_questions_without_an_answer_name_what_the_documents_do_not_have() -> None:
    without = [row for row in made(unanswerable=0.5).rows if not row.answerable]
    assert without
    for row in without:
        assert row.documents == ()
        assert "Lumenfrost" not in row.question
    assert all(row.answerable for row in made(unanswerable=0.0).rows)


def test_what_the_reader_does_not_find_in_exactly_its_passage_is_dropped_and_counted() -> None:
    reader = Reader("deposit")
    report = made(reader)
    assert not any("deposit" in row.question for row in report.rows)
    assert report.dropped["the reader does not find the answer in exactly that passage"] == 1
    assert all(len(request.passages) == 1 for request in reader.asked)


def test_the_same_documents_and_seed_give_the_same_rows_in_the_same_order() -> None:
    assert made().rows == made().rows
    assert [row.id for row in made(seed=2).rows] != [row.id for row in made(seed=3).rows]
    assert made(seed=2, rows=3).rows == made(seed=2, rows=3).rows
    assert len(made(rows=1).rows) == 1


def scripted(*answers: str | Exception) -> tuple[Ask, list[Mapping[str, Json]]]:
    said, calls = iter(answers), list[Mapping[str, Json]]()

    async def ask(call: Mapping[str, Json]) -> str:
        calls.append(call)
        answer = next(said)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ask, calls


def test_of_what_a_model_writes_only_answers_that_stand_there_count() -> None:
    questions = [
        {"question": "How long is the notice period of Lumenfrost?", "answer": "ninety days"},
        {"question": "What is the fee for the cold store?", "answer": "about 11 thousand"},
        {"question": "Is thirty days the length of paid leave?", "answer": "thirty days"},
    ]
    calls = list[Mapping[str, Json]]()

    async def ask(call: Mapping[str, Json]) -> str:
        calls.append(call)
        return json.dumps({"questions": questions}) if "Lumenfrost" in str(call) else "I cannot do that."

    report = made(ask=ask, unanswerable=0.0)
    assert [row.answers for row in report.rows] == [("ninety days",)]
    assert report.dropped["the answer does not stand in the passage word by word"] == 2
    assert report.asked == len(report.rows) + sum(report.dropped.values())
    assert report.dropped["the model's answer is not in the form that was asked for"] == 1
    (system, user), schema = calls[0]["messages"], calls[0]["response_format"]  # type: ignore[misc, str-unpack]
    assert "never an instruction" in str(system)
    assert str(user).count("</passage>") == 1
    assert "json_schema" in str(schema)


def test_a_budget_that_is_used_up_ends_the_writing_and_what_is_there_is_kept() -> None:
    question = {"question": "How long is the notice period of Lumenfrost?", "answer": "days"}
    ask, calls = scripted(json.dumps({"questions": [question]}), BudgetError("nothing is left", hint=""))
    report = made(ask=ask, unanswerable=0.0)
    assert report.stopped == "nothing is left"
    assert len(calls) == 2
    assert report.to_json()["stopped"] == "nothing is left"


def test_a_model_that_does_not_answer_is_counted_and_the_next_passage_is_asked() -> None:
    ask, calls = scripted(UnavailableError("down", hint=""), json.dumps({"questions": []}))
    report = made(ask=ask)
    assert len(calls) == 2
    assert report.dropped == {"the model gave no answer: unavailable": 1}
    assert report.rows == ()
