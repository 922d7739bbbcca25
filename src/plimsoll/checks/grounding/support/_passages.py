"""What passages say, kept so that many sentences can be compared with them."""

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from ..words import FUNCTION_WORDS, NEGATIONS, TOKEN, is_end, multiplier, number_of, stem_of, value_of

_MOST_PLACES: Final = 48
"""Places kept of each word; more of a frequent word say nothing new, and time must stay in proportion to the text."""
BREAK: Final = ""
_KEPT_TERMS: Final = 50_000
_KEPT_STUDIES: Final = 16
_MOST_KEPT_CHARACTERS: Final = 100_000


class Term(NamedTuple):
    """What is known of a word without its neighbours."""

    stem: str
    value: float | None
    times: float | None
    """What it multiplies the number before it with."""
    content: bool
    negates: bool


@lru_cache(maxsize=_KEPT_TERMS)
def term_of(shown: str) -> Term:
    """A word in lower case, or a number."""
    figures = shown[0].isdigit()
    value = value_of(shown) if figures else number_of(shown)
    stem = f"{value:.12g}" if value is not None else shown if figures else stem_of(shown)
    return Term(stem, value, multiplier(shown), shown not in FUNCTION_WORDS, shown in NEGATIONS)


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
        self.pairs: set[tuple[str, str]] = set()
        self.triples: set[tuple[str, str, str]] = set()
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
        self.numbers.sort()

    def _read(self, passage: str) -> None:
        before, older = "", ""
        self._break()
        last: float | None = None
        for shown in TOKEN.findall(passage.lower()):
            if is_end(shown):
                self._break()
                continue
            term = term_of(shown)
            if term.value is not None:
                self.numbers.append(term.value)
            elif term.times is not None and last is not None:
                self.numbers.append(last * term.times)
            last = term.value
            self._keep(shown, term)
            self.pairs.add((before, term.stem))
            self.triples.add((older, before, term.stem))
            older, before = before, term.stem

    def _keep(self, shown: str, term: Term) -> None:
        if term.content:
            self.content.append(shown)
        if term.negates:
            self.negated.add(len(self.sentences) - 1)
        places = self.places.get(term.stem)
        if places is None:
            self.places[term.stem] = [len(self.stems)]
        elif len(places) < _MOST_PLACES and term.content:
            places.append(len(self.stems))
        self.stems.append(term.stem)
        self.sentence_of.append(len(self.sentences) - 1)
        self.lowered.add(shown)

    def _break(self) -> None:
        if self.sentences[-1] != len(self.stems):
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
        return best


def study(passages: tuple[str, ...]) -> Source:
    """The source of these passages; kept for a while when they are of ordinary size."""
    if sum(map(len, passages)) > _MOST_KEPT_CHARACTERS:
        return Source(passages)
    return _kept(passages)


@lru_cache(maxsize=_KEPT_STUDIES)
def _kept(passages: tuple[str, ...]) -> Source:
    return Source(passages)
