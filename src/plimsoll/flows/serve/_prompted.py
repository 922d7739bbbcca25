"""From what a caller sends to an endpoint to what its model is asked: retrieval, and the prompt."""

from collections.abc import Mapping, Sequence
from typing import Any

from plimsoll.kernel.digest import Json
from plimsoll.models import Body, ChatRequest, Passage
from plimsoll.prompts import Prompt, render
from plimsoll.retrieval import Filter, Hit
from plimsoll.retrieval.search import ModelParaphraser, Scope

from ._errors import DemandUnsupportedError, QuestionMissingError
from ._provider_files import check_own_files
from ._record import RequestRecord
from ._runtime import Knowledge, Target
from .paid import PaidModel
from .parts import Helper

_READER = "builtin/reader"
_ANSWERS_LAST = ("tool", "function")
"""Roles whose messages may follow the question: what the caller's tools said."""


def question_in(body: Body) -> str:
    """The text of the user's last message; empty where there is none."""
    messages = body.get("messages", ())
    place = _question_place(messages)
    if place is None:
        return ""
    content = messages[place].get("content")
    if isinstance(content, str):
        return content.strip()
    return ChatRequest({"messages": [messages[place]]}).messages[0].content.strip()


def check_demands(target: Target, body: Body) -> None:
    """Raise DemandUnsupportedError for what the built-in reader cannot do: silence would look as if it were done.

    And ProviderFilesError for what lies in the provider's account, where the route does not allow to name it.
    """
    if not target.route.names_files:
        check_own_files(body)
    if target.route.asks != _READER:
        return
    for name in ("tools", "functions", "response_format", "logprobs"):
        if body.get(name):
            raise DemandUnsupportedError(name, target.name, _READER)
    if body.get("n") not in (None, 1):
        raise DemandUnsupportedError("n", target.name, _READER)
    if any(_has_no_text(message) for message in body["messages"]):
        raise DemandUnsupportedError("messages", target.name, _READER)


async def retrieve(knowledge: Knowledge | None, record: RequestRecord) -> tuple[Passage, ...]:
    """The passages for the question, best first."""
    if knowledge is None:
        return ()
    with record.span(f"retrieval {knowledge.name}") as step:
        within = record.request.within
        groups = None if within.groups is None else frozenset(within.groups)
        scope = Scope(Filter.from_json(dict(within.filter)), groups)
        found = await knowledge.index.retrieve(record.question, scope, _paraphraser(knowledge.variants, record))
        step.attributes |= {
            "gen_ai.operation.name": "retrieval",
            "gen_ai.data_source.id": knowledge.name,
            "gen_ai.retrieval.query.text": record.question,
            "gen_ai.retrieval.documents": [_document(hit) for hit in found.hits],
            "plimsoll.retrieval.relevance": found.relevance,
            # Not among our own names, which are kept where content is not: both may say what was asked.
            "gen_ai.retrieval.query.variants": list(found.asked[1:]),
            "gen_ai.retrieval.notes": list(found.notes),
        }
    return tuple(hit.passage for hit in found.hits)


def prompted(prompt: Prompt, body: Body, question: str, passages: tuple[Passage, ...]) -> Body:
    """The call with the prompt around the question: its system text first, then the turns before, then its user text.

    What the caller's tools said after the question stays behind it. Raises QuestionMissingError and
    TemplateFailedError.
    """
    messages: Sequence[Mapping[str, Any]] = body["messages"]
    place = _question_place(messages)
    if place is None or not question or not _ends_with_question(messages, place):
        raise QuestionMissingError
    rendered = [
        {"role": made.role, "content": made.content} for made in render(prompt, question=question, passages=passages)
    ]
    system = [message for message in rendered if message["role"] == "system"]
    asked = [message for message in rendered if message["role"] != "system"]
    parameters: dict[str, Any] = {**prompt.parameters, **body}
    parameters["messages"] = [*system, *messages[:place], *asked, *messages[place + 1 :]]
    return parameters


def _paraphraser(variants: Helper | None, record: RequestRecord) -> ModelParaphraser | None:
    if variants is None or variants.route.model is None:
        return None
    return ModelParaphraser(PaidModel(variants.route.model, variants, record, "variants"))


def _question_place(messages: Sequence[Mapping[str, Any]]) -> int | None:
    for place in range(len(messages) - 1, -1, -1):
        if messages[place].get("role") == "user":
            return place
    return None


def _ends_with_question(messages: Sequence[Mapping[str, Any]], place: int) -> bool:
    return place == len(messages) - 1 or messages[-1].get("role") in _ANSWERS_LAST


def _has_no_text(message: Mapping[str, Any]) -> bool:
    content = message.get("content")
    parts = isinstance(content, list) and any(part.get("type") != "text" for part in content)
    return bool(message.get("tool_calls")) or message.get("role") in _ANSWERS_LAST or parts


def _document(hit: Hit) -> Json:
    return {
        "id": hit.passage.id,
        "score": hit.passage.score,
        "plimsoll.vector_score": hit.vector_score,
        "plimsoll.text_score": hit.text_score,
    }
