"""From the heads of the model to scores from 0 to 1 of each kind, for texts of any length."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._latest import Latest
from ..harm import HarmModel, Seen, builtin_model
from ._minors import KIND as MINORS
from ._minors import minors

CATEGORIES: Final[tuple[str, ...]] = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
TOXICITY: Final[tuple[str, ...]] = ("toxic", "hateful", "offensive")

_ANY: Final = "any"
_HATE_AT_LENGTH: Final = "hate at length"
"""Knows posts and articles best, the head `hate` short sentences with denial, quotation and condemnation."""
_INNER: Final = (_ANY, _HATE_AT_LENGTH)
"""Heads that are no kinds."""
_TOGETHER: Final = ("harassment", "hate", "self-harm", "sexual", "violence")
"""The kinds whose rows say of each text whether it has any of them."""
_ANY_SHARE: Final = 0.6
_HATE_ABOVE: Final = 1.25
"""Hate is at most so much likelier than its own head says."""
_WHOLE: Final = 6000
"""A longer text is judged in pieces, so that much that is harmless does not hide a little that is not."""
_PIECE: Final = 4000
_ROUNDED: Final = 10_000
"""Scores are told in so many parts of one."""
_MOST_ODDS: Final = 50


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text, as the model sees it and what it says of it."""

    start: int
    end: int
    seen: Seen
    scores: Mapping[str, float]


_latest: "Latest[Sequence[Piece]]" = Latest()


def judged(text: str) -> Sequence[Piece]:
    """The pieces of a text with the scores of the trained kinds; none of a piece that says nothing.

    The checks of this room share them. Raises HarmFileError.
    """
    return _latest.of(text, lambda text: tuple(_judged(text)))


def _judged(text: str) -> Iterator[Piece]:
    model = builtin_model()
    for start, end in _pieces(text):
        seen = model.see(text[start:end])
        if seen.words or len(seen.rows):
            yield Piece(start, end, seen, _scores(model, seen))


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    if len(text) <= _WHOLE:
        yield 0, len(text)
        return
    start = 0
    while start < len(text):
        end = min(start + _PIECE, len(text))
        if end < len(text):
            cut = max(text.rfind(mark, start + _PIECE // 2, end) for mark in ("\n", ". ", " "))
            end = end if cut < 0 else cut + 1
        yield start, end
        start = end


def _scores(model: HarmModel, seen: Seen) -> dict[str, float]:
    """The head `any` knows best whether something is wrong, the others which kind it is.

    Of the kinds that `any` knows, the likeliest has the log-odds `0.6 * any + 0.4 * its own`, and each other so much
    less as it is less likely. A narrower kind is never likelier than the wider one.
    """
    order = _order(model.heads)
    odds = model.scores(seen)
    own = odds[order.together]
    at_most = odds[order.hate] + _HATE_ABOVE
    own += _ANY_SHARE * (odds[order.any] - own.max())
    odds[order.together] = own
    odds[order.hate] = min(odds[order.hate_at_length], at_most)
    found = np.rint(_ROUNDED / (1 + np.exp(-odds.clip(-_MOST_ODDS, _MOST_ODDS)))) / _ROUNDED
    said = dict(zip(model.heads, np.minimum(found, found[order.wider]).tolist(), strict=True))
    return {kind: score for kind, score in said.items() if kind not in _INNER}


class _Order(NamedTuple):
    """Where heads stand."""

    any: int
    hate: int
    hate_at_length: int
    together: NDArray[np.int64]
    wider: NDArray[np.int64]
    """For each head the one that it is a narrower kind of, or itself."""


@cache
def _order(heads: tuple[str, ...]) -> _Order:
    return _Order(
        heads.index(_ANY),
        heads.index("hate"),
        heads.index(_HATE_AT_LENGTH),
        np.array([heads.index(_HATE_AT_LENGTH if kind == "hate" else kind) for kind in _TOGETHER]),
        np.array([heads.index(kind.partition("/")[0]) for kind in heads]),
    )


def highest(text: str, pieces: Sequence[Piece]) -> dict[str, float]:
    """The score of each category: the highest of all pieces, and of the pattern. Raises ScanFailedError."""
    scores = {kind: max((piece.scores.get(kind, 0.0) for piece in pieces), default=0.0) for kind in CATEGORIES}
    hint = minors(text)
    if hint is not None:
        scores[MINORS] = hint[0]
        scores["sexual"] = max(scores["sexual"], hint[0])
    return scores
