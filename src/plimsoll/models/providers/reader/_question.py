"""What a question asks for: its words that count, the kind of answer, and the noun that names the answer."""

import enum
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ._kinds import Kind
from ._terms import FUNCTION_WORDS, Word, words

_WH = re.compile(r"\b(?:what|which|who|whom|whose|when|where|why|how)\b", re.IGNORECASE)
_YES_NO = re.compile(
    r"\s*(?:is|are|was|were|do|does|did|has|have|had|can|could|may|must|should|will|would|am)\b", re.IGNORECASE
)
_GOVERNS = re.compile(r"\b(?:govern(?:s|ed|ing)?|appl(?:y|ies|icable)|construed)\b", re.IGNORECASE)
_LAW = re.compile(r"\blaws?\b", re.IGNORECASE)
_HOW_MUCH = re.compile(r"\bhow much\b", re.IGNORECASE)
_PAPER = re.compile(
    r"(?<=[Tt]he )(?:[^\W\d_a-z][\w&'\u2019-]*,? (?:(?:and|or|of|for) )?){0,6}"
    r"(?:Agreement|Amendment|Contract|Deed|Lease|Licence|License)\b"
)
_NAMING = re.compile(r"\b(?:call|name|known|term|nickname|title)", re.IGNORECASE)
_AUXILIARY_LIST = "is are was were be been has have had can could will would may might must should shall"
_AUXILIARIES: Final = frozenset(_AUXILIARY_LIST.split())
_HELPERS: Final = frozenset({"did", "do", "does"})
_REACH: Final = 4
_FEW_WORDS: Final = 2
_MOST_TERMS: Final = 120
_MOST_MARK_WORDS: Final = 16
"""A longer row of names and numbers is no name."""
_SHOWN_CHARS: Final = 2000
"""Of a longer question its beginning and its end are read, so much of each."""
MOSTLY: Final = 0.75


class Side(enum.Enum):
    """On which side of the words that it is asked with an answer is expected to stand."""

    BEFORE = "before"
    AFTER = "after"
    ANY = "any"


# The noun that is asked for ("which country", "what is the deadline") tells the kind of answer. Stems, see `_terms`.
_NOUNS: Final = {
    Kind.DATE: "date year day month deadline century decade",
    Kind.DURATION: "duration period length time notice lifespan",
    Kind.MONEY: "price cost fee amount total salary rent budget sum deposit penalty payment premium charge value "
    "revenue subtotal balance cap limit liability invoice",
    Kind.PERCENT: "percentage percent rate share proportion discount vat",
    Kind.NUMBER: "number population quantity size count age height weight distance score temperature",
    Kind.NAME: "person people man woman actor actress player author writer president director king queen emperor "
    "manager leader company organization group team customer supplier vendor client party landlord tenant employer "
    "employee scientist engineer artist singer band university school agency member contact name",
    Kind.PLACE: "city country place location address county region town river ocean continent island village area "
    "street headquarters venue",
}
_KIND_OF_NOUN: Final = {word.stem: kind for kind, nouns in _NOUNS.items() for word in words(nouns)}
_KIND_OF_WH: Final = {
    "who": Kind.NAME, "whom": Kind.NAME, "whose": Kind.NAME, "when": Kind.DATE, "where": Kind.PLACE, "why": Kind.REASON,
}  # fmt: skip
_KIND_OF_HOW: Final = {
    "long": Kind.DURATION, "soon": Kind.DURATION, "quickly": Kind.DURATION, "many": Kind.NUMBER, "much": Kind.MONEY,
    "far": Kind.NUMBER, "old": Kind.NUMBER, "tall": Kind.NUMBER, "high": Kind.NUMBER, "large": Kind.NUMBER,
    "big": Kind.NUMBER, "deep": Kind.NUMBER, "wide": Kind.NUMBER, "fast": Kind.NUMBER, "heavy": Kind.NUMBER,
}  # fmt: skip
_EMPTY_NOUN_LIST = "kind kinds type types sort sorts name names term terms many much"
_EMPTY_NOUNS: Final = frozenset(_EMPTY_NOUN_LIST.split())
_UNITS_OF_TIME: Final = frozenset(word.stem for word in words("second minute hour day week month year"))


@dataclass(frozen=True, slots=True)
class Question:
    """A question, read."""

    text: str
    kind: Kind
    terms: tuple[Word, ...]
    """Words that carry the subject, one for each stem."""
    specific: frozenset[str]
    """Stems of numbers, identifiers, and names written with a capital: an answer must be about exactly these."""
    marks: tuple[frozenset[str], ...]
    """Stems of specific words that stand side by side, one of them with a digit, such as `Shed 12` or `3 May 2024`."""
    numbered: frozenset[tuple[str, str]]
    """Stems of a word and the number right behind it, such as `party 17`: another party may stand near another 17."""
    paper: frozenset[str]
    """Stems of words that only name the paper that is asked about, such as `Supply Agreement`."""
    is_sure: bool
    """Whether the question leaves no doubt about the kind: `which law governs`, `how much`."""
    focus: str
    """The noun that names the answer, such as `percentage`; empty when there is none."""
    side: Side
    asks_name: bool
    """Whether it asks what something is called."""


def read_question(text: str) -> Question:
    """Read `text`; never fails."""
    if len(text) > 2 * _SHOWN_CHARS:
        text = f"{text[:_SHOWN_CHARS]}\n{text[-_SHOWN_CHARS:]}"
    found = words(text)
    match = _WH.search(text)
    after = [word for word in found if match and word.start >= match.end()]
    kind, focus = _wanted(match.group().lower() if match else "", after, text)
    kind = Kind.LAW if any(_GOVERNS.search(line) and _LAW.search(line) for line in text.split("\n")) else kind
    terms = {word.stem: word for word in reversed(found) if not word.is_stop}
    specific = _specific(found)
    ordered = tuple(sorted(terms.values(), key=lambda word: word.start)[:_MOST_TERMS])
    return Question(
        text=text,
        kind=kind,
        terms=ordered,
        specific=specific,
        marks=_marks(text, found, specific),
        numbered=numbered_in(text, found),
        paper=frozenset(word.stem for match in _PAPER.finditer(text) for word in words(match.group())),
        is_sure=kind is Kind.LAW or (kind is Kind.MONEY and _HOW_MUCH.search(text) is not None),
        focus=focus,
        side=_side(found, after) if match else Side.ANY,
        asks_name=bool(_NAMING.search(text)),
    )


def _side(found: tuple[Word, ...], after: list[Word]) -> Side:
    """`who led X` asks for a subject, which stands before the verb; `what did X lead` for an object."""
    near = [word.text.lower() for word in after[: _REACH + 1]]
    if any(word in _HELPERS for word in near):
        return Side.AFTER
    asked_first = len(found) - len(after) <= _REACH - 1
    return Side.BEFORE if asked_first and not any(word in _AUXILIARIES for word in near) else Side.ANY


def _wanted(wh: str, after: list[Word], text: str) -> tuple[Kind, str]:
    if not wh:
        return (Kind.YES_NO if _YES_NO.match(text) else Kind.THING), ""
    first = after[0].text.lower() if after else ""
    if wh == "how":
        return _how(first, after)
    if wh in _KIND_OF_WH:
        return _KIND_OF_WH[wh], ""
    focus = _focus(after)
    kind = _KIND_OF_NOUN.get(focus.stem, Kind.THING) if focus else Kind.THING
    return kind, focus.text if focus else ""


def _how(first: str, after: list[Word]) -> tuple[Kind, str]:
    kind = _KIND_OF_HOW.get(first, Kind.THING)
    if first in {"many", "much"} and len(after) > 1 and not after[1].is_stop:
        noun = _focus(after)
        if noun is not None:
            is_time = noun.stem in _UNITS_OF_TIME or _KIND_OF_NOUN.get(noun.stem) is Kind.DURATION
            return (Kind.DURATION if is_time else Kind.NUMBER), noun.text
    return kind, ""


def _focus(after: list[Word]) -> Word | None:
    """The last noun before the first function word: `city` in "which large city was", `day` in "is the day of"."""
    focus = None
    for word in after:
        if word.text.lower() in FUNCTION_WORDS:
            if focus is not None:
                break
        elif word.text.lower() not in _EMPTY_NOUNS:
            focus = word
            if word.stem in _KIND_OF_NOUN:
                break
    return focus


def _specific(found: tuple[Word, ...]) -> frozenset[str]:
    """None when most words have capitals: then capitals tell nothing."""
    content = [word for word in found if not word.is_stop]
    named = [word for word in content if word.is_capitalised and word.start > 0]
    if len(content) > _FEW_WORDS and len(named) > MOSTLY * len(content):
        named = []
    return frozenset(word.stem for word in [*named, *(word for word in content if word.has_digit)])


def numbered_in(text: str, found: Sequence[Word]) -> frozenset[tuple[str, str]]:
    """Words that carry a subject with the number right behind each."""
    return frozenset(
        (word.stem, number.stem)
        for word, number in itertools.pairwise(found)
        if number.has_digit and not word.is_stop and not word.has_digit and text[word.end : number.start] == " "
    )


def _marks(text: str, found: tuple[Word, ...], specific: frozenset[str]) -> tuple[frozenset[str], ...]:
    runs: list[list[Word]] = [[]]
    for word in found:
        follows = bool(runs[-1]) and text[runs[-1][-1].end : word.start] in {" ", "-", ", "}
        if word.stem in specific and follows:
            runs[-1].append(word)
        elif word.stem in specific:
            runs.append([word])
        elif runs[-1]:
            runs.append([])
    return tuple(
        frozenset(word.stem for word in run)
        for run in runs
        if 1 < len(run) <= _MOST_MARK_WORDS and any(word.has_digit for word in run)
    )
