"""Is an answer right, given the question and an answer that is known to be right? By rules, without asking anybody."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ._numbers import Number, closeness, read_numbers
from ._polarity import asks_whether, direction, polarity
from ._refusals import refusal
from ._words import content, names, recall

_ANSWERS: Final = frozenset({"yes", "no", "none"})
Said = Literal["correct", "incorrect", "refusal"]
_REFUSES: Final = 0.3
_MOST_CHARACTERS: Final = 50_000
"""Of longer answers only the beginning is read."""
_SURE: Final = 0.8
"""An answer that says so surely what the reference says does not refuse, whatever else it says."""
_REFUSED: Final = 0.2
_BALANCE: Final = 0.45
"""The share of a reference's words that says neither that an answer is right nor that it is wrong."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What speaks for an answer, and what against it. None where the reference says nothing of the kind."""

    numbers: float | None
    """The share of the reference's numbers that the answer says."""
    concluded: float | None
    """The same, of the answer's conclusion alone: its first and last sentences, and what is in bold or behind `=`."""
    agrees: float | None
    """Yes to yes and no to no: 1; the opposite: -1."""
    words: float | None
    """The share of the reference's words (that the question does not have) that the answer says."""
    names: float | None
    """The same, of names."""
    direction: float | None
    """Up to up and down to down: 1; the opposite: -1."""
    refusal: float
    """How much of the answer says that it cannot answer."""
    only_number: bool
    """Whether the reference is a number and says little else that the question does not."""


def facts_of(question: str, reference: str, answer: str) -> Facts:
    """What the rules see."""
    answer = answer[:_MOST_CHARACTERS]
    asked = read_numbers(question)
    wanted = [one for one in read_numbers(reference) if not _said(one, asked)]
    wants = asks_whether(question) or _begins_with_word(reference)
    wanted_direction = direction(reference)
    known = frozenset(content(question))
    told = content(answer)
    return Facts(
        numbers=_share(wanted, read_numbers(answer)),
        concluded=_share(wanted, _concluding(answer)),
        agrees=polarity(reference, question) * polarity(answer, question) if wants else None,
        words=_recalled(frozenset(content(reference)) - known - _ANSWERS, told),
        names=recall(names(reference) - known, told),
        direction=wanted_direction * direction(answer) if wanted_direction else None,
        refusal=refusal(answer),
        only_number=len(wanted) == 1 and len(frozenset(content(reference)) - known) <= 1,
    )


@dataclass(frozen=True, slots=True)
class Grade:
    """What the rules say of one answer."""

    probability: float
    """That the answer is right, from 0 to 1; it orders answers, and is no frequency of anything until calibrated."""
    said: Said
    facts: Facts


def grade(question: str, reference: str, answer: str) -> Grade:
    """Whether an answer is right. The weights were set by hand and fitted to nothing.

    It sees numbers, yes and no, directions, names and words; it does not reason. It cannot see that a different wording
    means the same, that a calculation is wrong although its result stands there, or that the reference is.
    """
    facts = facts_of(question, reference, answer)
    probability = 1.0 / (1.0 + math.exp(-_logit(facts)))
    if facts.refusal >= _REFUSES and probability < _SURE:
        return Grade(probability * _REFUSED, "refusal", facts)
    return Grade(probability, "correct" if probability > 0.5 else "incorrect", facts)  # noqa: PLR2004  # the middle


def _logit(facts: Facts) -> float:
    if facts.only_number:
        return -2.7 + 4.2 * (facts.concluded or 0.0) + 1.2 * (facts.numbers or 0.0) - facts.refusal
    total = 0.3 - facts.refusal
    if facts.agrees is not None:
        total += 1.0 * facts.agrees - 0.3
    if facts.words is not None:
        total += 3.0 * (facts.words - _BALANCE)
    if facts.numbers is not None:
        total += 1.7 * (facts.numbers - 0.4)
    if facts.names is not None:
        total += 0.7 * (facts.names - 0.5)
    return total + 0.4 * (facts.direction or 0.0)


def _recalled(wanted: frozenset[str], told: Sequence[str]) -> float | None:
    """The share of words, with one more word thought of that says nothing: few words say little."""
    share = recall(wanted, told)
    return None if share is None else (share * len(wanted) + _BALANCE) / (len(wanted) + 1)


def _begins_with_word(reference: str) -> bool:
    return reference.lower().lstrip().startswith(("yes", "no ", "no,", "no.", "there are no"))


def _said(wanted: Number, given: Iterable[Number]) -> bool:
    return any(closeness(wanted, one) == 1.0 for one in given)


def _share(wanted: Sequence[Number], given: Sequence[Number]) -> float | None:
    if not wanted:
        return None
    return math.fsum(max((closeness(one, other) for other in given), default=0.0) for one in wanted) / len(wanted)


def _concluding(answer: str) -> tuple[Number, ...]:
    lines = [line for line in answer.replace("**", "").splitlines() if line.strip()]
    if not lines:
        return ()
    ends = (read_numbers(line[-400:]) for line in reversed(lines[-3:]))
    return (*read_numbers(lines[0][:400]), *next((numbers for numbers in ends if numbers), ()))
