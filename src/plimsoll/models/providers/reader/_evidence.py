"""How well each unit of the passages answers a question, and whether any of them does.

The score of a unit is the share of the question's words that it covers, each word weighted by how rare it is among the
units (inverse document frequency, Spärck Jones 1972; here in the smoothed form of BM25, Robertson and Zaragoza 2009).
A word counts in full where the unit has it, in part where another word of the unit means nearly the same (cosine of
word vectors), and less where it stands only before the unit, elsewhere in the passage, or in the document's name.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..._types import Passage
from ._clauses import ALSO, LONG_CHARS, is_preamble, is_title, parts
from ._kinds import TYPED, Kind, typed
from ._question import Question, numbered_in
from ._sentences import Unit, split_units
from ._terms import Word, words

Embed = Callable[[Sequence[str]], NDArray[np.float32]]

# Set by hand, in round numbers.
SIMILAR: Final = 0.7
SIMILAR_FROM: Final = 0.3
BEFORE: Final = 0.5
UNDER_HEADING: Final = 0.7
IN_NAME: Final = 0.7
IN_PASSAGE: Final = 0.15
KIND_ABSENT: Final = 0.2
ASKED_KIND_ABSENT: Final = 0.4
"""Where the question leaves no doubt about the kind: `which law governs`, `how much`."""
PAPER: Final = 0.5
"""Weight of a word that only names the paper, as in `the Supply Agreement`."""
TITLE: Final = 0.3
LONG: Final = 0.1
"""For a unit of twice `LONG_CHARS`, which covers much by chance; half of it at one and a half times, and so on."""
ALSO_SHARE: Final = 0.7
PARTLY: Final = 0.9
"""At most so much for a word that does not stand in the unit itself."""
RANK: Final = 0.01
NUMBERED: Final = 0.03
"""For a word with its own number, as in `party 17`: enough to go before what has both apart."""
MARK_GAP: Final = 1

LEAST_COVERED: Final = 0.2
MISSING_SPECIFIC: Final = 0.5
IDENTIFIER_CHARS: Final = 3
_BLOCK: Final = 4096


@dataclass(frozen=True, slots=True)
class Evidence:
    """One unit of a passage with its score."""

    passage: int
    """Place of the passage in the request, from 0."""
    unit: Unit
    text: str
    words: tuple[Word, ...]
    covered: frozenset[str]
    """Stems of the question that stand in the unit itself."""
    score: float


@dataclass(frozen=True, slots=True)
class _Piece:
    passage: int
    unit: Unit
    text: str
    words: tuple[Word, ...]
    stems: frozenset[str]


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that was found for a question: units, best first, and how rare each word of the question is."""

    units: tuple[Evidence, ...]
    weights: Mapping[str, float]
    known: frozenset[str]
    """Stems of the question that stand anywhere in the passages or in their documents' names."""
    missing_marks: tuple[frozenset[str], ...]
    """Marks of the question whose words nowhere stand side by side."""


def find(question: Question, passages: Sequence[Passage], embed: Embed) -> Findings:
    """Score all units of `passages` for `question`; a heading is no answer, but counts for what is under it."""
    pieces = [piece for number, passage in enumerate(passages) for piece in _pieces(number, passage)]
    names = [frozenset(w.stem for w in words(f"{p.title} {p.document}")) for p in passages]
    weights = _weights(question, pieces)
    similar = _similar(question, pieces, embed)
    bodies = [frozenset[str]().union(*(p.stems for p in pieces if p.passage == n)) for n in range(len(passages))]
    units: list[Evidence] = []
    for index, (piece, above) in enumerate(zip(pieces, _above(question, pieces), strict=True)):
        if piece.unit.is_heading:
            continue
        around = _around(question, above, bodies[piece.passage], names[piece.passage])
        own = piece.stems - names[piece.passage] if _only_names(question, piece) else piece.stems
        units.append(_evidence(question, piece, weights, [dict.fromkeys(own, 1.0), similar[index], around]))
    units.sort(key=lambda unit: -unit.score)
    known = frozenset[str]().union(*bodies, *names)
    return Findings(
        units=tuple(units),
        weights=weights,
        known=known & frozenset(weights),
        missing_marks=_missing_marks(question, passages),
    )


def narrowed(question: Question, evidence: Evidence, weights: Mapping[str, float]) -> Evidence:
    """The part of a long unit that covers most of the question, parts of the wanted kind first; a short unit as it is.

    The text before the first part that was cut away names the subject, and is not quoted.
    """
    options = []
    for part in parts(evidence.text, evidence.unit):
        text = evidence.text[part.start - evidence.unit.start : part.end - evidence.unit.start]
        its_words = words(text)
        piece = _Piece(evidence.passage, part, text, its_words, frozenset(word.stem for word in its_words))
        covered = piece.stems & weights.keys()
        score = math.fsum(weights[stem] for stem in covered)
        score += sum(weights.values()) * KIND_ABSENT * (question.kind in TYPED and _has_news(question, piece))
        options.append(Evidence(evidence.passage, part, text, its_words, frozenset(covered), score))
    best = max(options, key=lambda option: option.score)
    return evidence if len(options) == 1 else dataclasses.replace(best, score=evidence.score)


def may_answer(question: Question, findings: Findings) -> bool:
    """Whether the passages can answer at all; the rules, in the order in which they are checked.

    - There is a unit, and the question has words to look for.
    - Every number and identifier of three or more characters stands somewhere in the passages or in the names of
      their documents.
    - So does more than half of its names and numbers.
    - Names that are numbered, and dates, stand there side by side: `Shed 12` is not `Shed 7, clause 12`.
    - The best unit covers something of the question.
    """
    if not findings.units or not question.terms:
        return False
    missing = question.specific - findings.known
    if any(len(stem) >= IDENTIFIER_CHARS and any(c.isdigit() for c in stem) for stem in missing):
        return False
    if len(missing) >= MISSING_SPECIFIC * len(question.specific) > 0 or findings.missing_marks:
        return False
    return findings.units[0].score >= LEAST_COVERED


def _pieces(number: int, passage: Passage) -> list[_Piece]:
    found = []
    for unit in split_units(passage.text):
        text = passage.text[unit.start : unit.end]
        its_words = words(text)
        found.append(_Piece(number, unit, text, its_words, frozenset(word.stem for word in its_words)))
    return found


def _weights(question: Question, pieces: Sequence[_Piece]) -> dict[str, float]:
    weights = {}
    for term in question.terms:
        having = sum(term.stem in piece.stems for piece in pieces)
        rarity = math.log(1 + (len(pieces) + 0.5) / (having + 0.5))
        weights[term.stem] = rarity * (PAPER if term.stem in question.paper else 1.0)
    return weights


def _similar(question: Question, pieces: Sequence[_Piece], embed: Embed) -> list[dict[str, float]]:
    """For each piece, how near its nearest word is to each word of the question, 0 to `SIMILAR`."""
    vocabulary = sorted({word.text.lower() for piece in pieces for word in piece.words if not word.is_stop})
    if not vocabulary or not question.terms:
        return [{} for _ in pieces]
    place = {word: index for index, word in enumerate(vocabulary)}
    near = _nearness(embed([term.text.lower() for term in question.terms]), vocabulary, embed)
    found = []
    for piece in pieces:
        columns = [place[word.text.lower()] for word in piece.words if not word.is_stop]
        best = near[:, columns].max(axis=1) if columns else np.zeros(len(near))
        found.append({term.stem: float(value) for term, value in zip(question.terms, best, strict=True)})
    return found


def _nearness(asked: NDArray[np.float32], vocabulary: Sequence[str], embed: Embed) -> NDArray[np.float32]:
    """How near each word is to each that was asked; block by block, so that memory stays bounded."""
    blocks = [vocabulary[at : at + _BLOCK] for at in range(0, len(vocabulary), _BLOCK)]
    near = np.concatenate([asked @ embed(block).T for block in blocks], axis=1)
    scaled = np.clip((near - SIMILAR_FROM) / (1 - SIMILAR_FROM), 0, 1) * SIMILAR
    return np.asarray(scaled, dtype=np.float32)


def _missing_marks(question: Question, passages: Sequence[Passage]) -> tuple[frozenset[str], ...]:
    missing = set(question.marks)
    for passage in passages:
        if missing:
            stems = [word.stem for word in words(f"{passage.document} {passage.title} {passage.text}")]
            missing -= {mark for mark in missing if _stands_together(mark, stems)}
    return tuple(missing)


def _stands_together(mark: frozenset[str], stems: Sequence[str]) -> bool:
    """Whether all words of `mark` are among a few words in a row, in any order."""
    width = len(mark) + MARK_GAP
    places = [index for index, stem in enumerate(stems) if stem in mark]
    return any(mark <= set(stems[place : place + width]) for place in places)


def _above(question: Question, pieces: Sequence[_Piece]) -> list[dict[str, float]]:
    """For each piece, what words of the piece before it and of the heading over it count for."""
    found: list[dict[str, float]] = []
    before: _Piece | None = None
    heading: dict[str, float] = {}
    for piece in pieces:
        if before is not None and before.passage != piece.passage:
            before, heading = None, {}
        found.append({**dict.fromkeys(before.stems if before else (), BEFORE), **heading})
        if piece.unit.is_heading or _only_repeats(question, piece):
            heading = dict.fromkeys(piece.stems, UNDER_HEADING)
        before = piece
    return found


def _around(
    question: Question, above: Mapping[str, float], body: frozenset[str], name: frozenset[str]
) -> dict[str, float]:
    """What a word of the question counts for that does not stand in the unit, but near it."""
    return {
        term.stem: max(
            IN_NAME if term.stem in name else 0.0,
            IN_PASSAGE if term.stem in body else 0.0,
            above.get(term.stem, 0.0),
        )
        for term in question.terms
    }


def _only_repeats(question: Question, piece: _Piece) -> bool:
    """Whether a unit says nothing but words of the question, or is itself a question."""
    asked = {term.stem for term in question.terms}
    return piece.text.endswith("?") or all(w.is_stop or w.stem in asked or w.has_digit for w in piece.words)


def _has_news(question: Question, piece: _Piece) -> bool:
    """Whether a unit has an expression of the wanted kind that does not merely repeat the question.

    The law under which a party was founded, which stands in preambles, is not the law of the contract.
    """
    if question.kind is Kind.LAW and is_preamble(piece.text):
        return False
    asked = {term.stem for term in question.terms}
    told = [(word.start, word.end) for word in piece.words if not word.is_stop and word.stem not in asked]
    expressions = typed(question.kind, piece.text)
    return any(start < last and first < end for start, end in expressions for first, last in told)


def _only_names(question: Question, piece: _Piece) -> bool:
    """Whether a unit repeats the name of the document because it is a title or a preamble, and that was not asked."""
    if is_title(piece.text, piece.words):
        return True
    return question.kind not in {Kind.DATE, Kind.NAME, Kind.PLACE} and is_preamble(piece.text)


def _share(stem: str, piece: _Piece, partial: Sequence[Mapping[str, float]]) -> float:
    """What one word of the question counts for in a unit, 0 to 1."""
    own, similar, around = partial
    if stem in own:
        return 1.0
    said_so = ALSO_SHARE if ALSO.get(stem, frozenset()) & piece.stems else 0.0
    return min(max(similar.get(stem, 0.0), said_so) + around[stem], PARTLY)


def _evidence(
    question: Question, piece: _Piece, weights: Mapping[str, float], partial: Sequence[Mapping[str, float]]
) -> Evidence:
    score = sum(weight * _share(stem, piece, partial) for stem, weight in weights.items())
    score = score / (sum(weights.values()) or 1.0) - RANK * piece.passage - _penalty(question, piece)
    if question.numbered and question.numbered & numbered_in(piece.text, piece.words):
        score += NUMBERED
    if _only_repeats(question, piece) and not _has_news(question, piece):
        score = 0.0
    covered = piece.stems & weights.keys()
    return Evidence(piece.passage, piece.unit, piece.text, piece.words, frozenset(covered), score)


def _penalty(question: Question, piece: _Piece) -> float:
    """What is taken off for the form of a unit."""
    news = _has_news(question, piece)
    penalty = LONG * min(max(len(piece.text) / LONG_CHARS - 1, 0.0), 1.0)
    if question.kind in TYPED and not news:
        penalty += ASKED_KIND_ABSENT if question.is_sure else KIND_ABSENT
    if is_title(piece.text, piece.words) and not (news and question.kind in TYPED):
        penalty += TITLE
    return penalty
