"""Which stretches of a text can be a value of a type, and the one form that equal values have in common."""

import datetime as dt
import math
import re
from collections.abc import Iterator
from typing import Final

from .._kinds import Kind, typed
from ._types import FieldType

Place = tuple[int, int]

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH: Final = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
# Repetitions are bounded wherever a hostile text could make every place look over all that follows.
_DATES: Final = re.compile(
    rf"\b(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:\d{{4}}|\d{{2}})|"
    rf"\d{{1,2}}(?:st|nd|rd|th)?[ -]?(?:day of )?{_MONTH}[, -]{{0,2}}(?:\d{{4}}|\d{{2}})|"
    rf"{_MONTH} ?\d{{1,2}}(?:st|nd|rd|th)?,? ?\d{{4}})\b",
    re.IGNORECASE,
)
_AMOUNTS: Final = re.compile(
    r"(?:(?:[$€£¥₹]|\b(?:USD|EUR|GBP|CHF|RM|MYR|US\$))\s?)?(?<![\w.,/-])-?\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?(?![\w/-])|"
    r"(?:(?:[$€£¥₹]|\b(?:USD|EUR|GBP|CHF|RM|MYR|US\$))\s?)-?\d{1,18}(?:\.\d{1,2})?(?![\w/-])|"
    r"(?<![\w.,/:-])-?\d{1,9}\.\d{2}(?!\.?\w|[/%-])"
)
_DURATIONS: Final = re.compile(
    r"\b(?:(?:\d{1,3}|[A-Za-z]+(?:-[A-Za-z]+)?)\s*(?:\(\s*\d{1,3}\s*\)\s*)?)[ -](?:calendar |business )?"
    r"(?:days?|weeks?|months?|years?)\b"
)
_COMPANY: Final = re.compile(
    r"\b[A-Z][\w&.'\u2019-]{0,60}(?:,?\s+(?:(?:of|and|the|de)\s+)?(?:&|[A-Z(][\w&.'\u2019()-]{0,60})){0,7}?,?\s+"
    r"(?:Inc|INC|Incorporated|Corp|CORP|Corporation|CORPORATION|LLC|L\.L\.C|Ltd|LTD|Limited|LIMITED|LP|L\.P|LLP|"
    r"Company|COMPANY|Co|GmbH|AG|SA|S\.A|N\.V|NV|B\.V|plc|PLC|Bank|Trust|Partners)\b\.?"
)
_PERSON: Final = re.compile(r"\b[A-Z][a-z]+(?:\s+[A-Z]\.)?(?:\s+[A-Z][a-z]+){1,2}\b")
_PLACES: Final = re.compile(r"\b[A-Z][a-z]+(?:\s[A-Z][a-z]+){0,2}\b|\b[A-Z]{4,}(?:\s[A-Z]{4,}){0,2}\b")
_IDENTIFIERS: Final = re.compile(r"\b(?=[\w/-]{0,60}\d)[A-Za-z0-9]+(?:[-/][A-Za-z0-9]+)*\b")
_NUMBERS: Final = re.compile(r"(?<![\w.,])-?\d[\d,]*(?:\.\d+)?\b")
_LINE: Final = re.compile(r"[^\n]+")
_MOST_LINES: Final = 4
_MOST_LINE_CHARS: Final = 200
_PATTERNS: Final = {
    "date": (_DATES,), "amount": (_AMOUNTS,), "duration": (_DURATIONS,), "party": (_COMPANY, _PERSON),
    "place": (_PLACES,), "identifier": (_IDENTIFIERS,), "number": (_NUMBERS,),
}  # fmt: skip
_NUMBER_LIST = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_NUMBER_WORDS: Final = {word: number for number, word in enumerate(_NUMBER_LIST.split(), start=1)}
_DAY_AND_YEAR, _ALL_NUMBERS, _YEAR_DIGITS = 2, 3, 4
_MOST_DATE_CHARS: Final = 60
_MOST_DIGITS: Final = 9
_YEARS_2000: Final = 70
"""Two-digit years below it are of this century."""


def candidates(kind: FieldType, text: str) -> list[Place]:
    """Places of everything in `text` that can be a value of this type, in order."""
    if kind == "percentage":
        return typed(Kind.PERCENT, text)
    if kind in {"line", "lines"}:
        return list(_lines(text, 1 if kind == "line" else _MOST_LINES))
    found: list[Place] = []
    for pattern in _PATTERNS[kind]:
        # What a stricter pattern found is not found again in part by a looser one.
        matches = [match.span() for match in pattern.finditer(text)]
        found += _outside(matches, found)
    return sorted(place for place in found if normal(kind, text[slice(*place)]))


def _outside(places: list[Place], taken: list[Place]) -> list[Place]:
    """Those of `places` that overlap none of `taken`; both are in order and without overlap among themselves."""
    kept, at = [], 0
    for start, end in places:
        while at < len(taken) and taken[at][1] <= start:
            at += 1
        if at == len(taken) or taken[at][0] >= end:
            kept.append((start, end))
    return kept


def _lines(text: str, most: int) -> Iterator[Place]:
    lines = [match.span() for match in _LINE.finditer(text) if match.group().strip()]
    for first, (start, _) in enumerate(lines):
        for _, end in lines[first : first + most]:
            if end - start <= _MOST_LINE_CHARS:
                yield start, end


def normal(kind: FieldType, value: str) -> str:
    """The normal form of a value: ISO 8601 for dates, plain digits for amounts; empty where it is no such value."""
    plain = " ".join(value.split())
    if kind == "date":
        return _date(plain)
    if kind in {"amount", "number"}:
        return _amount(plain, kind)
    if kind == "duration":
        return _duration(plain)
    if kind == "percentage":
        return plain.lower().replace("per cent", "%").replace("percent", "%").replace(" ", "")
    if kind == "party":
        return plain.strip(" ,;:").replace(",", "")
    return plain.strip(" ,;:") if kind in {"place", "line", "lines"} else plain


def key(kind: FieldType, value: str) -> str:
    """What equal values have in common: the normal form; of texts only letters and digits, without case."""
    plain = normal(kind, value)
    if kind in {"party", "place", "line", "lines", "identifier"}:
        return "".join(char for char in plain.casefold() if char.isalnum())
    return plain


def _date(plain: str) -> str:
    if len(plain) > _MOST_DATE_CHARS:
        return ""
    parts = re.findall(r"\d+|[A-Za-z]{3,}", plain)
    numbers = [part for part in parts if part.isdigit()]
    month = next((at + 1 for part in parts for at, name in enumerate(_MONTHS) if part.lower().startswith(name)), 0)
    if month and len(numbers) == _DAY_AND_YEAR:
        day, year = numbers
    elif not month and len(numbers) == _ALL_NUMBERS:
        year, second, day = numbers if len(numbers[0]) == _YEAR_DIGITS else numbers[::-1]
        month = int(second)
        if month > len(_MONTHS):
            month, day = int(day), second
    else:
        return ""
    whole = int(year) if len(year) == _YEAR_DIGITS else int(year) + (2000 if int(year) < _YEARS_2000 else 1900)
    try:
        return dt.date(whole, month, int(day)).isoformat()
    except (ValueError, OverflowError):
        return ""


def _amount(plain: str, kind: FieldType) -> str:
    digits = re.sub(r"[^\d.-]", "", plain)
    try:
        number = float(digits)
    except ValueError:
        return ""
    if not math.isfinite(number):
        return ""
    return f"{number:.2f}" if kind == "amount" else digits


def _duration(plain: str) -> str:
    unit = re.search(r"(day|week|month|year)s?$", plain, re.IGNORECASE)
    digits = re.search(r"\d+", plain)
    word = re.match(r"[A-Za-z]+", plain)
    count = int(digits.group()[:_MOST_DIGITS]) if digits else _NUMBER_WORDS.get(word.group().lower(), 0) if word else 0
    return f"{count} {unit.group(1).lower()}{'s' if count != 1 else ''}" if unit and count else ""
