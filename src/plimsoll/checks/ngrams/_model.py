"""A linear model over n-grams that it knows, with one or more heads."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ._kept import Columns, Kept
from ._reading import Reading
from ._tokens import LONGEST, Keys, following, lower, own, short_tokens, tokens

FOLLOWING: Final = (0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3)
"""Of n-grams of two tokens and of three."""
_SHIFT: Final = 64
_SIGN_SHIFT: Final = np.uint64(32)
_SIGN: Final = np.uint64(0xFF)
_COLUMNS: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class NgramModel:
    """Weights of n-grams, of words and of characters.

    With `w` the weights of a text's n-grams, each once (one that the model does not know has none):
    `score = bias + scale * (sum of w over words / sqrt(number of those + few) + the same over characters)`

    What tokens add up to is kept for those that were seen, so that most of a text is only looked up.
    """

    heads: tuple[str, ...]
    """What each head answers."""
    signs: NDArray[np.uint8]
    """Shape (2 ** bits,): which of the n-grams that fall into a place of the table is meant."""
    weights: NDArray[np.int8]
    """Shape (2 ** bits, heads), of at most three heads."""
    scale: NDArray[np.float32]
    """Of each head."""
    bias: NDArray[np.float32]
    """Of each head."""
    digest: str = ""
    """Of the file that it was read from."""
    notes: dict[str, str] = field(default_factory=dict)
    """What else the file says: thresholds, calibration."""
    _table: NDArray[np.int32] = field(init=False, repr=False)
    """Signs and weights of a place side by side, so that one look finds both."""
    _kept: list[Kept] = field(init=False, repr=False)
    _last: tuple[NDArray[np.float64], NDArray[np.float64]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        together = np.zeros((len(self.weights), _COLUMNS), np.int8)
        together[:, 0] = self.signs.view(np.int8)
        together[:, 1 : 1 + len(self.heads)] = self.weights
        object.__setattr__(self, "_table", together.view(np.int32)[:, 0])
        object.__setattr__(self, "_kept", [Kept(len(self.heads))])
        object.__setattr__(self, "_last", (self.scale.astype(np.float64), self.bias.astype(np.float64)))

    @property
    def bits(self) -> int:
        """There are `2 ** bits` places."""
        return len(self.weights).bit_length() - 1

    def read(self, text: str) -> Reading:
        """A text (in the normal form of `plimsoll.checks.patterns`) as the model sees it, in time linear in it."""
        lowered = lower(text)
        lines = tokens(lowered)
        found = [*chain.from_iterable(lines)]
        kept = self._kept[0]
        places = kept.places_of(found)
        if len(places) and places.min() < 0:
            if max(map(len, found)) > LONGEST:
                lines = short_tokens(lowered)
                found = [*chain.from_iterable(lines)]
                places = kept.places_of(found)
            kept, places = self._filled(kept, found, places)
        columns = kept.take(places)
        keys = following(columns.cores, FOLLOWING)
        columns.ends[np.cumsum(np.fromiter(map(len, lines), np.int64, len(lines))) - 1] = True
        return Reading(lowered, columns, keys, self.weights_of(keys), self._last)

    def weights_of(self, keys: Keys) -> NDArray[np.int8]:
        """The weights of n-grams, with one more dimension than `keys`: heads."""
        found = self._table.take((keys >> np.uint64(_SHIFT - self.bits)).view(np.int64))
        known = (found & 0xFF) == ((keys >> _SIGN_SHIFT) & _SIGN).view(np.int64)
        found *= known
        return found.view(np.int8).reshape(*keys.shape, _COLUMNS)[..., 1 : 1 + len(self.heads)]

    def _filled(self, kept: Kept, found: Sequence[str], places: NDArray[np.int64]) -> tuple[Kept, NDArray[np.int64]]:
        """Where tokens are kept, all of which are now; `places` is below 0 for those that were not."""
        at = np.flatnonzero(places < 0).tolist()
        missing = list(dict.fromkeys(found[place] for place in at))
        if len(missing) <= kept.room and kept.add(missing, self._of_new(missing)):
            places[at] = kept.places_of([found[place] for place in at])
            return kept, places
        missing = list(dict.fromkeys(found))
        kept = Kept(len(self.heads), len(missing))
        kept.add(missing, self._of_new(missing))
        # A table that is larger than others is not worth its memory.
        self._kept[0] = kept if kept.is_small else Kept(len(self.heads))
        return kept, kept.places_of(found)

    def _of_new(self, found: Sequence[str]) -> Columns:
        """What tokens add up to: weights over words, weights over characters, and how many there are of each."""
        heads = len(self.heads)
        known = own(found)
        rows = np.zeros((len(found), 2 * heads + 2))
        for first, keys, owners in ((0, known.words, known.word_owners), (heads, known.characters, known.owners)):
            if len(keys):
                begins = _begins(owners)
                of = owners[begins[:-1]]
                sums = np.add.reduceat(self.weights_of(keys), begins[:-1], dtype=np.int64)
                rows[of, first : first + heads] = sums
                rows[of, 2 * heads + (first > 0)] = begins[1:] - begins[:-1]
        return Columns(rows, known.names, known.cores, known.ends)


def _begins(owners: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where what belongs to each owner begins, and where all ends; each owner's stands together."""
    other = np.ones(len(owners) + 1, np.bool_)
    np.not_equal(owners[1:], owners[:-1], out=other[1:-1])
    return np.flatnonzero(other)
