"""Which of two outputs follows an instruction? By rules, the same in both orders by construction."""

import math
import re
from dataclasses import dataclass
from typing import Final, Literal

from ._refusals import refusal
from ._words import content, names, recall

Which = Literal["first", "second", "tie"]
_COUNTS: Final = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}
_WANTED: Final = re.compile(rf"\b({'|'.join(_COUNTS)}|[2-9]|1\d|20)\s+(?:\w+\s+){{0,2}}?(\w+s)\b", re.IGNORECASE)
_SPANS: Final = frozenset({"words", "sentences", "lines", "paragraphs", "characters", "days", "years", "times"})
_LISTED: Final = re.compile(r"^\s*(?:\d+[.):]|[-*\u2022])\s+\S", re.MULTILINE)
_SENTENCE: Final = re.compile(r"[.!?]+(?:\s|$)")
_LENGTH: Final = re.compile(
    r"\b(?:(?P<most>(?:no more|fewer|less) than|at most|under|within|up to|maximum of)"
    r"|(?P<least>at least|more than|minimum of)|in)?\s{0,3}"
    r"(?P<count>\d+|an?|one|two|three|four|five)\s+(?P<what>words?|sentences?|lines?|paragraphs?|characters?)\b",
    re.IGNORECASE,
)
_EVEN: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Following:
    """What speaks for an output, each from 0 to 1."""

    density: float
    """The share of its words that the instruction has: an output that is about something else has few."""
    coverage: float
    """The share of the instruction's words that it has."""
    names: float
    """The share of the instruction's names that it has; .5 where there are none."""
    counted: float
    """Whether it has as many items, words, sentences as asked for; .5 where nothing is asked or it cannot be told."""
    refusal: float


@dataclass(frozen=True, slots=True)
class Preference:
    """What the rules say of two outputs."""

    probability: float
    """That the second follows the instruction better; 1 minus it when the outputs change places."""
    which: Which


def follows(instruction: str, output: str) -> Following:
    """What the rules see in one output."""
    wanted, told = content(instruction), content(output)
    called = names(instruction)
    found = recall(called, told)
    return Following(
        density=recall(told, wanted) or 0.0,
        coverage=recall(wanted, told) or 0.0,
        names=0.5 if found is None else found,
        counted=_counted(instruction, output),
        refusal=refusal(output),
    )


def prefer(instruction: str, first: str, second: str) -> Preference:
    """Which of two outputs follows an instruction better. The weights were set by hand and fitted to nothing.

    It sees whether an output stays with the words of the instruction, and has as many items as were asked for. It does
    not know whether what an output says is true, well written or useful, and of two outputs that both keep to the
    instruction it says little more than chance.
    """
    gap = _weight(follows(instruction, second)) - _weight(follows(instruction, first))
    which: Which = "tie" if abs(gap) < _EVEN else "second" if gap > 0 else "first"
    return Preference(1.0 / (1.0 + math.exp(-gap)), which)


def _weight(seen: Following) -> float:
    return 4.0 * seen.density + 1.0 * seen.coverage + 0.7 * seen.names + 2.0 * seen.counted - 0.5 * seen.refusal


def _counted(instruction: str, output: str) -> float:
    told = [one for one in (_length(instruction, output), _items(instruction, output)) if one is not None]
    return sum(told) / len(told) if told else 0.5


def _length(instruction: str, output: str) -> float | None:
    asked = _LENGTH.search(instruction)
    if asked is None:
        return None
    count = asked["count"].lower()
    wanted = 1 if count in {"a", "an"} else _COUNTS.get(count) or int(count[:6])
    has = _size(output, asked["what"].lower().removesuffix("s"))
    if asked["most"]:
        return float(has <= wanted)
    if asked["least"]:
        return float(has >= wanted)
    return 1.0 if has == wanted else max(0.0, 1.0 - abs(has - wanted) / max(has, wanted))


def _size(text: str, what: str) -> int:
    if what == "character":
        return len(text.strip())
    if what == "word":
        return len(text.split())
    if what == "sentence":
        return max(1, len(_SENTENCE.findall(text.strip())))
    parts = re.split(r"\n\s*\n" if what == "paragraph" else r"\n+", text.strip())
    return len([part for part in parts if part.strip()])


def _items(instruction: str, output: str) -> float | None:
    """Whether a list has as many items as the instruction names; None where there is no list to count."""
    asked = next((one for one in _WANTED.finditer(instruction) if one[2].lower() not in _SPANS), None)
    listed = len(_LISTED.findall(output))
    if asked is None or not listed:
        return None
    wanted = _COUNTS.get(asked[1].lower()) or int(asked[1])
    return 1.0 if listed == wanted else 0.0
