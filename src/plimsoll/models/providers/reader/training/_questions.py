"""Fits the span ranker and the refusal on questions with paragraphs (rows as SQuAD and XQuAD have them)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ...._types import Passage
from .._evidence import Embed
from ..linear import Linear
from ..ranking import Network
from ._linear import fit_logistic
from ._network import NetworkPlan, fit_network
from ._refusal import refusal_rows
from ._spans import span_example

_PENALTY: Final = 3.0
_TOGETHER: Final = 8
"""Passages that a question is asked of together, as after a search."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the paragraph that answers, and two that do not."""

    question: str
    context: str
    gold: str
    start: int
    """First character of `gold` in `context`."""
    article: str
    foreign: str
    """The first paragraph of another article."""
    similar: str
    """The paragraph of the same article that is most like the question, other than `context`; empty for none."""
    near: tuple[str, ...] = ()
    """The paragraphs of all articles that are most like the question, other than `context`, nearest first."""

    def together(self, *, answers: bool) -> list[str]:
        """What a search might bring: with the paragraph that answers at one of the places, or without it."""
        if not answers:
            return list(self.near[:_TOGETHER])
        place = len(self.question) % _TOGETHER
        return [*self.near[:place], self.context, *self.near[place : _TOGETHER - 1]]


def asked_rows(rows: Sequence[Mapping[str, Any]], embed: Embed) -> list[Asked]:
    """The rows, each with a foreign and a similar paragraph; which one is foreign goes round with the row's number."""
    paragraphs: dict[str, dict[str, None]] = {}
    for row in rows:
        paragraphs.setdefault(str(row["article"]), {})[row["context"]] = None
    articles = sorted(paragraphs)
    vectors = {name: embed(list(own)) for name, own in paragraphs.items()}
    everything = [paragraph for name in articles for paragraph in paragraphs[name]]
    all_vectors = np.concatenate([vectors[name] for name in articles])
    asked = []
    for number, row in enumerate(rows):
        name = str(row["article"])
        others = [article for article in articles if article != name]
        own = list(paragraphs[name])
        vector = embed([row["question"]])[0]
        ranked = _others(own, vectors[name] @ vector, row["context"])
        near = _others(everything, all_vectors @ vector, row["context"])[:_TOGETHER]
        gold = row["answers"][0]
        foreign = next(iter(paragraphs[others[number % len(others)]])) if others else ""
        asked.append(
            Asked(
                question=row["question"], context=row["context"], gold=gold["text"], start=gold["start"], article=name,
                foreign=foreign, similar=ranked[0] if ranked else "", near=tuple(near),
            )
        )  # fmt: skip
    return asked


def _others(texts: Sequence[str], likeness: NDArray[np.float32], own: str) -> list[str]:
    """The texts but `own`, the most like first."""
    return [texts[place] for place in np.argsort(-likeness, kind="stable") if texts[place] != own]


def passage_of(text: str, number: int = 1) -> Passage:
    """A whole text as one passage."""
    document = "text" if number == 1 else f"text {number}"
    return Passage(id=f"p{number}", document=document, title="", page=1, start=0, end=len(text), text=text, score=1.0)


def passages_of(texts: Sequence[str]) -> list[Passage]:
    """Each text as a passage of a document of its own."""
    return [passage_of(text, number) for number, text in enumerate(texts, 1)]


def fit_spans(asked: Sequence[Asked], embed: Embed, plan: NetworkPlan | None = None) -> Network:
    """The network that chooses the stretch of a sentence."""
    found = [
        span_example(one.question, passage_of(one.context), start=one.start, gold=one.gold, embed=embed)
        for one in asked
    ]
    examples = [one for one in found if one is not None]
    return fit_network([one.rows for one in examples], [one.target for one in examples], plan or NetworkPlan())


def fit_refusal(asked: Sequence[Asked], embed: Embed) -> Linear:
    """The probability that a paragraph answers, from one that does and two that do not for each question."""
    pairs = [(one.question, text, text == one.context) for one in asked for text in _texts(one)]
    rows = refusal_rows([question for question, _, _ in pairs], [[passage_of(text)] for _, text, _ in pairs], embed)
    return fit_logistic(rows, np.array([answers for _, _, answers in pairs]), penalty=_PENALTY)


def _texts(one: Asked) -> list[str]:
    return [text for text in (one.context, one.foreign, one.similar) if text]
