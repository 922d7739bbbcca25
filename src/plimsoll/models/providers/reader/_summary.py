"""Answer a request for a summary: the utterances of the passages that matter, each quoted exactly."""

import re
from collections.abc import Sequence
from typing import Final

from ..._types import Passage, Quote
from ._evidence import Embed
from ._terms import words
from ._weights import load_weights
from .summaries import Turn, Utterance, is_general, prepare, summarise

_MOST_QUESTION_CHARS: Final = 4000
_ASKS: Final = re.compile(
    r"\s*(?:please\s+)?(?:(?:can|could|would) you\s+)?(?:please\s+)?"
    r"(?:summari[sz]e|(?:give|write|make)\s+(?:me\s+|us\s+)?an?\s+(?:\w+\s+){0,2}(?:summary|overview))\b",
    re.IGNORECASE,
)


def asks_for_summary(question: str) -> bool:
    """Whether a question is a request such as `Summarise what was said about the budget`."""
    return _ASKS.match(question) is not None


def summary_quotes(question: str, passages: Sequence[Passage], embed: Embed) -> tuple[Quote, ...]:
    """The utterances in their order; none where the passages say nothing about the subject that was asked for."""
    question = question[:_MOST_QUESTION_CHARS]
    meeting = prepare([Turn(passage.text) for passage in passages], embed)
    stems = {word.stem for one in meeting.utterances for word in words(one.text)}
    subject = {word.stem for word in words(_ASKS.sub("", question)) if not word.is_stop}
    if not is_general(question) and not subject & stems:
        return ()
    chosen = summarise(question, meeting, embed, model=load_weights().summaries).utterances
    return tuple(_quote(one, passages[one.turn]) for one in chosen)


def _quote(utterance: Utterance, passage: Passage) -> Quote:
    return Quote(
        marker=utterance.turn + 1,
        passage_id=passage.id,
        document=passage.document,
        page=passage.page,
        start=passage.start + utterance.start,
        end=passage.start + utterance.end,
        text=passage.text[utterance.start : utterance.end],
    )
