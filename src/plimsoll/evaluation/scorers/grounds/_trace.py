"""TRACe: how much of the passages is relevant, how much of them is used, and does the answer say all of it?

RAGBench (Friel, Belyi and Sanyal 2024, arXiv 2407.11005), with R the relevant and U the used sentences of the passages
d, by characters: relevance `Len(R) / Len(d)`, utilization `Len(U) / Len(d)`, completeness `Len(R and U) / Len(R)`,
adherence whether every claim is borne out. None where a divisor is 0: without passages; without anything relevant
(completeness); without a claim (adherence). Never 1 for want of anything to measure.

There a language model marks R and U; here words do, without one, and the figures compare releases with each other, not
with published ones. A sentence is relevant that holds half of what the question says, or of an accepted answer; it is
used where it holds half of what a claim of the answer says, or the most of it and at least a third. Words are compared
by their stems, those of English best.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from plimsoll.datasets import Row

from ..._observation import Observation
from .._entries import ScorerEntry
from .._types import Score
from ._claims import claims_entry, claims_of_answer, every_row

_HALF: Final = 0.5
_THIRD: Final = 1 / 3
_MOST_CLAIMS: Final = 500

Stems = frozenset[str]


@dataclass(frozen=True, slots=True)
class Spans:
    """The sentences of all passages, which of them are relevant, and which are used; all by their characters."""

    total: int
    relevant: int
    used: int
    both: int


def _stems(text: str) -> list[tuple[int, Stems]]:
    """Of each sentence its length, and the stems of what says something in it."""
    from plimsoll.checks.grounding.words import sentences  # only wanted when a text is looked at

    return [
        (one.end - one.start, frozenset(word.stem for word in one.words if word.content or word.value is not None))
        for one in sentences(text)
    ]


def _together(text: str) -> Stems:
    return frozenset(stem for _, stems in _stems(text) for stem in stems)


def _held(wanted: Stems, source: Stems) -> float:
    return len(wanted & source) / len(wanted) if wanted else 0.0


def spans_of(row: Row, seen: Observation) -> Spans | None:
    """What is relevant and used of the passages; None without a passage that says something."""
    source = [one for passage in seen.passages for one in _stems(passage.text)]
    total = sum(length for length, _ in source)
    if not total:
        return None
    relevant = _relevant(row, [stems for _, stems in source])
    used = set() if seen.answered is False else _used(seen.answer, [stems for _, stems in source])
    return Spans(total, _length(source, relevant), _length(source, used), _length(source, relevant & used))


def _length(source: Sequence[tuple[int, Stems]], places: Iterable[int]) -> int:
    return sum(source[place][0] for place in places)


def _relevant(row: Row, source: Sequence[Stems]) -> set[int]:
    wanted = [_together(text) for text in (row.question, *row.answers)]
    return {place for place, stems in enumerate(source) if any(_held(one, stems) >= _HALF for one in wanted)}


def _used(answer: str, source: Sequence[Stems]) -> set[int]:
    found: set[int] = set()
    where: dict[str, list[int]] = {}
    for place, stems in enumerate(source):
        for stem in stems:
            where.setdefault(stem, []).append(place)
    for _, claim in _stems(answer)[:_MOST_CLAIMS]:
        near = {place for stem in claim for place in where.get(stem, ())}
        shares = {place: _held(claim, source[place]) for place in near}
        most = max(shares.values(), default=0.0)
        found |= {place for place, share in shares.items() if share >= _HALF or (share == most and share >= _THIRD)}
    return found


def _relevance(spans: Spans) -> float | None:
    return spans.relevant / spans.total


def _utilization(spans: Spans) -> float | None:
    return spans.used / spans.total


def _completeness(spans: Spans) -> float | None:
    return spans.both / spans.relevant if spans.relevant else None


def _of_spans(of: Callable[[Spans], float | None], row: Row, seen: Observation) -> float | None:
    spans = spans_of(row, seen)
    return None if spans is None else of(spans)


def _adherence(row: Row, seen: Observation) -> Score | None:
    claims = claims_of_answer(seen, row.question, "normal") if any(one.text.strip() for one in seen.passages) else []
    return Score(float(all(one.holds for one in claims)), parts={"claims": len(claims)}) if claims else None


def _entry(name: str, says: str, of: Callable[[Spans], float | None]) -> ScorerEntry:
    return claims_entry(name, says, lambda _: partial(_of_spans, of), options=(), when=every_row)


TRACE: Final = (
    _entry("trace_relevance", "The share of the passages that is about what was asked; None without any.", _relevance),
    _entry("trace_utilization", "The share of the passages that the answer uses; None without any.", _utilization),
    _entry(
        "trace_completeness",
        "The share of what is relevant that the answer uses; None where nothing is relevant.",
        _completeness,
    ),
    claims_entry(
        "trace_adherence",
        "1 when the passages bear out every claim of the answer; None without a passage, or without a claim.",
        lambda _: _adherence,
        options=(),
        when=every_row,
    ),
)
