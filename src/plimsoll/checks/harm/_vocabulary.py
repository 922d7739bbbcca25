"""What stands between two spaces, read once: its tokens with their classes, and its words with their weights.

Most of a text was read before, in another order. So a text is looked up piece by piece, and what its pieces add up to
is found without reading letters again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ._grams import distinct_words
from ._words import NOT_LOOKED_FOR, Lexicon, Tagged, joined, parts_of, read_lexicon, tokens_of

_KEPT_CHUNKS: Final = 20_000
_KEPT_PARTS: Final = 60_000
"""Tokens, and words, of all chunks together."""
_ALONE: Final = 2
"""A chunk that is one letter or digit; 1 is one that begins with such a one."""

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
Weigh = Callable[[Sequence[str]], Numbers]
"""The weights of words, shape (words, any)."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A text in which every chunk is known."""

    lowered: str
    """With letters that stand alone joined."""
    tagged: Tagged
    words: list[str]
    """Its words, each once."""
    weights: Numbers
    """What the weights of its words add up to."""


class _Lists:
    """A list of numbers for each chunk, all in one array."""

    def __init__(self, chunks: int, parts: int) -> None:
        self._starts = np.zeros(chunks, np.int64)
        self._counts = np.zeros(chunks, np.int64)
        self._parts = np.zeros(parts, np.int64)
        self._used = 0

    def has_room(self, parts: int) -> bool:
        return self._used + parts <= len(self._parts)

    def add(self, chunk: int, parts: Sequence[int]) -> None:
        end = self._used + len(parts)
        self._parts[self._used : end] = parts
        self._starts[chunk], self._counts[chunk] = self._used, len(parts)
        self._used = end

    def of(self, chunks: Places) -> Places:
        """The lists of some chunks, one behind the other."""
        counts = self._counts.take(chunks)
        ends = counts.cumsum()
        shifts = self._starts.take(chunks)
        shifts += counts
        shifts -= ends
        return self._parts.take(shifts.repeat(counts) + np.arange(ends[-1]))


class _Table:
    """Chunks that were read. A row is written before its chunk is known, and never again."""

    def __init__(self, lexicon: Lexicon, weigh: Weigh, chunks: int, parts: int) -> None:
        self._lexicon = lexicon
        self._weigh = weigh
        self._lock = Lock()
        self._token_numbers: dict[str, int] = {}
        self._word_numbers: dict[str, int] = {}
        self._chunks = chunks
        self.numbers: dict[str, int] = {}
        self.alone = np.zeros(chunks, np.int8)
        self.tokens: list[str] = []
        self.codes = np.zeros((2, parts), np.int64)
        self.token_lists = _Lists(chunks, parts)
        self.words: list[str] = []
        self.weights = np.zeros((parts, weigh([]).shape[1]), np.float64)
        self.word_lists = _Lists(chunks, parts)

    def add(self, chunks: Iterable[str]) -> bool:
        """Reads those that are not known. Whether there was room."""
        with self._lock:
            new = [(chunk, tokens_of(chunk), distinct_words(chunk)) for chunk in chunks if chunk not in self.numbers]
            tokens, words = (sum(len(one[part]) for one in new) for part in (1, 2))
            if len(self.numbers) + len(new) > self._chunks or not self.token_lists.has_room(tokens):
                return False
            if not self.word_lists.has_room(words):
                return False
            self._add_words(dict.fromkeys(word for _, _, found in new for word in found))
            for chunk, found, said in new:
                number = len(self.numbers)
                self.token_lists.add(number, [self._token(token) for token in found])
                self.word_lists.add(number, [self._word_numbers[word] for word in said])
                self.alone[number] = _alone(chunk)
                self.numbers[chunk] = number
            return True

    def _token(self, token: str) -> int:
        number = self._token_numbers.setdefault(token, len(self.tokens))
        if number == len(self.tokens):
            self.codes[:, number] = self._lexicon.code(token), NOT_LOOKED_FOR
            self.tokens.append(token)
        return number

    def _add_words(self, words: Iterable[str]) -> None:
        new = [word for word in words if word not in self._word_numbers]
        if new:
            start = len(self.words)
            self.weights[start : start + len(new)] = self._weigh(new)
            self.words += new
            self._word_numbers.update((word, start + place) for place, word in enumerate(new))


class Vocabulary:
    """Reads texts in lower case. Keeps at most so many chunks, and begins anew when they are more.

    Safe to use from several threads.
    """

    def __init__(self, lexicon: Lexicon, weigh: Weigh) -> None:
        self._lexicon = lexicon
        self._weigh = weigh
        self._table = self._empty(_KEPT_CHUNKS, _KEPT_PARTS)

    def read(self, lowered: str) -> Looked:
        """What is known of a text, in time linear in it."""
        table, numbers = self._numbers(lowered)
        alone = table.alone.take(numbers)
        if ((alone[:-1] == _ALONE) & (alone[1:] > 0)).any():
            lowered = joined(lowered)
            table, numbers = self._numbers(lowered)
        tokens = table.token_lists.of(numbers)
        tagged = self._lexicon.tagged(tokens, table.codes, table.tokens)
        names = table.words
        is_there = np.zeros(len(names), np.bool_)
        is_there[table.word_lists.of(numbers)] = True
        words = np.flatnonzero(is_there)
        weights = table.weights.take(words, axis=0).sum(axis=0)
        return Looked(lowered, tagged, [names[word] for word in words.tolist()], weights)

    def _numbers(self, lowered: str) -> tuple[_Table, Places]:
        """The number of each chunk, and the table that knows them."""
        chunks = chunks_of(lowered)
        table = self._table
        try:
            return table, _looked_up(table, chunks)
        except KeyError:
            chunks = [part for chunk in chunks for part in parts_of(chunk)]
        missing = dict.fromkeys(chunks)
        if not table.add(missing):
            self._table = table = self._empty(_KEPT_CHUNKS, _KEPT_PARTS)
            if not table.add(missing):
                table = self._empty(len(chunks), len(lowered) + 1)
                table.add(missing)
        return table, _looked_up(table, chunks)

    def _empty(self, chunks: int, parts: int) -> _Table:
        return _Table(self._lexicon, self._weigh, chunks, parts)


def _looked_up(table: _Table, chunks: Sequence[str]) -> Places:
    return np.fromiter(map(table.numbers.__getitem__, chunks), np.int64, len(chunks))


def chunks_of(lowered: str) -> list[str]:
    """What stands between spaces and line breaks, line breaks too."""
    return lowered.replace("\n", " \n ").split(" ")


def _alone(chunk: str) -> int:
    begins = bool(chunk) and _is_of_word(chunk[0]) and not _is_of_word(chunk[1:2])
    return (_ALONE if len(chunk) == 1 else 1) if begins else 0


def _is_of_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def vocabulary(lexicon: bytes) -> Vocabulary:
    """One of a lexicon's file, where words have no weights: for training. Raises KeyError and ValueError."""
    return Vocabulary(read_lexicon(lexicon), lambda words: np.zeros((len(words), 0)))
