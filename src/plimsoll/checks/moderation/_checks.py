"""The checks `moderation` and `toxicity`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from .._errors import KindUnknownError
from .._types import NO_CONTEXT, Context, Found
from ..harm import builtin_model
from ._minors import KIND as MINORS
from ._minors import minors
from ._moderate import FLAGGED_FROM
from ._scores import CATEGORIES, TOXICITY, Piece, highest, judged

_VERSION_LENGTH = 8
_ALL_BELOW = 600
"""In a shorter text the whole is what is wrong with it; of a longer one the worst part is shown."""


class HarmCheck:
    """A check that judges whole texts by the trained model. Immutable, and safe to use from several threads.

    Where answers stream it may be asked sentence by sentence.
    """

    by_sentence = True

    def __init__(self, name: str, kinds: Sequence[str], least: float) -> None:
        self.name = name
        self.kinds = tuple(kinds)
        self.least = least

    @property
    def version(self) -> str:
        """The first characters of the digest of the weights. Raises HarmFileError."""
        return builtin_model().digest[:_VERSION_LENGTH]

    def scores(self, text: str) -> Mapping[str, float]:
        """From 0 to 1 for each kind; of a long text that of its worst piece. Raises ScanFailedError, HarmFileError."""
        pieces = judged(text)
        if self.name == "moderation":
            found = highest(text, pieces)
        else:
            found = {kind: max((one.scores[kind] for one in pieces), default=0.0) for kind in TOXICITY}
        return {kind: found[kind] for kind in self.kinds}

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:  # noqa: ARG002  # the text is enough
        """What a text falls under, each kind once in a piece. Raises ScanFailedError, HarmFileError."""
        found = [one for piece in judged(text) for one in self._of_piece(piece)]
        if MINORS in self.kinds:
            hint = minors(text)
            if hint is not None and hint[0] >= self.least:
                found.append(Found(hint[1], hint[2], MINORS, hint[0], "wording"))
        return sorted(found, key=lambda one: (one.start, one.end, self.kinds.index(one.kind)))

    def _of_piece(self, piece: Piece) -> Iterator[Found]:
        kinds = [kind for kind in self.kinds if piece.scores.get(kind, 0.0) >= self.least]
        if kinds:
            for kind, (start, end) in zip(kinds, _worst(piece, kinds), strict=True):
                yield Found(start, end, kind, piece.scores[kind], f"reads like {kind}")


def _worst(piece: Piece, kinds: Sequence[str]) -> Sequence[tuple[int, int]]:
    """The part of a piece that speaks most for each kind."""
    if piece.end - piece.start > _ALL_BELOW:
        found = builtin_model().worst(piece.seen, kinds)
        if found:
            return [(piece.start + start, piece.start + end) for start, end in found]
    return [(piece.start, piece.end)] * len(kinds)


def moderation(kinds: Iterable[str] = (), least: float = FLAGGED_FROM) -> HarmCheck:
    """The categories of OpenAI's moderation, or some of them. Raises KindUnknownError."""
    return _check("moderation", kinds, CATEGORIES, least)


def toxicity(kinds: Iterable[str] = (), least: float = FLAGGED_FROM) -> HarmCheck:
    """What people call toxic; hate and offensive words as they were labelled in tweets. Raises KindUnknownError."""
    return _check("toxicity", kinds, TOXICITY, least)


def _check(name: str, kinds: Iterable[str], known: Sequence[str], least: float) -> HarmCheck:
    wanted = tuple(kinds)
    for kind in wanted:
        if kind not in known:
            raise KindUnknownError(name, kind, known)
    return HarmCheck(name, wanted or known, least)
