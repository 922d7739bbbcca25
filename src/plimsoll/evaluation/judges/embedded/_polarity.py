"""Whether a text says yes or no, and which way it says that something went."""

import re
from typing import Final

from ._words import content

_NO: Final = re.compile(r"\b(?:no|not|none|never|neither|nor|cannot|without|nothing)\b|n['\u2019]t\b", re.IGNORECASE)
_YES_FIRST: Final = re.compile(
    r"^\W{0,9}(?:based on[^.,]{0,120},\s{0,3})?(?:(?:so|and|then|in summary|therefore|thus|overall),?\s{0,3}){0,3}"
    r"(yes|no|none|there (?:are|were|is) no(?:ne)?)\b",
    re.IGNORECASE,
)
_RISES: Final = "improv increas grow grew grown ris rose risen higher gain expand up positive rais strengthen"
_FALLS: Final = (
    "declin decreas drop fall fell fallen lower reduc shrink shrank worsen deteriorat negative down contract weaken"
)
_UP: Final = tuple(_RISES.split())
_DOWN: Final = tuple(_FALLS.split())
_OPENING: Final = re.compile(
    r"(?:^|[.:,;?!]\s{1,3})(?:in \d{4}[^,]{0,12},\s{0,3}|looking at [^,]{0,80},\s{0,3}|as of [^,]{0,80},\s{0,3})?"
    r"(?:does|do|did|is|are|was|were|has|have|had|can|could|will|would|should)\b",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_CONCLUDES: Final = re.compile(
    r"\b(?:therefore|thus|in summary|in conclusion|overall|hence|so,|conclude|this (?:means|indicates|suggests|shows))",
    re.IGNORECASE,
)


def asks_whether(question: str) -> bool:
    """Whether yes or no would answer a question."""
    return _OPENING.search(question) is not None


def polarity(text: str, question: str) -> float:
    """1 where a text says yes to a question, -1 where it says no, 0 where it does not say, and what lies between.

    A text that begins with yes or no means it; so does a sentence that draws a conclusion. Otherwise the sentences
    that are most about the question are looked at: for words of denial, and for a direction against the question's.
    """
    plain = _YES_FIRST.match(text)
    if plain is not None:
        return 1.0 if plain[1].lower() == "yes" else -1.0
    sentences = [one for one in _SENTENCE.split(text) if one.strip()]
    if not sentences:
        return 0.0
    last = [one for one in sentences if _CONCLUDES.search(one)] or sentences[-1:]
    for sentence in (*last[::-1], *sentences):
        plain = _YES_FIRST.match(sentence) or re.search(r"[,:]\s(yes|no)[,.]", sentence, re.IGNORECASE)
        if plain is not None:
            return 1.0 if plain[1].lower() == "yes" else -1.0
    asked = frozenset(content(question))
    weighed = [(_about(one, asked), _says(one, question)) for one in (sentences[0], *last)]
    total = sum(weight for weight, _ in weighed)
    return sum(weight * said for weight, said in weighed) / total if total else 0.0


def direction(text: str) -> float:
    """1 where all its words of change go up, -1 where all go down, 0 where there are none or as many of each."""
    stems = content(text)
    ups = sum(one.startswith(_UP) for one in stems)
    downs = sum(one.startswith(_DOWN) for one in stems)
    return (ups - downs) / (ups + downs) if ups + downs else 0.0


def _about(sentence: str, asked: frozenset[str]) -> float:
    return len(asked.intersection(content(sentence))) + 0.1


def _says(sentence: str, question: str) -> float:
    denies = len(_NO.findall(sentence)) % 2 == 1
    wanted, said = direction(question), direction(sentence)
    against = wanted * said < 0
    return -0.7 if denies != against else 0.7
