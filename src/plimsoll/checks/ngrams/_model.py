"""A linear model over hashed n-grams, with one or more heads."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._codes import Places
from ._features import CHARACTERS, WORDS, blocks

Numbers = NDArray[np.float64]
Sums = NDArray[np.int64]

_FAMILIES: Final = (len(WORDS), len(CHARACTERS))


class Windows(NamedTuple):
    """Stretches of a text, and how each head answers about each."""

    starts: Places
    ends: Places
    """Characters of the text that was read."""
    scores: Numbers
    """Shape (windows, heads)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as a model sees it: for each word, what it and the n-grams that begin with it add up to."""

    starts: Places
    """The character at which each word begins."""
    ends: Places
    """The character before which it ends."""
    words: Sums
    """Shape (words + 1, heads): weights of the n-grams of words before each word, summed up."""
    characters: Sums
    """The same of n-grams of characters."""
    counts: Places
    """Shape (words + 1,): how many characters there are before each word."""
    buckets: Places
    """Of each word by itself: the same for the same word."""
    scale: Numbers
    bias: Numbers

    def scores(self) -> Numbers:
        """How each head answers about the whole text; of a text without characters only its bias speaks."""
        if not len(self.starts):
            return self.bias.copy()
        whole = self.between(np.zeros(1, np.int64), np.full(1, len(self.starts)))
        return np.asarray(whole[0], np.float64)

    def windows(self, width: int, step: int) -> Windows:
        """The same for all stretches of `width` words, one every `step` words; a shorter text is one window."""
        count = len(self.starts)
        if not count:
            return Windows(self.starts, self.ends, np.zeros((0, len(self.bias))))
        firsts = np.arange(0, max(1, count - width + step), step)
        lasts = np.minimum(firsts + width, count)
        return Windows(self.starts[firsts], self.ends[lasts - 1], self.between(firsts, lasts))

    def between(self, firsts: Places, lasts: Places) -> Numbers:
        """How each head answers about stretches of words, each from one word to before another, which lies behind."""
        words = (self.words[lasts] - self.words[firsts]) / np.sqrt(_FAMILIES[0] * (lasts - firsts))[:, None]
        sizes = np.maximum(1, self.counts[lasts] - self.counts[firsts])
        characters = (self.characters[lasts] - self.characters[firsts]) / np.sqrt(_FAMILIES[1] * sizes)[:, None]
        return np.asarray((words + characters) * self.scale + self.bias, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class NgramModel:
    """Weights of hashed n-grams.

    With `w` the weights of a text's n-grams, each as often as it stands there:
    `score = bias + scale * (sum of w over words / sqrt(number of those) + the same over characters)`
    """

    heads: tuple[str, ...]
    """What each head answers."""
    weights: NDArray[np.int8]
    """Shape (2 ** bits, heads)."""
    scale: NDArray[np.float32]
    """Of each head."""
    bias: NDArray[np.float32]
    """Of each head."""
    digest: str = ""
    """Of the file that it was read from."""
    notes: dict[str, str] = field(default_factory=dict)
    """What else the file says: thresholds, calibration."""

    _wide: NDArray[np.int16] = field(init=False, repr=False)
    """The weights once more, with room for sums."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_wide", np.ascontiguousarray(self.weights, np.int16))

    @property
    def bits(self) -> int:
        """There are `2 ** bits` buckets."""
        return len(self.weights).bit_length() - 1

    def read(self, text: str) -> Reading:
        """A text (in the normal form of `plimsoll.checks.patterns`) as the model sees it, in time linear in it."""
        heads = len(self.heads)
        starts: list[Places] = []
        ends: list[Places] = []
        words: list[NDArray[np.int16]] = [np.zeros((1, heads), np.int16)]
        characters: list[Sums] = [np.zeros((1, heads), np.int64)]
        counts: list[Places] = [np.zeros(1, np.int64)]
        alone: list[Places] = []
        for block in blocks(text, self.bits):
            starts.append(block.starts)
            ends.append(block.ends)
            alone.append(block.words[0])
            words.append(self._sums(block.words))
            characters.append(np.add.reduceat(self._sums(block.characters), block.firsts, axis=0, dtype=np.int64))
            counts.append(np.diff(block.firsts, append=block.characters.shape[1]))
        nothing = np.zeros(0, np.int64)
        return Reading(
            starts=np.concatenate(starts) if starts else nothing,
            ends=np.concatenate(ends) if ends else nothing,
            words=np.cumsum(np.concatenate(words), axis=0, dtype=np.int64),
            characters=np.cumsum(np.concatenate(characters), axis=0),
            counts=np.cumsum(np.concatenate(counts)),
            buckets=np.concatenate(alone) if alone else nothing,
            scale=self.scale.astype(np.float64),
            bias=self.bias.astype(np.float64),
        )

    def _sums(self, buckets: NDArray[np.int64]) -> NDArray[np.int16]:
        """Shape (places, heads): the weights of each place's n-grams, of all lengths, together."""
        found: NDArray[np.int16] = self._wide.take(buckets[0], axis=0)
        for row in buckets[1:]:
            found += self._wide.take(row, axis=0)
        return found
