"""Numbers about each utterance for a query: likeness, shared words, what stands around it, and how much it says."""

import collections
import math
import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .._evidence import Embed
from .._terms import Word, words
from ._types import Meeting, Turn
from ._utterances import utterances

Floats = NDArray[np.float64]

COUNT: Final = 63
_MEAN_SHARE: Final = 0.7
_ALIKE_FROM: Final = 0.2
_UNKNOWN: Final = 5.0
"""Rarity of a word that no utterance has."""
_EMPTY_STEMS: Final = frozenset(word.stem for word in words("summarize discussion think group meeting did about"))
_PERSONAL: Final = re.compile(r"\b(?:i|you|my)\b", re.IGNORECASE)
_BLOCK: Final = 512
_MOST_OTHERS: Final = 8192
_NAME_CHARS: Final = 3
_LONG: Final = 60
_FIRST_PART, _LAST_PART = 0.1, 0.9


def prepare(turns: Sequence[Turn], embed: Embed) -> Meeting:
    """Everything about turns that does not depend on the query."""
    found = utterances(turns)
    vectors = embed([one.text for one in found]).astype(np.float64)
    if len(found):
        vectors = vectors - _MEAN_SHARE * vectors.mean(axis=0)
    vectors /= np.maximum(1e-9, np.linalg.norm(vectors, axis=1, keepdims=True))
    having = collections.Counter(stem for one in found for stem in set(one.stems))
    rarity = {stem: math.log(1 + len(found) / count) for stem, count in having.items()}
    return Meeting(found, len(turns), vectors, rarity, _centrality(vectors))


def _centrality(vectors: Floats) -> Floats:
    """Mean likeness to all others, what is hardly alike left out; block by block, so that memory stays bounded.

    Of a very long text every second, third, … utterance stands for all, so that time grows with the length alone.
    """
    others = vectors[:: 1 + len(vectors) // _MOST_OTHERS]
    blocks = [
        np.maximum(vectors[at : at + _BLOCK] @ others.T - _ALIKE_FROM, 0).mean(axis=1) * 10
        for at in range(0, len(vectors), _BLOCK)
    ]
    return np.concatenate(blocks) if blocks else np.zeros(0)


def is_general(query: str) -> bool:
    """Whether a query asks for the whole and not for one subject: an empty query, or one with no words of its own."""
    return not _asked(query)


def _asked(query: str) -> list[Word]:
    return [word for word in words(query) if not word.is_stop and word.stem not in _GENERAL]


_GENERAL: Final = _EMPTY_STEMS | frozenset(
    word.stem
    for word in words(
        "summary summarise whole entire main overall point points content contents topic topics subject conclusion "
        "decisions decided outcome key important general short brief overview document text report discussed"
    )
)


def utterance_features(query: str, meeting: Meeting, embed: Embed) -> Floats:
    """One row of `COUNT` numbers for each utterance."""
    own = [word for word in words(query) if not word.is_stop and word.stem not in _EMPTY_STEMS]
    stems = {word.stem for word in own}
    asked = embed([" ".join(word.text for word in own) or query or "summary"])[0].astype(np.float64)
    likeness = meeting.vectors @ asked
    shared = _shared(stems, meeting)
    said = _said(query, meeting)
    columns = [*_of_query(likeness, shared, meeting, said), *_of_itself(meeting), _has_any(stems, meeting)]
    columns += [likeness * _smooth(shared, 12), likeness * meeting.centrality]
    info = np.array([math.fsum(meeting.rarity[stem] for stem in set(one.stems)) for one in meeting.utterances])
    ranked = (likeness, shared + 1e-3 * likeness, _smooth(shared, 12), _smooth(likeness, 12), meeting.centrality, info)
    table = np.stack([*columns, *(_rank(one) for one in ranked)], axis=1)
    general = float(is_general(query))
    return np.concatenate([table, table * general, np.full((len(table), 1), general)], axis=1)


def _shared(stems: set[str], meeting: Meeting) -> Floats:
    """The share of the query's words that each utterance has, rare ones more."""
    total = math.fsum(meeting.rarity.get(stem, _UNKNOWN) for stem in stems) or 1.0
    return np.array(
        [math.fsum(meeting.rarity[stem] for stem in stems & set(one.stems)) / total for one in meeting.utterances]
    )


def _has_any(stems: set[str], meeting: Meeting) -> Floats:
    return np.array([not stems.isdisjoint(one.stems) for one in meeting.utterances], dtype=np.float64)


def _said(query: str, meeting: Meeting) -> Floats:
    """Whether the query names the speaker."""
    low = query.lower()
    return np.array(
        [
            any(len(part) >= _NAME_CHARS and part in low for part in one.speaker.lower().split())
            for one in meeting.utterances
        ],
        dtype=np.float64,
    )


def _of_query(likeness: Floats, shared: Floats, meeting: Meeting, said: Floats) -> list[Floats]:
    return [
        likeness, shared, _smooth(likeness, 3), _smooth(likeness, 12), _smooth(likeness, 40), _smooth(shared, 3),
        _smooth(shared, 12), _smooth(shared, 30), said, said * _smooth(shared, 12), meeting.centrality,
        _smooth(meeting.centrality, 5),
    ]  # fmt: skip


def _of_itself(meeting: Meeting) -> list[Floats]:
    found = meeting.utterances
    count = np.array([one.words for one in found], dtype=np.float64)
    info = np.array([math.fsum(meeting.rarity[stem] for stem in set(one.stems)) for one in found])
    place = np.array([one.turn for one in found]) / max(1, meeting.turns)
    asks = np.array([one.text.endswith("?") for one in found])
    personal = np.array([bool(_PERSONAL.search(one.text)) for one in found])
    goes_on = np.array([at > 0 and found[at - 1].speaker == one.speaker for at, one in enumerate(found)])
    columns = [
        np.log(count), np.minimum(count, _LONG) / _LONG, info / count, np.log1p(info), place, place < _FIRST_PART,
        place > _LAST_PART, asks, personal, goes_on,
    ]  # fmt: skip
    return [np.asarray(column, dtype=np.float64) for column in columns]


def _smooth(values: Floats, reach: int) -> Floats:
    """The mean over neighbours, each further one less."""
    kernel = np.exp(-np.abs(np.arange(-3 * reach, 3 * reach + 1)) / reach)
    full: Floats = np.convolve(values, kernel / kernel.sum(), mode="full")
    return full[3 * reach : 3 * reach + len(values)]


def _rank(values: Floats) -> Floats:
    order: Floats = np.argsort(np.argsort(values, kind="stable"), kind="stable") / max(1, len(values))
    return order
