"""What a candidate is by itself: its length, its capitals and digits, and the kinds of expression that it is."""

from typing import Final

import numpy as np

from .._kinds import Kind, typed
from ._classes import AND, COMMA, MARK, VERB, WHO
from ._reading import Floats, Reading, Spans

_KINDS: Final = (Kind.DATE, Kind.DURATION, Kind.MONEY, Kind.PERCENT, Kind.NUMBER, Kind.NAME)
_YEAR_DIGITS: Final = 4
_OPENING_QUOTES: Final = frozenset({'"', "\u201c"})
_CURRENCIES: Final = frozenset("$€£")


def shape(reading: Reading, spans: Spans) -> list[Floats]:
    """Columns, one value for each candidate."""
    content = np.maximum(1.0, spans.inside(~reading.is_function))
    names, numbers = spans.inside(reading.is_name), spans.inside(reading.is_number)
    after_first = Spans(spans.firsts + 1, spans.lasts)
    single = spans.length == 1
    opens = spans.firsts == 0
    years = np.array([len(word.text) == _YEAR_DIGITS and word.text.isdigit() for word in reading.words], dtype=bool)
    columns = [
        spans.length / 10, np.log(spans.length), single, names / content, names == content, numbers / content,
        numbers > 0, years[spans.lasts], after_first.inside(reading.gap_before == COMMA),
        after_first.inside(reading.gap_before == MARK),
        *(spans.inside(reading.classes == kind) for kind in (AND, VERB, WHO)),
        content < spans.length, opens, opens & single, spans.lasts == len(reading.words) - 1,
        reading.is_name[spans.firsts], reading.is_name[spans.lasts], *_signs(reading, spans),
    ]  # fmt: skip
    return [np.asarray(column, dtype=np.float64) for column in columns]


def _signs(reading: Reading, spans: Spans) -> list[Floats]:
    before = [reading.text[max(0, word.start - 1) : word.start] for word in reading.words]
    quoted = np.array([sign in _OPENING_QUOTES for sign in before], dtype=np.float64)[spans.firsts]
    money = np.array([sign != "" and sign in _CURRENCIES for sign in before], dtype=np.float64)[spans.firsts]
    percent = np.array([reading.text[word.end : word.end + 1] == "%" for word in reading.words], dtype=np.float64)
    return [quoted, quoted * reading.question.asks_name, money, percent[spans.lasts]]


def kinds(reading: Reading, spans: Spans) -> list[Floats]:
    """Whether a candidate is exactly an expression of each kind, of the wanted kind, or holds one of the wanted."""
    wanted = reading.question.kind
    places = {kind: _places(reading, kind) for kind in {*_KINDS, wanted}}
    pairs = list(zip(spans.firsts.tolist(), spans.lasts.tolist(), strict=True))
    exact = {kind: np.array([pair in places[kind] for pair in pairs], dtype=np.float64) for kind in places}
    starts = np.zeros(len(reading.words))
    for first, _ in places[wanted]:
        starts[first] = 1.0
    return [*(exact[kind] for kind in _KINDS), exact[wanted], (spans.inside(starts) > 0).astype(np.float64)]


def _places(reading: Reading, kind: Kind) -> set[tuple[int, int]]:
    """First and last words of the expressions of a kind."""
    found = set()
    for start, end in typed(kind, reading.text):
        inside = [number for number, word in enumerate(reading.words) if word.start < end and word.end > start]
        if inside:
            found.add((inside[0], inside[-1]))
    return found
