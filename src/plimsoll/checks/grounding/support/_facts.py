"""What is known of a sentence beside its sources, as numbers; the higher each of them, the less the sources say it."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import log1p
from typing import Final, NamedTuple

from ..words import (
    ABSOLUTES,
    ANTONYMS,
    CAUSES,
    NAMES,
    OPINIONS,
    Sentence,
    Word,
    multiplier,
    relative_times,
    stem_of,
    term_of,
)
from ._meaning import Meaning
from ._passages import Source

FACTS: Final = (
    "new_content_count",  # words that say something and are not in the sources
    "new_words",  # share of all words, as they are written
    "new_triples",  # share of runs of three words
    "far_content",  # mean distance in meaning of the new words, 0 for known ones
    "farthest_content",
    "among_mean",  # the same with the words around, for all words
    "among_worst",
    "new_numbers",
    "new_names",  # by their capital letter
    "listed_names",  # of people and places, however they are written
    "new_times",  # `last year`, `the first time`
    "far_links",  # share of neighbouring known words that stand far from each other in the sources
    "backward_links",  # and of those that stand there the other way round
    "loose_numbers",  # numbers that stand there beside other words
    "outside_best",  # share of what says something that the most similar sentence does not hold
    "negation_differs",
    "antonyms",
    "absolutes",  # `all`, `never`: where the sources do not say so
    "causes",
    "opinions",
    "first_person",
)
_NEAR_WORDS: Final = 12
_BESIDE: Final = 8
_ROUNDED: Final = 0.02
_ALIKE: Final = 0.85
_FEW: Final = frozenset({2.0, 3.0})
"""Numbers in words that are mostly counts of what the sources name one by one."""
_YEARS: Final = 2100
_MOST_OF_SENTENCE: Final = 200
_FIRST_PERSON: Final = frozenset({"i", "i'm", "i've", "i'd", "i'll", "me", "my", "mine", "myself"})


class Judged(NamedTuple):
    """A sentence with its facts, and the words behind them."""

    sentence: Sentence
    facts: list[float]
    numbers: tuple[Word, ...]
    """Which the sources do not have."""
    names: tuple[Word, ...]
    antonyms: tuple[Word, ...]
    new: tuple[Word, ...]
    negated: bool
    links: int
    """How many neighbours stand far from each other in the sources."""


def judged(sentence: Sentence, source: Source, known: frozenset[str], meaning: Meaning) -> Judged:
    """Everything about one sentence; `known` are stems that need no source, such as those of the question."""
    content = [word for word in sentence.words if word.content and (word.value is not None or word.stem not in known)]
    numbers = _new_numbers(sentence.words, source)
    new = [word for word in content if _is_new(word, source, numbers)]
    names = [word for word in new if _is_name(word, sentence.words)]
    listed = [word for word in new if word.shown.lower() in NAMES]
    held, best = _most_similar(content, source)
    where = best[0] if best else None
    antonyms = _antonyms(new, source, where)
    negated = where is not None and held >= _ALIKE and _says_no(sentence) != (where in source.negated)
    links = _links(content, source)
    far = sum(link is None or abs(link) > _NEAR_WORDS for link in links)
    facts = [
        *_novelty(sentence, new, source),
        *_distances(content, new, source, best, meaning),
        log1p(len(numbers)),
        log1p(len(names)),
        log1p(len(listed)),
        log1p(sum(hash(pair) not in source.pairs for pair in relative_times(sentence.words))),
        far / max(1, len(links)),
        sum(link is not None and -_NEAR_WORDS <= link < 0 for link in links) / max(1, len(links)),
        log1p(_loose(content, source, numbers)),
        1 - held,
        float(negated),
        float(bool(antonyms)),
        *_wording(sentence, source),
    ]
    named = tuple(dict.fromkeys((*names, *listed)))
    return Judged(sentence, facts, tuple(numbers), named, tuple(antonyms), tuple(new), negated, far)


def _novelty(sentence: Sentence, new: Sequence[Word], source: Source) -> list[float]:
    stems = [word.stem for word in sentence.words]
    return [
        log1p(len(new)),
        _share(word.shown.lower() not in source.lowered for word in sentence.words),
        _share(hash(triple) not in source.triples for triple in zip(stems, stems[1:], stems[2:], strict=False)),
    ]


def _share(answers: Iterable[bool]) -> float:
    listed = list(answers)
    return sum(listed) / max(1, len(listed))


def _distances(
    content: Sequence[Word], new: Sequence[Word], source: Source, best: Sequence[int], meaning: Meaning
) -> list[float]:
    if not content:
        return [0.0] * 4
    positions = {word.start for word in new}
    is_new = [word.start in positions for word in content]
    near = meaning.nearness([word.shown.lower() for word in content], is_new, source, best)
    alone, among = 1 - near.alone, 1 - near.among
    return [float(alone.mean()), float(alone.max()), float(among.mean()), float(among.max())]


def _is_new(word: Word, source: Source, numbers: Sequence[Word]) -> bool:
    return word in numbers if word.value is not None else word.stem not in source.places


def _new_numbers(words: Sequence[Word], source: Source) -> list[Word]:
    """Numbers that the sources do not have, not even rounded."""
    found = []
    for at, word in enumerate(words):
        if word.value is None:
            if word.shown[0].isdigit() and word.stem not in source.places:
                found.append(word)
            continue
        if not word.content or (word.value in _FEW and not word.shown[0].isdigit()):
            continue
        times = multiplier(words[at + 1].shown.lower()) if at + 1 < len(words) else None
        if times is None and word.stem in source.places:
            continue
        value = word.value * (times or 1)
        exact = times is None and value < _YEARS and value == int(value)
        if not source.holds_number(value, 0.0 if exact else _ROUNDED):
            found.append(word)
    return found


def _is_name(word: Word, words: Sequence[Word]) -> bool:
    """Whether a word is written as a name where nothing else asks for a capital."""
    return word.value is None and word.shown[:1].isupper() and word is not words[0]


def _most_similar(content: Sequence[Word], source: Source) -> tuple[float, list[int]]:
    """The largest share of the content that one sentence holds, and all sentences that hold some, the best first."""
    stems = {word.stem for word in content}
    held: dict[int, int] = {}
    for stem in stems:
        for number in {source.sentence_of[place] for place in source.places.get(stem, ())}:
            held[number] = held.get(number, 0) + 1
    best = sorted(held, key=lambda number: (-held[number], number))
    return (held[best[0]] / len(stems) if best else 0.0), best


def _stems_of(number: int, source: Source) -> list[str]:
    if not 0 <= number < len(source.sentences):
        return []
    start = source.sentences[number]
    end = source.sentences[number + 1] if number + 1 < len(source.sentences) else len(source.stems)
    return source.stems[start : min(end, start + _MOST_OF_SENTENCE)]


def _links(content: Sequence[Word], source: Source) -> list[int | None]:
    """How far apart neighbours among the known words stand in the sources."""
    known = [word.stem for word in content if word.stem in source.places]
    return [source.nearest(one, other) for one, other in pairwise(known) if one != other]


def _loose(content: Sequence[Word], source: Source, new: Sequence[Word]) -> int:
    """Numbers of the sources that stand there with none of their neighbours here."""
    loose = 0
    for at, word in enumerate(content):
        if word.value is None or word in new or word.stem not in source.places:
            continue
        beside = [one.stem for one in content[max(0, at - 2) : at + 3] if one is not word]
        gaps = [source.nearest(word.stem, stem) for stem in beside]
        loose += bool(beside) and not any(gap is not None and abs(gap) <= _BESIDE for gap in gaps)
    return loose


def _says_no(sentence: Sentence) -> bool:
    return any(term_of(word.shown.lower()).negates for word in sentence.words)


def _antonyms(new: Sequence[Word], source: Source, where: int | None) -> list[Word]:
    """New words whose opposite stands in the most similar sentence."""
    if where is None:
        return []
    stems = set(_stems_of(where, source))
    return [word for word in new if not stems.isdisjoint(_OPPOSITES.get(word.stem, ()))]


def _wording(sentence: Sentence, source: Source) -> list[float]:
    fresh = [word.shown.lower() for word in sentence.words if word.shown.lower() not in source.lowered]
    return [
        float(not ABSOLUTES.isdisjoint(fresh)),
        float(not CAUSES.isdisjoint(fresh)),
        log1p(sum(word in OPINIONS for word in fresh)),
        float(not _FIRST_PERSON.isdisjoint(fresh)),
    ]


def _opposites() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for pair in ANTONYMS:
        stems = {stem_of(word) for word in pair}
        for stem in stems:
            found.setdefault(stem, set()).update(stems - {stem})
    return {stem: frozenset(others) for stem, others in found.items()}


_OPPOSITES: Final = _opposites()
