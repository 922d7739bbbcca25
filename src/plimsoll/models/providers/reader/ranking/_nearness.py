"""How near a candidate is to the words of the question, on which side of them, and what lies between."""

from typing import Final

import numpy as np

from .._kinds import Kind
from .._question import Side
from .._terms import words
from ._classes import AND, BORDER, COMMA, MARK, VERB, WHO
from ._reading import Floats, Places, Reading, Spans, running

_REACHES: Final = (3, 6)
_FAR: Final = 20.0
_MOST_BETWEEN: Final = 5.0
_NOTHING: Final = 6.0
_HALF: Final = 4
"""At so many words' distance a word of the question counts half."""
_COUNT_REACH: Final = 4
_COUNTED: Final = frozenset({Kind.NUMBER, Kind.DURATION, Kind.MONEY, Kind.PERCENT})
_WH: Final = frozenset({"what", "which", "who", "whom", "whose", "when", "where", "why", "how"})
_ALL_OF_IT: Final = 0.99
_SIGNS: Final = {Side.BEFORE: 1.0, Side.AFTER: -1.0, Side.ANY: 0.0}


def nearness(reading: Reading, spans: Spans) -> list[Floats]:
    """Columns, one value for each candidate."""
    return [
        *_closeness(reading, spans),
        *_steps(reading, spans),
        *_sides(reading, spans),
        *_clauses(reading, spans),
        *_between(reading, spans),
        *_order(reading, spans),
    ]


def _closeness(reading: Reading, spans: Spans) -> list[Floats]:
    columns = []
    last = len(reading.words) - 1
    for weights in (reading.asked, reading.near):
        left, right = _decayed(weights)
        inside = spans.inside(weights)
        columns += [left[spans.firsts], right[spans.lasts], left[spans.firsts] + right[spans.lasts]]
        columns += [inside, inside / spans.length]
        sums = running(weights)
        for reach in _REACHES:
            columns.append(sums[spans.firsts] - sums[np.maximum(0, spans.firsts - reach)])
            columns.append(sums[np.minimum(last, spans.lasts + reach) + 1] - sums[spans.lasts + 1])
    like = reading.like_focus
    after, before = np.minimum(spans.lasts + 1, last), np.maximum(spans.firsts - 1, 0)
    content = np.maximum(1.0, spans.inside(~reading.is_function))
    columns += [like[spans.lasts], spans.inside(like) / content]
    columns += [like[after] * (after > spans.lasts), like[before] * (before < spans.firsts)]
    return columns


def _decayed(weights: Floats) -> tuple[Floats, Floats]:
    """Weights of the words to the left and to the right of each word, less with distance."""
    places = np.flatnonzero(weights > 0)
    distance = np.arange(len(weights))[:, None] - places[None, :]
    share = weights[places][None, :] / (1 + np.abs(distance) / _HALF)
    return (share * (distance > 0)).sum(axis=1), (share * (distance < 0)).sum(axis=1)


def _steps(reading: Reading, spans: Spans) -> list[Floats]:
    """Words to the nearest asked word on each side."""
    hits = np.flatnonzero(reading.asked > 0)
    left, right = _nearest(hits, spans)
    to_left = np.where(left >= 0, np.minimum(_FAR, spans.firsts - left), _FAR)
    to_right = np.where(right >= 0, np.minimum(_FAR, right - spans.lasts), _FAR)
    columns = [np.log1p(to_left), np.log1p(to_right), np.minimum(to_left, to_right) / _FAR]
    return [*columns, (to_left == 1).astype(np.float64), (to_right == 1).astype(np.float64)]


def _nearest(hits: Places, spans: Spans) -> tuple[Places, Places]:
    """Places of the nearest of `hits` on each side of each candidate; -1 where there is none."""
    before = np.searchsorted(hits, spans.firsts) - 1
    after = np.searchsorted(hits, spans.lasts, side="right")
    padded = np.append(hits, -1)
    return np.where(before >= 0, padded[before], -1), padded[np.minimum(after, len(hits))]


def _sides(reading: Reading, spans: Spans) -> list[Floats]:
    """Whether more of the question stands to the right than to the left, and whether that is what it expects."""
    sums = running(reading.asked)
    before, after = sums[spans.firsts], sums[-1] - sums[spans.lasts + 1]
    balance = (after - before) / np.maximum(1e-9, before + after)
    expected = balance * _SIGNS[reading.question.side]
    return [balance, expected, (balance > _ALL_OF_IT).astype(np.float64), (balance < -_ALL_OF_IT).astype(np.float64)]


def _clauses(reading: Reading, spans: Spans) -> list[Floats]:
    """How much of the question stands in the same stretch between marks, and between conjunctions."""
    marks = np.isin(reading.gap_before, (COMMA, MARK, BORDER))
    segment = np.cumsum(marks)
    part = np.cumsum(marks | np.isin(reading.classes, (AND, WHO)))
    asked = np.bincount(segment, weights=reading.asked).astype(np.float64)
    near = np.bincount(segment, weights=reading.near).astype(np.float64)
    parts = np.bincount(part, weights=reading.asked).astype(np.float64)
    return [
        asked[segment[spans.firsts]], near[segment[spans.firsts]], asked[segment[spans.lasts]],
        parts[part[spans.firsts]], parts[part[spans.lasts]],
    ]  # fmt: skip


def _between(reading: Reading, spans: Spans) -> list[Floats]:
    """Words of content, verbs and marks between a candidate and the nearest asked word on each side."""
    marks = np.isin(reading.gap_before, (COMMA, MARK, BORDER))
    sums = [
        (running(~reading.is_function & (reading.asked == 0)), 0),
        (running(reading.classes == VERB), 0),
        (running(marks), 1),
    ]
    left, right = _nearest(np.flatnonzero(reading.asked > 0), spans)
    columns = []
    for hit, low, high in ((left, left + 1, spans.firsts), (right, spans.lasts + 1, right)):
        known = hit >= 0
        for counted, shift in sums:
            value = counted[np.minimum(np.maximum(high, 0) + shift, len(counted) - 1)] - counted[np.maximum(low, 0)]
            columns.append(np.where(known, np.minimum(value, _MOST_BETWEEN), _NOTHING))
        columns.append(np.where(known, reading.asked[hit], 0.0))
    return columns


def _order(reading: Reading, spans: Spans) -> list[Floats]:
    """Whether what stands beside the question word, its noun, its verb and its last word stand beside a candidate."""
    found = words(reading.question.text)
    low = [word.text.lower() for word in found]
    wh = next((place for place, word in enumerate(low) if word in _WH), -1)
    focus = words(reading.question.focus)[0].stem if words(reading.question.focus) else ""
    asked = {term.stem for term in reading.question.terms}
    verb = next((word.stem for word in found[wh + 1 :] if word.stem in asked and word.stem != focus), "")
    last = len(reading.words) - 1
    after, before = np.minimum(spans.lasts + 1, last), np.maximum(spans.firsts - 1, 0)
    has_after, has_before = spans.lasts < last, spans.firsts > 0
    is_focus = (reading.stems == focus) & (focus != "")
    near = running(is_focus)
    counted = near[np.minimum(spans.lasts + _COUNT_REACH, last) + 1] - near[spans.lasts + 1] > 0
    flags = [
        has_before & (reading.low[before] == (low[wh - 1] if wh > 0 else "")),
        has_before & (reading.low[before] == (low[-1] if low else "")),
        has_after & is_focus[after], has_before & is_focus[before], is_focus[spans.lasts],
        spans.inside(is_focus) > 0, counted, counted & (reading.question.kind in _COUNTED),
    ]  # fmt: skip
    columns = [flag.astype(np.float64) for flag in flags]
    for stem in (verb, reading.question.terms[-1].stem if reading.question.terms else ""):
        left, right = _decayed(((reading.stems == stem) & (stem != "")).astype(np.float64))
        columns += [np.minimum(left, 1.0)[spans.firsts], np.minimum(right, 1.0)[spans.lasts]]
    return columns
