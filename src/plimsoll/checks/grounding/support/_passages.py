"""What passages say, kept so that many sentences can be compared with them."""

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from ..words import Term, term_of, tokens_of

_MOST_PLACES: Final = 48
"""Places kept of each word; more of a frequent word say nothing new, and time must stay in proportion to the text."""
BREAK: Final = ""
_KEPT: Final = ((100_000, 16), (2_000_000, 2), (5_000_000, 1))
"""Up to how many characters how many sources are kept; one of a million takes some 40 MB."""


class Source:
    """All passages as one row of stems, with where each stem, pair of words and number stands."""

    __slots__ = (
        "content",
        "content_from",
        "lowered",
        "negated",
        "numbers",
        "pairs",
        "places",
        "sentence_of",
        "sentences",
        "stems",
        "triples",
        "vectors",
    )

    def __init__(self, passages: Sequence[str]) -> None:
        self.stems: list[str] = []
        self.lowered: set[str] = set()
        self.pairs: set[int] = set()
        """Hashes: pairs themselves would be work for the garbage collector, which took as long as all the rest."""
        self.triples: set[int] = set()
        self.places: dict[str, list[int]] = {}
        self.sentences: list[int] = [0]
        """Number of the first word of each sentence."""
        self.negated: set[int] = set()
        """Sentences that say no."""
        self.numbers: list[float] = []
        self.sentence_of: list[int] = []
        self.content: list[str] = []
        """Words that say something, in lower case, with two breaks behind each sentence."""
        self.content_from: list[int] = [0]
        """How many of them stand before each sentence."""
        self.vectors: tuple[Any, Any] | None = None
        """What `Meaning` keeps here."""
        for passage in passages:
            self._read(passage)
        self._break()
        self.numbers.sort()

    def _read(self, passage: str) -> None:
        self._break()
        lowered = passage.lower()
        shown = tokens_of(lowered).findall(lowered)
        terms = [term_of(word) for word in shown]
        first = len(self.stems)
        self._place(shown, terms)
        row = self.stems[first:]
        self.lowered.update(shown)
        self.pairs.update(map(hash, pairwise(row)))
        self.triples.update(map(hash, zip(row, row[1:], row[2:], strict=False)))
        self._count(terms)

    def _place(self, shown: Sequence[str], terms: Sequence[Term]) -> None:
        """Where each word stands. Called for every word of a passage, so it says `self` as rarely as it can."""
        stems, places, content = self.stems, self.places, self.content
        for word, (stem, _, _, says, negates, ends) in zip(shown, terms, strict=True):
            if ends:
                self._break()
                continue
            if stem not in places:
                places[stem] = [len(stems)]
            elif says and len(places[stem]) < _MOST_PLACES:
                places[stem].append(len(stems))
            if says:
                content.append(word)
            if negates:
                self.negated.add(len(self.sentences) - 1)
            stems.append(stem)

    def _count(self, terms: Sequence[Term]) -> None:
        """The numbers, and what they are with the `million` behind them."""
        last: float | None = None
        for term in terms:
            if term.value is not None:
                self.numbers.append(term.value)
            elif term.times is not None and last is not None:
                self.numbers.append(last * term.times)
            if not term.ends:
                last = term.value

    def _break(self) -> None:
        """End a sentence, where one has begun."""
        words = len(self.stems) - self.sentences[-1]
        if words:
            self.sentence_of += [len(self.sentences) - 1] * words
            self.sentences.append(len(self.stems))
            self.content += [BREAK, BREAK]
            self.content_from.append(len(self.content))

    def content_of(self, sentences: Sequence[int], most: int) -> list[str]:
        """The words that say something in these sentences, in the order given, up to a number of them."""
        found: list[str] = []
        for number in sentences:
            end = self.content_from[number + 1] if number + 1 < len(self.content_from) else len(self.content)
            found += self.content[self.content_from[number] : end]
            if len(found) >= most:
                break
        return found[:most]

    def holds_number(self, value: float, slack: float) -> bool:
        """Whether some number of the passages is as near as `slack` times the value."""
        least = value - abs(value) * slack
        at = bisect_left(self.numbers, least)
        return at < len(self.numbers) and self.numbers[at] <= value + abs(value) * slack

    def nearest(self, one: str, other: str) -> int | None:
        """Words from `one` to `other` where they stand nearest; below 0 when `other` comes first; None without both."""
        first, second = self.places.get(one), self.places.get(other)
        if not first or not second:
            return None
        best: int | None = None
        for place in first:
            at = bisect_left(second, place + 1)
            for found in second[max(0, at - 1) : at + 1]:
                if best is None or abs(found - place) < abs(best):
                    best = found - place
            if best in {-1, 1}:
                break
        return best


def study(passages: tuple[str, ...]) -> Source:
    """The source of these passages, kept for the sentences that follow; of more than 5 million characters it is not."""
    characters = sum(map(len, passages))
    return next((keep(passages) for most, keep in _SHELVES if characters <= most), None) or Source(passages)


_SHELVES: Final = tuple((most, lru_cache(maxsize=count)(Source)) for most, count in _KEPT)
