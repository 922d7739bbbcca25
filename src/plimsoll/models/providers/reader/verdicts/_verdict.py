"""Decide a yes-or-no question from passages, by cues of agreement, denial and doubt and the meaning of the last one.

Results stand last, so the last passage counts apart from the others.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from .._evidence import Embed
from ..linear import Linear

Verdict = Literal["yes", "no", "maybe"]
VERDICTS: Final[tuple[Verdict, ...]] = ("yes", "no", "maybe")

_CUES: Final = tuple(
    re.compile(cue, re.IGNORECASE)
    for cue in (
        r"\bno (?:significant|statistical\w*|difference|association|correlation|evidence|effect)",
        r"\bnot\b", r"\bno\b", r"(?:did|was|were|does|do) not", r"significant(?:ly)?", r"not (?:\w+ ){0,2}significant",
        r"p\s*[<=]\s*0?\.0", r"p\s*[>=]\s*0?\.[1-9]", r"higher|greater|increased|more",
        r"lower|less|decreased|reduced|fewer", r"similar|same|comparable|equal", r"associated|correlat|predict",
        r"however|although|but|whereas", r"may|might|could|suggest", r"independent(?:ly)?", r"differ", r"improve",
        r"\d+%", r"p\s*[<=]\s*0?\.00", r"respectively", r"only|few|limited|small", r"further|unclear|uncertain",
        r"neither|nor|without|lack|fail", r"risk|odds|\bOR\b|\bCI\b",
    )
)  # fmt: skip
_OPENINGS: Final = ("is", "are", "does", "do", "can", "should", "has", "did", "was", "will")
_ASKED: Final = tuple(
    re.compile(asked, re.IGNORECASE)
    for asked in (
        r"\bdifferen", r"\baffect|influence|impact|effect", r"predict|associat|correlat|relat", r"\bor\b",
        r"necessary|need|should|useful|worth", r"improve|benefit|reduce|increase", r"safe|feasib|accura|reliab|valid",
        r"still|really|just|same|enough|a myth|\?.+", r":", r"why|time|all",
    )
)  # fmt: skip
_MOST_LAST, _MOST_ALL = 3, 4


@dataclass(frozen=True, slots=True)
class Decided:
    """A verdict, and how likely each one is."""

    verdict: Verdict
    probabilities: dict[str, float]


def verdict_features(question: str, passages: Sequence[str], embed: Embed) -> NDArray[np.float64]:
    """One row of numbers for a question and its passages, of which there is one or more."""
    last, whole = passages[-1], " ".join(passages)
    in_last = [len(cue.findall(last)) for cue in _CUES]
    first = question.lower().split()[:1]
    row = [
        *(min(_MOST_LAST, count) for count in in_last),
        *(min(_MOST_ALL, len(cue.findall(whole))) for cue in _CUES),
        *(count > 0 for count in in_last),
        *(first == [word] for word in _OPENINGS),
        *(bool(asked.search(question)) for asked in _ASKED),
        len(question.split()) / 10, len(last.split()) / 100, len(passages),
    ]  # fmt: skip
    return np.concatenate([np.array(row, dtype=np.float64), embed([question, last]).astype(np.float64).ravel()])


def decide(question: str, passages: Sequence[str], embed: Embed, *, model: Linear) -> Decided:
    """What the passages say to the question."""
    chances = model.probabilities(verdict_features(question, passages, embed)[None, :])[0]
    return Decided(VERDICTS[int(chances.argmax())], dict(zip(VERDICTS, map(float, chances), strict=True)))
