"""Answer a question from passages: choose quotations, point out the span, and write the text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ..._types import Passage, Quote
from ._evidence import Embed, Evidence, Findings, find, may_answer, narrowed
from ._given import MESSAGE
from ._kinds import Kind, typed
from ._question import Question, read_question
from ._refusal import AT_LEAST, answer_probability
from ._spans import best_candidate, candidate_rows
from ._summary import asks_for_summary, summary_quotes
from ._terms import words
from ._weights import load_weights

ABSTAIN: Final = "The documents do not say."
SECOND_SHARE: Final = 0.9
"""A second quotation needs this share of the first one's score."""

_KEY_VALUE = re.compile(r"([^\W\d_a-z][^\n:]{0,40}):\s*(\S(?:.*\S)?)", re.DOTALL)
_REASON = re.compile(
    r"\b(?:because of|because|due to|in order to|owing to|so that|as a result of)\s+([^,;.]+)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the reader says."""

    text: str
    quotes: tuple[Quote, ...] = ()
    span: str | None = None
    probability: float | None = 0.0
    """That the passages answer, from 0 to 1; None for summaries, of which nobody was asked whether they are right."""

    @property
    def answered(self) -> bool:
        """False when the passages do not answer."""
        return bool(self.quotes)


def answer(question: str, passages: Sequence[Passage], embed: Embed) -> Answer:
    """Answer `question` with quotations from `passages`; never fails for want of evidence, but says so."""
    if asks_for_summary(question):
        told = summary_quotes(question, passages, embed)
        return Answer(text=_text(told), quotes=told, probability=None) if told else Answer(text=ABSTAIN)
    asked = read_question(question)
    findings = find(asked, passages, embed)
    if not may_answer(asked, findings):
        return Answer(text=ABSTAIN)
    probability = answer_probability(asked, findings, embed, model=load_weights().refusal)
    if probability < AT_LEAST:
        return Answer(text=ABSTAIN, probability=probability)
    chosen = [narrowed(asked, evidence, findings.weights) for evidence in _choose(findings)]
    quotes = tuple(_quote(evidence, passages[evidence.passage]) for evidence in chosen)
    span = _span(asked, chosen[0], findings, embed)
    return Answer(text=_text(quotes), quotes=quotes, span=span, probability=probability)


def _choose(findings: Findings) -> list[Evidence]:
    """The best unit, and the next one if it is nearly as good and covers a word that was asked and the first lacks."""
    first = findings.units[0]
    for other in findings.units[1:]:
        if other.score < SECOND_SHARE * first.score:
            break
        if other.covered - first.covered and other.text != first.text:
            return [first, other]
    return [first]


def _quote(evidence: Evidence, passage: Passage) -> Quote:
    return Quote(
        marker=evidence.passage + 1,
        passage_id=passage.id,
        document=passage.document,
        page=passage.page,
        start=passage.start + evidence.unit.start,
        end=passage.start + evidence.unit.end,
        text=evidence.text,
    )


def _text(quotes: Sequence[Quote]) -> str:
    lines = [f'"{" ".join(quote.text.split())}" [{quote.marker}]' for quote in quotes]
    sources = {quote.marker: f"[{quote.marker}] {_source(quote)}" for quote in quotes}
    return "\n".join([*lines, "", *(sources[marker] for marker in sorted(sources))])


def _source(quote: Quote) -> str:
    return quote.document if quote.passage_id == MESSAGE else f"{quote.document}, page {quote.page}"


def _span(question: Question, evidence: Evidence, findings: Findings, embed: Embed) -> str | None:
    if question.kind is Kind.YES_NO:
        return None
    return _value(question, evidence) or _reason(question, evidence) or _best(question, evidence, findings, embed)


def _value(question: Question, evidence: Evidence) -> str | None:
    """The value of a `Key: value` line whose key was asked for, or the wanted kind of expression in it."""
    match = _KEY_VALUE.fullmatch(evidence.text)
    asked = {term.stem for term in question.terms}
    if match is None or not any(word.stem in asked for word in words(match.group(1))):
        return None
    value = match.group(2)
    found = typed(question.kind, value) if question.kind not in {Kind.NAME, Kind.PLACE} else []
    return value[slice(*found[0])] if found else value


def _reason(question: Question, evidence: Evidence) -> str | None:
    match = _REASON.search(evidence.text) if question.kind is Kind.REASON else None
    return match.group(1).strip() if match else None


def _best(question: Question, evidence: Evidence, findings: Findings, embed: Embed) -> str | None:
    found = candidate_rows(question, evidence, findings.weights, embed)
    if found is None:
        return None
    best = best_candidate(found, load_weights().spans)
    return evidence.text[best.start : best.end]
