"""How much of a document's name a question says: `What did Acme earn in FY2021?` means `ACME_2021_10K.pdf`.

    score = min(1, said * said / all / 10)

where `said` is the weight of the name's words that the question says and `all` the weight of all its words; a word
weighs its idf among the names, so that what tells documents apart counts, and a long name of which little is said does
not. A year counts in full where it is the latest of the question, half where it is another one of it, and a little
where the name's year is later, because reports repeat the years before.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .._words import stem
from ._asked import Asked
from ._types import Numbers

_PART = re.compile(r"(?:19|20)\d\d(?!\d)|[Qq][1-4](?![\dA-Za-z])|[^\W\d_]+|\d+[A-Za-z]?(?![A-Za-z])|\d+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_QUARTER = re.compile(r"q[1-4]")
_SCALE = 10.0
"""So much idf, said in full, is a score of 1; the name of a company and a year among some dozens have about 4."""
_OTHER_YEAR = 0.5
_PREFIX = 0.7
_SHORTEST_NAME = 5
_SUFFIX = re.compile(r"\.[A-Za-z]{1,4}\Z")
"""Of a file; its kind is not part of its name."""
_MOST_PARTS = 40
_MOST_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class _Name:
    """The words of a name: how each is compared, and how it is spelled."""

    parts: tuple[tuple[str, str], ...]


def name_scores(question: Asked, names: Sequence[Sequence[str]]) -> Numbers:
    """For each document the best score of its names, such as its path and its title; from 0 to 1."""
    read = [[_read(name) for name in dict.fromkeys(own) if name] for own in names]
    weights = _weights(read)
    parts = {part for own in read for name in own for part in name.parts}
    said = {part: weights[part[0]] * _said(question, *part) for part in parts}
    return np.array([max((_score(name, said, weights) for name in own), default=0.0) for own in read])


@lru_cache(maxsize=_MOST_KEPT)
def _read(name: str) -> _Name:
    spelled = list(dict.fromkeys(part.lower() for part in _PART.findall(_SUFFIX.sub("", name))))[:_MOST_PARTS]
    return _Name(tuple((key, part) for part in spelled if (key := _key(part))))


def _key(part: str) -> str:
    return part if _YEAR.fullmatch(part) or _QUARTER.fullmatch(part) else stem(part)


def _weights(names: Sequence[Sequence[_Name]]) -> dict[str, float]:
    """The idf of each word among the documents."""
    total = len(names)
    holding = Counter(key for own in names for key in {key for name in own for key, _ in name.parts})
    return {key: math.log1p((total - count + 0.5) / (count + 0.5)) for key, count in holding.items()}


def _score(name: _Name, said: Mapping[tuple[str, str], float], weights: Mapping[str, float]) -> float:
    heard = sum([said[part] for part in name.parts])
    if heard <= 0:
        return 0.0
    everything = sum([weights[key] for key, _ in name.parts])
    return min(1.0, heard * heard / everything / _SCALE)


def _said(question: Asked, key: str, part: str) -> float:
    """How far a question says one word of a name, from 0 to 1."""
    if part[0].isdigit() and _YEAR.fullmatch(part):
        return _year(question, int(part))
    if part[0] == "q" and _QUARTER.fullmatch(part):
        return float(part in question.quarters)
    if key in question.stems:
        return 1.0
    return _PREFIX if len(part) >= _SHORTEST_NAME and part.startswith(question.spelled) else 0.0


def _year(question: Asked, year: int) -> float:
    last = question.last_year
    if last is None:
        return 0.0
    if year == last:
        return 1.0
    if year in question.years:
        return _OTHER_YEAR
    return _OTHER_YEAR / (year - last) if year > last else 0.0
