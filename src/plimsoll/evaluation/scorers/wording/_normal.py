"""Comparing answers as SQuAD does (Rajpurkar et al. 2016, evaluate-v1.1): without case, punctuation and articles."""

import re
import string

from ..._observation import Observation

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalise(text: str) -> str:
    """Lower case, no punctuation, no articles, single spaces."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def tokens(text: str) -> list[str]:
    """The words of the normalised text."""
    return normalise(text).split()


def given_answer(seen: Observation) -> str:
    """What is compared with accepted answers: the answer's span, or the whole answer where it has none."""
    return seen.span or seen.answer
