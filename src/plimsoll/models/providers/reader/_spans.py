"""Point at the shortest stretch of a quotation that answers by itself.

Candidates are the typed expressions of a unit (dates, amounts, names, see `_kinds`) and every short run of words that
neither starts nor ends with a function word. Rules score each by a handful of weights, set by hand in round numbers;
the trained ranker takes that score as one of its features.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ._evidence import Embed, Evidence
from ._kinds import TYPED, Kind, typed
from ._question import Question, Side
from ._terms import FUNCTION_WORDS, Word, stem
from .ranking import Network, span_features

CLOSE: Final = 4.0
"""Close to the words of the question, the rare ones more."""
OF_KIND: Final = 3.0
"""Is exactly an expression of the wanted kind."""
HOLDS_KIND: Final = 0.5
"""Is more than an expression of the wanted kind."""
REPEATS: Final = -2.5
"""Share of its words that the question has too."""
ONLY_REPEATS: Final = -1.5
LIKE_FOCUS: Final = 3.0
"""Cosine with the noun that was asked for."""
CUE: Final = 1.0
"""After the word that announces such an answer: `by` a person, `in` a place, `called` a name; or in quotation marks."""
COUNTS_FOCUS: Final = 1.5
"""A number right before the noun that is counted."""
IS_NAME: Final = 1.0
BORDER_RIGHT: Final = 1.0
BORDER_LEFT: Final = 0.5
"""What stands next to it could not be a part of the same phrase."""
WORD: Final = -0.1
"""For each word."""
HOLDS_CLAUSE: Final = -1.0
HOLDS_AND: Final = 1.0
RULES_SHARE: Final = 0.3
"""What the score by rules counts beside the network's."""
ON_SIDE: Final = 0.25
"""On the side of the verb where subject or object is wanted."""

_LONGEST: Final = 10
_COUNT_REACH: Final = 4
_JOINERS: Final = frozenset(["", "-", "\u2013", "&", "/", "'", ".", ",", "$", "€", "£", "%", '"'])
_CLAUSE_LIST = (
    "is are was were be been being has have had do does did will would can could may might must should shall which who "
    "that whom whose where when"
)
_CLAUSE_WORDS: Final = frozenset(_CLAUSE_LIST.split())
_ARTICLES: Final = frozenset({"a", "an", "the", "its", "his", "her", "their", "this", "that", "these", "those"})
_CUES: Final = {
    Kind.NAME: frozenset({"by"}),
    Kind.PLACE: frozenset({"in", "at", "to", "near", "from"}),
    Kind.REASON: frozenset({"because", "due", "to", "for", "as", "of"}),
    Kind.THING: frozenset({"by"}),
}
_POSSESSIVES: Final = frozenset({"'s", "\u2019s"})
_OPENING_QUOTES: Final = frozenset({'"', "\u201c"})
_NAMING: Final = frozenset({"called", "named", "term", "termed", "as", "nicknamed", "known"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """Characters `start` to `end` of a unit; words `first` to `last` of it."""

    start: int
    end: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class _Reading:
    """A unit as it is read for one question."""

    text: str
    words: Sequence[Word]
    asked: Sequence[float]
    """For each word, its weight in the question, or 0."""
    asked_at: Sequence[tuple[int, float]]
    """Places and weights of the asked words alone."""
    of_kind: frozenset[tuple[int, int]]
    names: frozenset[tuple[int, int]]
    question: Question

    def low(self, index: int) -> str:
        """Word number `index` in small letters; empty outside."""
        return self.words[index].text.lower() if 0 <= index < len(self.words) else ""

    def is_border(self, left: int) -> bool:
        """Whether no phrase can run from word `left` to the next one."""
        if left < 0 or left + 1 >= len(self.words):
            return True
        return bool(self.text[self.words[left].end : self.words[left + 1].start].strip())


def candidates(question: Question, text: str, words: Sequence[Word]) -> list[Candidate]:
    """Everything in a unit that could be the answer."""
    found = {(c.start, c.end): c for c in _runs(text, words)}
    for start, end in {*typed(question.kind, text), *typed(Kind.NAME, text)}:
        inside = [index for index, word in enumerate(words) if word.end > start and word.start < end]
        kept = list(itertools.dropwhile(lambda index: words[index].text.lower() in FUNCTION_WORDS, inside))
        if kept:
            place = _widened(text, start if kept == inside else words[kept[0]].start, end)
            found.setdefault(place, Candidate(*place, kept[0], kept[-1]))
    return list(found.values())


def _runs(text: str, words: Sequence[Word]) -> list[Candidate]:
    runs = []
    for first, begin in enumerate(words):
        if begin.text.lower() in FUNCTION_WORDS:
            continue
        for last in range(first, min(len(words), first + _LONGEST)):
            if last > first and not _joins(text, words[last - 1], words[last]):
                break
            if words[last].text.lower() not in FUNCTION_WORDS:
                runs.append(Candidate(*_widened(text, begin.start, words[last].end), first, last))
    return runs


def _joins(text: str, left: Word, right: Word) -> bool:
    """Whether a candidate may run from one word to the next.

    A colon joins only numbers, as in `4:51`; a wide gap or a tab is the border of a cell.
    """
    between = text[left.end : right.start]
    if "\n" not in between and ("  " in between or "\t" in between):
        return False
    return between.strip() in _JOINERS or (between == ":" and left.has_digit and right.has_digit)


def _widened(text: str, start: int, end: int) -> tuple[int, int]:
    """With the currency or percent sign that belongs to it, and without a possessive."""
    if start and text[start - 1] in "$€£":
        start -= 1
    if text[end : end + 1] in {"%", "½"}:
        end += 1
    if text[end - 2 : end] in _POSSESSIVES and end - 2 > start:
        end -= 2
    return start, end


def score_candidates(
    question: Question, text: str, words: Sequence[Word], weights: Mapping[str, float]
) -> list[tuple[Candidate, float]]:
    """All candidates of a unit with their scores, without likeness to the focus, which needs vectors."""
    asked = [weights.get(word.stem, 0.0) for word in words]
    reading = _Reading(
        text=text,
        words=words,
        asked=asked,
        asked_at=[(index, weight) for index, weight in enumerate(asked) if weight],
        of_kind=frozenset(typed(question.kind, text)) if question.kind in TYPED else frozenset(),
        names=frozenset(typed(Kind.NAME, text)),
        question=question,
    )
    total = math.fsum(weights[stem] for stem in {word.stem for word in words} & weights.keys()) or 1.0
    return [(c, _score(reading, c, total)) for c in candidates(question, text, words)]


@dataclass(frozen=True, slots=True)
class CandidateRows:
    """The candidates of a unit, what the rules give each, and its features for the ranker."""

    candidates: Sequence[Candidate]
    by_rules: NDArray[np.float64]
    rows: NDArray[np.float32]


def candidate_rows(
    question: Question, evidence: Evidence, weights: Mapping[str, float], embed: Embed
) -> CandidateRows | None:
    """Everything that a span is chosen by; None where the unit has no candidate."""
    scored = score_candidates(question, evidence.text, evidence.words, weights)
    if not scored:
        return None
    found = [candidate for candidate, _ in scored]
    by_rules = np.array([score for _, score in scored])
    if question.focus:
        texts = [evidence.text[one.start : one.end] for one in found]
        vectors = embed([question.focus, *texts])
        by_rules = by_rules + LIKE_FOCUS * (vectors[1:] @ vectors[0])
    places = np.array([one.first for one in found]), np.array([one.last for one in found])
    rows = span_features(
        question, evidence.text, evidence.words, spans=(*places, by_rules), weights=weights, embed=embed
    )
    return CandidateRows(found, by_rules, rows)


def best_candidate(found: CandidateRows, network: Network) -> Candidate:
    """The candidate that answers: what the network says, with a share of the rules for texts unlike those it knows."""
    return found.candidates[int((network.scores(found.rows) + RULES_SHARE * found.by_rules).argmax())]


def _score(reading: _Reading, candidate: Candidate, total: float) -> float:
    content = [
        index for index in range(candidate.first, candidate.last + 1) if reading.low(index) not in FUNCTION_WORDS
    ]
    repeated = sum(reading.asked[index] > 0 for index in content) / max(1, len(content))
    score = REPEATS * repeated + ONLY_REPEATS * (repeated == 1.0)
    score += CLOSE * _closeness(reading, candidate) / total + ON_SIDE * _side(reading, candidate)
    return score + _kind_score(reading, candidate) + _shape_score(reading, candidate)


def _closeness(reading: _Reading, candidate: Candidate) -> float:
    """Weights of the asked words outside the candidate, each halved at four words' distance."""
    close = 0.0
    for index, weight in reading.asked_at:
        distance = max(candidate.first - index, index - candidate.last)
        if distance > 0:
            close += weight / (1 + distance / 4)
    return close


def _side(reading: _Reading, candidate: Candidate) -> float:
    """From -1 to 1: subjects stand before what was asked about them, objects after."""
    if reading.question.side is Side.ANY:
        return 0.0
    before = sum(weight for index, weight in reading.asked_at if index < candidate.first)
    after = sum(weight for index, weight in reading.asked_at if index > candidate.last)
    if before + after == 0:
        return 0.0
    balance = (after - before) / (before + after)
    return balance if reading.question.side is Side.BEFORE else -balance


def _kind_score(reading: _Reading, candidate: Candidate) -> float:
    place = (candidate.start, candidate.end)
    score = 0.0
    if place in reading.of_kind:
        score += OF_KIND + (COUNTS_FOCUS if _counts_focus(reading, candidate) else 0.0)
    elif any(candidate.start <= start and end <= candidate.end for start, end in reading.of_kind):
        score += HOLDS_KIND
    if place in reading.names and not _is_opening_adverb(reading, candidate):
        score += IS_NAME
    return score + (CUE if _is_announced(reading, candidate) else 0.0)


def _counts_focus(reading: _Reading, candidate: Candidate) -> bool:
    if not reading.question.focus or reading.question.kind not in {Kind.NUMBER, Kind.DURATION}:
        return False
    focus = stem(reading.question.focus)
    near = reading.words[candidate.last : candidate.last + _COUNT_REACH]
    return any(word.stem == focus for word in near)


def _is_opening_adverb(reading: _Reading, candidate: Candidate) -> bool:
    return candidate.first == candidate.last == 0 and reading.text[candidate.end : candidate.end + 1] == ","


def _is_announced(reading: _Reading, candidate: Candidate) -> bool:
    before = candidate.first - 1
    while reading.low(before) in _ARTICLES:
        before -= 1
    word = reading.low(before)
    is_quoted = reading.text[candidate.start - 1 : candidate.start] in _OPENING_QUOTES
    if reading.question.asks_name and (is_quoted or word in _NAMING):
        return True
    return word in _CUES.get(reading.question.kind, ())


def _shape_score(reading: _Reading, candidate: Candidate) -> float:
    first, last = candidate.first, candidate.last
    inside = {reading.low(index) for index in range(first + 1, last)}
    left = reading.low(first - 1) in FUNCTION_WORDS or reading.is_border(first - 1) or reading.asked[first - 1] > 0
    right = reading.low(last + 1) in FUNCTION_WORDS or reading.is_border(last) or reading.asked[last + 1] > 0
    score = BORDER_LEFT * left + BORDER_RIGHT * right + WORD * (last - first + 1)
    return score + HOLDS_CLAUSE * bool(inside & _CLAUSE_WORDS) + HOLDS_AND * bool(inside & {"and", "or"})
