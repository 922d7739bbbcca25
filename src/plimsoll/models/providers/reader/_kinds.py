"""The kinds of answer that can be told apart, and where a text has expressions of a kind."""

import enum
import re
from typing import Final


class Kind(enum.Enum):
    """What kind of answer is wanted."""

    DATE = "date"
    DURATION = "duration"
    MONEY = "money"
    PERCENT = "percent"
    NUMBER = "number"
    NAME = "name"
    PLACE = "place"
    LAW = "law"
    REASON = "reason"
    YES_NO = "yes or no"
    THING = "thing"


TYPED: Final = frozenset(
    {Kind.DATE, Kind.DURATION, Kind.MONEY, Kind.PERCENT, Kind.NUMBER, Kind.NAME, Kind.PLACE, Kind.LAW}
)
"""Kinds whose expressions can be told by their form."""

_MONTH: Final = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    r"Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_ORDINAL: Final = r"\d{1,2}(?:st|nd|rd|th)?"
_CENTURY: Final = (
    r"(?:\d{1,2}(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|"
    r"\w+teenth|twentieth|twenty-first)"
)
# Bounded, so that no place of a long row of digits or numerals looks over all of it.
_DIGITS: Final = r"\d[\d,]{0,40}(?:\.\d{1,40})?[½¼¾]?"
_NUMBER_WORD: Final = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    r"eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|dozen|half)"
)
_AMOUNT: Final = (
    rf"(?:\b{_DIGITS}|\b{_NUMBER_WORD}\b(?:[- ]{_NUMBER_WORD}\b){{0,12}})"
    r"(?: (?:million|billion|trillion|hundred|thousand)\b){0,4}"
)
_CURRENCY: Final = r"(?:[$€£¥₹]|\b(?:USD|EUR|GBP|CHF|US\$))"
_PATTERNS: Final = {
    Kind.DATE: re.compile(
        r"\b\d{4}-\d\d-\d\d\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|"
        rf"\b{_ORDINAL} (?:(?:day )?of )?{_MONTH},? \d{{4}}\b|\b{_MONTH} {_ORDINAL}(?:, \d{{4}})?\b|"
        rf"\b{_ORDINAL} {_MONTH}(?=\W|$)|\b{_MONTH} (?:of )?\d{{4}}\b|"
        rf"\b(?:early |late |mid-)?(?:1\d|20)\d\ds?\b|\b{_CENTURY}(?= century)|\b\d{{3,4}} (?:AD|BC|BCE|CE)\b"
    ),
    Kind.DURATION: re.compile(
        rf"{_AMOUNT}(?: ?\(\d+\))?[ -](?:(?:business|calendar|working) )?"
        r"(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)\b",
        re.IGNORECASE,
    ),
    Kind.MONEY: re.compile(
        rf"{_CURRENCY} ?{_DIGITS}(?: ?(?:million|billion|trillion|thousand|[kmbKMB]|bn)\b)?|"
        rf"\b{_DIGITS} ?(?:million |billion )?(?:USD|EUR|GBP|CHF|[€£]|dollars?|euros?|pounds?|cents?|pence)\b"
    ),
    Kind.PERCENT: re.compile(rf"{_AMOUNT} ?(?:%|percent\b|per cent\b)", re.IGNORECASE),
    Kind.NUMBER: re.compile(_AMOUNT, re.IGNORECASE),
    Kind.LAW: re.compile(
        r"\b[Ll](?:aws?|AWS?)\s+(?:of|OF|in|IN)\s+(?:(?:the|THE)\s+)?[^\W\d_a-z]\w*(?:\s+(?:(?:of|OF|the|THE)\s+)*[^\W\d_a-z]\w*)*|"
        r"\b[^\W\d_a-z]\w+(?:\s[^\W\d_a-z]\w+)?\s+law\b"
    ),
}
_CAPITAL: Final = r"(?:[^\W\d_a-z][\w'\u2019.&]*\w|[^\W\d_a-z]\.?)"
_NAME: Final = re.compile(rf"{_CAPITAL}(?:(?:[ -]| (?:of|de|da|von|van|al|and|&|for) (?:the )?){_CAPITAL}|(?: \d+\b))*")


def typed(kind: Kind, text: str) -> list[tuple[int, int]]:
    """Places of expressions of this kind in `text`; a place name is looked for as a name, other kinds have none."""
    pattern = _NAME if kind in {Kind.NAME, Kind.PLACE} else _PATTERNS.get(kind)
    return [match.span() for match in pattern.finditer(text)] if pattern else []
