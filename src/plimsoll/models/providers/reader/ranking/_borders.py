"""What stands right before and right after a candidate, and whether it cuts a name or a phrase in two."""

from typing import Final

import numpy as np

from ._classes import ARTICLE, BORDER, CLASSES, OTHER, TIGHT
from ._reading import Flags, Floats, Places, Reading, Spans

_CUES: Final = (
    "by", "in", "at", "to", "from", "for", "as", "because", "called", "named", "known", "with", "on", "into", "was",
    "is", "were", "are", "of", "than", "about", "only", "over",
)  # fmt: skip


def borders(reading: Reading, spans: Spans) -> list[Floats]:
    """Columns, one value for each candidate."""
    before, after = _outside(reading)
    columns: list[Flags] = []
    for classes, places in (
        (before, spans.firsts),
        (after, spans.lasts),
        (reading.classes, spans.firsts),
        (reading.classes, spans.lasts),
    ):
        columns.extend(classes[places] == kind for kind in range(CLASSES))
    columns.extend(_cuts(reading, spans))
    columns.extend(_announced(reading, spans))
    return [column.astype(np.float64) for column in columns]


def _outside(reading: Reading) -> tuple[Places, Places]:
    """For each word the class of its left and of its right neighbour; a mark between them counts as the neighbour."""
    gap_after = np.append(reading.gap_before[1:], BORDER)
    before = np.where(reading.gap_before == OTHER, np.append(BORDER, reading.classes[:-1]), reading.gap_before)
    after = np.where(gap_after == OTHER, np.append(reading.classes[1:], BORDER), gap_after)
    return before, after


def _cuts(reading: Reading, spans: Spans) -> list[Flags]:
    """Whether a capitalised word, or a word of content that was not asked, goes on to the left or to the right."""
    joined = np.isin(reading.gap_before, (OTHER, TIGHT))
    spaced = reading.gap_before == OTHER
    told = ~reading.is_function & (reading.asked == 0)
    columns = []
    for flags, links in ((reading.is_name, joined), (told, spaced)):
        left = np.append(False, flags[:-1]) & links
        right = np.append(flags[1:] & links[1:], False)
        inner = reading.is_name if flags is reading.is_name else np.ones(len(flags), dtype=bool)
        columns += [(left & inner)[spans.firsts], (right & inner)[spans.lasts]]
    return columns


def _announced(reading: Reading, spans: Spans) -> list[Flags]:
    """The word that announces the phrase, articles passed over, and the class of the second word after it."""
    count = len(reading.words)
    places = np.arange(count) - 1
    for index in range(1, count):
        if reading.classes[index - 1] == ARTICLE:
            places[index] = places[index - 1]
    cue = places[spans.firsts]
    known = cue >= 0
    beyond = spans.lasts + 2
    follows = beyond < count
    beyond = np.minimum(beyond, count - 1)
    return [
        known & (cue < spans.firsts - 1),
        *(known & (reading.low[cue] == word) for word in _CUES),
        *(known & (reading.classes[cue] == kind) for kind in range(CLASSES)),
        *(follows & (reading.classes[beyond] == kind) for kind in range(CLASSES)),
    ]
