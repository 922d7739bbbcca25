"""From the heads of the model to scores from 0 to 1 of each kind, for texts of any length."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

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
_TOGETHER: Final = ("harassment", "hate", "self-harm", "sexual", "violence")
"""The kinds whose rows say of each text whether it has any of them."""
_TOP_SHARE: Final = 0.25
_HATE_ABOVE: Final = 1.25
"""Hate is at most so much likelier than its own head says, which knows denial and condemnation best."""
_WHOLE: Final = 6000
"""A longer text is judged in pieces, so that much that is harmless does not hide a little that is not."""
_PIECE: Final = 4000
_DIGITS: Final = 4


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

    Of the kinds that `any` knows, the likeliest has the log-odds `any + 0.25 * its own`, and each other so much less as
    it is less likely. A narrower kind is never likelier than the wider one.
    """
    said = dict(zip(model.heads, map(float, model.scores(seen)), strict=True))
    top = max(said[kind] for kind in _TOGETHER)
    together = said[_ANY] + (_TOP_SHARE - 1) * top
    at_most = said["hate"] + _HATE_ABOVE
    for kind in _TOGETHER:
        said[kind] += together
    said["hate"] = min(said["hate"], at_most)
    found = {kind: round(1 / (1 + math.exp(-max(-50.0, odds))), _DIGITS) for kind, odds in said.items()}
    del found[_ANY]
    for kind, score in found.items():
        wider = kind.partition("/")[0]
        found[kind] = min(score, found[wider])
    return found


def highest(text: str, pieces: Sequence[Piece]) -> dict[str, float]:
    """The score of each category: the highest of all pieces, and of the pattern. Raises ScanFailedError."""
    scores = {kind: max((piece.scores.get(kind, 0.0) for piece in pieces), default=0.0) for kind in CATEGORIES}
    hint = minors(text)
    if hint is not None:
        scores[MINORS] = hint[0]
        scores["sexual"] = max(scores["sexual"], hint[0])
    return scores
