"""Whether a number can be what it looks like: check digits, ranges, and words in front of it.

Check digits are computed by python-stdnum where it knows them; each rule's source is named there.
"""

import importlib
import ipaddress
import re
from collections.abc import Callable
from functools import cache

from .._types import Judge

_NO, _YES = 0.0, 1.0
_NOT_DIGITS = re.compile(r"[^0-9]")
_PARTS = re.compile(r"[-/. ]")

_SSN_SAMPLES = frozenset({"078051120", "219099999", "123456789"})
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHORTEST_PHONE, _LONGEST_PHONE = 7, 15
_DATE_PARTS, _IPV4_PARTS = 3, 4
_MOST_DAYS, _MOST_MONTHS = 31, 12

# Issuer ranges by the digits that a number begins with, and the lengths that are in use (ISO/IEC 7812-1).
# From the first to the last beginning, how many digits it has, and the lengths, the longest first.
_ISSUER_DIGITS = 4
_SIXTEEN_TO_19, _TWELVE_TO_19 = (19, 18, 17, 16), (19, 18, 17, 16, 15, 14, 13, 12)
_ISSUERS: tuple[tuple[int, int, int, tuple[int, ...]], ...] = (
    (4, 4, 1, (19, 16, 13)),
    (51, 55, 2, (16,)),
    (2221, 2720, 4, (16,)),
    (34, 34, 2, (15,)),
    (37, 37, 2, (15,)),
    (300, 305, 3, (16, 14)),
    (3095, 3095, 4, (16, 14)),
    (36, 36, 2, (19, 16, 14)),
    (38, 39, 2, (16, 14)),
    (3528, 3589, 4, _SIXTEEN_TO_19),
    (2131, 2131, 4, (15,)),
    (1800, 1800, 4, (15,)),
    (6011, 6011, 4, (19, 16)),
    (644, 649, 3, (19, 16)),
    (65, 65, 2, (19, 16)),
    (60, 60, 2, (16,)),
    (81, 82, 2, (16,)),
    (62, 62, 2, _SIXTEEN_TO_19),
    (2200, 2204, 4, _SIXTEEN_TO_19),
    *((beginning, beginning, 4, _TWELVE_TO_19) for beginning in (5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763)),
)


def digits(text: str) -> str:
    """Only the digits."""
    return _NOT_DIGITS.sub("", text)


def after_words(*words: str, otherwise: float = _NO) -> Judge:
    """A finding where one of the words stands shortly before, else only with the score `otherwise`."""
    found = re.compile(rf"(?:^|[^a-z])(?:{'|'.join(words)})(?![a-z])")

    def judge(_text: str, before: str, _after: str) -> float:
        return _YES if found.search(before.lower()) else otherwise

    return judge


def both(*judges: Judge) -> Judge:
    """The product of what several judges say; the later ones are not asked once one says no."""

    def judge(text: str, before: str, after: str) -> float:
        score = _YES
        for one in judges:
            score *= one(text, before, after)
            if not score:
                break
        return score

    return judge


def standard(module: str) -> Judge:
    """A finding where python-stdnum's module of that name says that the number is valid."""

    def judge(text: str, _before: str, _after: str) -> float:
        return _YES if _validator(module)(text) and not _is_one_digit(text) else _NO

    return judge


def card(text: str) -> int:
    """Characters of a payment card: an issuer's range and length, and Luhn's digit (ISO/IEC 7812-1, annex B)."""
    beginning = digits(text[: 2 * _ISSUER_DIGITS])
    for first, last, width, lengths in _ISSUERS:
        if first <= int(beginning[:width]) <= last:
            return next((end for length in lengths if (end := _card_end(text, length))), 0)
    return 0


def iban(text: str) -> int:
    """Characters of an account: a country, the length that it uses, its form, and remainder 1 (ISO 13616)."""
    from stdnum import iban as rules

    length = _iban_lengths().get(text[:2].upper(), 0)
    end = _end_of(text, length, str.isalnum)
    return end if end and rules.is_valid(text[:end], check_country=False) else 0


def ssn(text: str, before: str, after: str) -> float:
    """A US social security number: areas and groups that exist, and none of the numbers that are known as samples.

    Nine digits in a row are a finding only after words that say so.
    """
    number = digits(text)
    area, group, serial = number[:3], number[3:5], number[5:]
    if area in {"000", "666"} or area >= "900" or group == "00" or serial == "0000":
        return _NO
    if number in _SSN_SAMPLES or _is_one_digit(number) or (" " in text and "-" in text):
        return _NO
    return _YES if len(number) < len(text) else _SSN_WORDS(text, before, after)


def itin(text: str, before: str, after: str) -> float:
    """A US individual taxpayer number, such as 9xx-70-xxxx; nine digits in a row only after words that say so."""
    if not _validator("us.itin")(text):
        return _NO
    return _YES if len(digits(text)) < len(text) else _ITIN_WORDS(text, before, after)


def ipv4(text: str, before: str, after: str) -> float:
    """An address of a machine; not a version (`v10.2.3.4`, `Chrome/120.0.0.0`, `1.2.3.4`), and not this machine's."""
    if len(digits(text)) == _IPV4_PARTS:
        return _NO
    if re.match(r"\.?[0-9]|[./-][A-Za-z0-9]", after) and not re.match(r"/[0-9]", after):
        return _NO
    if re.search(
        r"[.0-9-]$|[A-Za-z]/$|(?:^|[^a-z])(?:v|ver|version|release|build|firmware|section|chapter)[. :]*$",
        before.lower(),
    ):
        return _NO
    return _address(text)


def ipv6(text: str, before: str, after: str) -> float:
    """An address of a machine; needs eight groups or `::`, and a digit, so that times and names are none."""
    if before.endswith(":") or after.startswith(":") or not any(sign.isdigit() for sign in text):
        return _NO
    return _address(text)


def phone(text: str, before: str, after: str) -> float:
    """A number of 7 to 15 digits (ITU-T E.164), not part of a longer one and not a date."""
    count = len(digits(text))
    if not _SHORTEST_PHONE <= count <= _LONGEST_PHONE or before[-1:].isdigit() or re.match(r"[-/.]?[0-9]", after):
        return _NO
    return _NO if re.search(r"[0-9][-/. ]$", before) or date(text, before, after) else _YES


def date(text: str, _before: str, _after: str) -> float:
    """A day that a calendar can have, in any order of its parts."""
    parts = [part for part in _PARTS.split(text) if part]
    if len(parts) != _DATE_PARTS or not all(part.isdigit() for part in parts):
        return _NO
    first, second, third = (int(part) for part in parts)
    if len(parts[0]) == len("2026"):
        first, third = third, first
    if len(parts[2] if third == int(parts[2]) else parts[0]) not in {2, 4}:
        return _NO
    small, large = sorted((first, second))
    return _YES if 1 <= small <= _MOST_MONTHS and 1 <= large <= _MOST_DAYS else _NO


def mixed(text: str, _before: str, _after: str) -> float:
    """Something that a machine made up: letters and digits mixed, with many different characters."""
    kinds = (any(map(str.isdigit, text)), any(map(str.islower, text)), any(map(str.isupper, text)))
    return _YES if sum(kinds) > 1 and len(set(text)) >= min(12, len(text) // 2) else _NO


def _card_end(text: str, length: int) -> int:
    end = _end_of(text, length, str.isdigit)
    number = digits(text[:end])
    return end if end and not _is_one_digit(number) and _validator("luhn")(number) else 0


def _end_of(text: str, length: int, counts: Callable[[str], bool]) -> int:
    """Where so many characters that count have been seen, if no other one follows at once; else 0."""
    seen = 0
    for index, sign in enumerate(text):
        if counts(sign):
            seen += 1
            if seen == length:
                return 0 if text[index + 1 : index + 2].isalnum() else index + 1
    return 0


@cache
def _iban_lengths() -> dict[str, int]:
    """The length that each country uses, from python-stdnum's copy of the registry."""
    from stdnum import numdb

    forms = numdb.get("iban")
    codes = (first + second for first in _LETTERS for second in _LETTERS)
    found = ((code, forms.info(code)[0][1].get("bban", "")) for code in codes)
    return {code: 4 + sum(map(int, re.findall("[0-9]+", bban))) for code, bban in found if bban}


def _address(text: str) -> float:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return _NO
    special = address.is_loopback or address.is_unspecified or address.is_multicast or text.startswith(("0.", "255."))
    return _NO if special else _YES


def _is_one_digit(number: str) -> bool:
    return len(set(digits(number))) == 1


@cache
def _validator(module: str) -> Callable[[str], bool]:
    found: Callable[[str], bool] = importlib.import_module(f"stdnum.{module}").is_valid
    return found


_SSN_WORDS = after_words("ssn", "ss#", "social security", "social-security")
_ITIN_WORDS = after_words("itin", "taxpayer", "tax id")
