"""A text as a model sees it."""

from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._kept import Columns
from ._tokens import HIGH, LOW, Flags, Keys, Places, spans

Numbers = NDArray[np.float64]

NEAR: Final = 20
"""Within so many tokens an n-gram counts once in windows."""
FEW_WORDS: Final = 2.0
FEW_CHARACTERS: Final = 4.0
"""What is added to the number of n-grams: of few, nobody can be sure."""
_FEW: Final = np.array([FEW_WORDS, FEW_CHARACTERS])
_ORDERS: Final = 3
_FEWEST_TOKENS: Final = 2
_HALF: Final = 1 << 32


class Windows(NamedTuple):
    """Stretches of a text, and how each head answers about each."""

    firsts: Places
    lasts: Places
    """From which token on, and before which."""
    scores: Numbers
    """Shape (windows, heads)."""


class Reading:
    """For each token of a text, what it and the n-grams that begin with it add up to. Immutable."""

    def __init__(
        self,
        lowered: str,
        columns: Columns,
        keys: Keys,
        following: NDArray[np.int8],
        last: tuple[Numbers, Numbers],
    ) -> None:
        self._rows, self.keys, _, self._ends = columns
        self.count = len(self.keys)
        """How many tokens there are; `keys` says of each which one it is."""
        self._lowered, self._following = lowered, following
        self._scale, self._bias = last
        self._new, self._rare = _counted(np.concatenate([self.keys, keys.ravel()]), self.count)

    @cached_property
    def spans(self) -> tuple[Places, Places]:
        """The character at which each token begins, and before which it ends."""
        return spans(self._lowered)

    def scores(self) -> Numbers:
        """How each head answers about the whole text; of a text without tokens only its bias speaks."""
        new = self._new.astype(np.float64)
        sums = new[: self.count] @ self._rows
        heads = len(self._bias)
        sums[:heads] += new[self.count :] @ self._following.reshape(-1, heads)
        sums[2 * heads] += new[self.count :].sum()
        return np.asarray(self._said(sums[None])[0], np.float64)

    def windows(self, width: int, step: int) -> Windows:
        """The same for all stretches of `width` tokens, one every `step` tokens; a shorter text is one window."""
        firsts, lasts = self._stretches(width, step)
        return Windows(firsts, lasts, self.between(firsts, lasts))

    def best(self, *sizes: tuple[int, int]) -> list[list[float] | None]:
        """The highest answers of each head about windows of some widths and steps, then about sentences and lines.

        None for windows that are wider than the text, and where no sentence has two tokens.
        """
        cuts = [self._stretches(*one) if one[0] < self.count else None for one in sizes]
        parts = self._parts()
        groups = [*cuts, parts if len(parts[0]) else None]
        some = [one for one in groups if one is not None]
        if not some:
            return [None] * len(groups)
        firsts, lasts = (np.concatenate(column) for column in zip(*some, strict=True))
        begins = np.cumsum([0, *(len(one[0]) for one in some[:-1])])
        tops = iter(np.maximum.reduceat(self.between(firsts, lasts), begins, axis=0).tolist())
        return [None if one is None else next(tops) for one in groups]

    def _stretches(self, width: int, step: int) -> tuple[Places, Places]:
        firsts = np.arange(0, max(1, self.count - width + step) if self.count else 0, step)
        return firsts, np.minimum(firsts + width, self.count)

    def _parts(self) -> tuple[Places, Places]:
        """Sentences and lines of at least two tokens."""
        lasts = np.flatnonzero(self._ends) + 1
        firsts = np.empty_like(lasts)
        firsts[:1] = 0
        firsts[1:] = lasts[:-1]
        kept = lasts - firsts >= _FEWEST_TOKENS
        return firsts[kept], lasts[kept]

    def between(self, firsts: Places, lasts: Places) -> Numbers:
        """How each head answers about stretches of tokens, each from one to before another, which lies behind."""
        return self._said(self._sums.take(lasts, axis=0) - self._sums.take(firsts, axis=0))

    @cached_property
    def _sums(self) -> Numbers:
        """Shape (tokens + 1, columns): what all tokens before each add up to, without what came shortly before."""
        heads = len(self._bias)
        rare = self._rare.reshape(_ORDERS, self.count)
        table = np.empty((self.count + 1, self._rows.shape[1]))
        table[0] = 0
        own = table[1:]
        np.multiply(self._rows, rare[0][:, None], out=own)
        own[:, :heads] += (self._following * rare[1:, :, None]).sum(axis=0, dtype=np.int16)
        own[:, 2 * heads] += rare[1]
        own[:, 2 * heads] += rare[2]
        return np.cumsum(table, axis=0, out=table)

    def _said(self, sums: Numbers) -> Numbers:
        heads = len(self._bias)
        # Of both families at once: weights over words and over characters, by how many there are of each.
        counts = np.sqrt(sums[:, 2 * heads :] + _FEW)
        found = sums[:, : 2 * heads].reshape(-1, 2, heads) / counts[:, :, None]
        told = found[:, 0] + found[:, 1]
        told *= self._scale
        told += self._bias
        return np.asarray(told, np.float64)


def _counted(keys: Keys, count: int) -> tuple[Flags, Flags]:
    """Of every n-gram: whether it is the first of its kind; whether none of its kind came shortly before."""
    packed = (keys & HIGH) | np.arange(len(keys), dtype=np.uint64)
    packed.sort()
    same = np.flatnonzero((packed[1:] ^ packed[:-1]) < _HALF)
    order = (packed & LOW).view(np.int64)
    again = order.take(same + 1)
    near = again - order.take(same) < NEAR
    new = np.ones(len(keys), np.bool_)
    new[again] = False
    rare = np.ones(len(keys), np.bool_)
    rare[again[near]] = False
    if count:
        # The last tokens begin nothing longer.
        for flags in (new, rare):
            flags[2 * count - 1] = False
            flags[max(2 * count, 3 * count - 2) :] = False
    return new, rare
