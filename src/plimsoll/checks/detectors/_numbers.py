"""Whether a number can be what it looks like: check digits, ranges, and words in front of it.

Check digits are computed by python-stdnum where it knows them; each rule's source is named there.
"""

import importlib
import ipaddress
import re
from collections.abc import Callable
from functools import cache

from ..patterns import Judge

_NO, _YES, _WITH_CODE = 0.0, 1.0, 1.25
_DIGITS = bytes.maketrans(b"0123456789", bytes(range(10)))
_DOUBLED = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))
_IBAN = 97
_IBAN_SIGNS = {"n": "[0-9]", "a": "[A-Z]", "c": "[A-Z0-9]"}
_NOT_SIGNS = re.compile(r"[^A-Za-z0-9]")
_NOT_DIGITS = bytes(code for code in range(256) if not 0x30 <= code <= 0x39)  # noqa: PLR2004  # 0 to 9
_LETTERS = {ord(sign): str(int(sign, 36)) for sign in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_PARTS = re.compile(r"[-/. ]")
_GOES_ON, _NETWORK = re.compile(r"\.?[0-9]|[./-][A-Za-z0-9]"), re.compile(r"/[0-9]")
_NUMBER_SIGNS = (".", "-", *"0123456789")
_IN_PATH = re.compile("[a-z]/")
_VERSION_WORDS = ("v", "ver", "version", "release", "build", "firmware", "section", "chapter")
_VERSION = re.compile(rf"(?:^|[^a-z])(?:{'|'.join(_VERSION_WORDS)})\Z")
_MORE_DIGITS, _DIGITS_BEFORE = re.compile(r"[-/.]?[0-9]"), re.compile(r"[0-9][-/. ]$")

_WOMAN = 50
_AREAS = frozenset(
    re.findall(
        r"\w+",
        "AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN "
        "EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK "
        "ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA "
        "TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE",
    )
)
_SSN_SAMPLES = frozenset({"078051120", "219099999", "123456789"})
_SHORTEST_PHONE, _LONGEST_PHONE = 7, 15
# All signs between its parts are the same; five digits and four are a postcode of the US.
_SSN_FORM = re.compile("[0-9]{9}|[0-9]{3}-[0-9]{2}-[0-9]{4}|[0-9]{3} [0-9]{2} [0-9]{4}")
_DAY_IN_A_ROW = re.compile("(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:[0-2][0-9]|3[01])")
_DATE_PARTS, _IPV4_PARTS = 3, 4
_MOST_OF_BYTE = 255
# What the standard library calls unspecified or loopback, `0.` and `255.`; and addresses of groups.
_LOCAL, _MULTICAST = frozenset({0, 127, 255}), range(224, 240)
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
    return text.encode().translate(None, _NOT_DIGITS).decode()


def after_words(*words: str, otherwise: float = _NO) -> Judge:
    """A finding where one of the words stands shortly before, else only with the score `otherwise`."""

    @cache
    def forms() -> "tuple[re.Pattern[str], re.Pattern[str]]":
        # What begins with one of a few letters is looked for much faster than what must not stand behind another one.
        either = "|".join(words)
        return re.compile(either), re.compile(rf"(?:^|[^a-z])(?:{either})(?![a-z])")

    def judge(_text: str, before: str, _after: str) -> float:
        low = before.lower()
        hints, found = forms()
        return _YES if hints.search(low) and found.search(low) else otherwise

    return judge


def where(rule: Callable[[str], bool]) -> Judge:
    """A finding where a rule holds."""

    def judge(text: str, _before: str, _after: str) -> float:
        return _YES if rule(text) else _NO

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


def alone(text: str, before: str, after: str) -> float:
    """Not the part behind the point of a number."""
    del text, after
    return _NO if before.endswith(".") and before[-2:-1].isdigit() else _YES


def standard(module: str) -> Judge:
    """A finding where python-stdnum's module of that name says that the number is valid."""

    def judge(text: str, _before: str, _after: str) -> float:
        return _YES if _validator(module)(text) and not _is_one_digit(text) else _NO

    return judge


def card(text: str) -> int:
    """Characters of a payment card: an issuer's range and length, and Luhn's digit (ISO/IEC 7812-1, annex B)."""
    number = digits(text)
    return next((end for length in _lengths(number[:_ISSUER_DIGITS]) if (end := _card_end(text, number, length))), 0)


def iban(text: str) -> int:
    """Characters of an account: a country, the length that it uses, its form, and remainder 1 (ISO 13616)."""
    length, form = _iban_form(text[:2].upper())
    signs = _NOT_SIGNS.sub("", text).upper()[:length]
    if len(signs) < max(1, length) or not form.fullmatch(signs[4:]):
        return 0
    number = (signs[4:] + signs[:4]).translate(_LETTERS)
    return _end_of(text, length, str.isalnum) if int(number) % _IBAN == 1 else 0


def ssn(text: str, before: str, after: str) -> float:
    """A US social security number: areas and groups that exist, and none of the numbers that are known as samples.

    Nine digits in a row are a finding only after words that say so.
    """
    number = digits(text)
    area, group, serial = number[:3], number[3:5], number[5:]
    if area in {"000", "666"} or area >= "900" or group == "00" or serial == "0000":
        return _NO
    if number in _SSN_SAMPLES or _is_one_digit(number) or not _SSN_FORM.fullmatch(text):
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
    if _GOES_ON.match(after) and not _NETWORK.match(after):
        return _NO
    # One line's end may stand between.
    low = before.lower().removesuffix("\n")
    if low.endswith(_NUMBER_SIGNS) or _IN_PATH.search(low[-2:]):
        return _NO
    named = low.rstrip(". :")
    if named.endswith(_VERSION_WORDS) and _VERSION.search(named):
        return _NO
    return _address4(text)


def ipv6(text: str, before: str, after: str) -> float:
    """An address of a machine; needs eight groups or `::`, and a digit, so that times and names are none."""
    if before.endswith(":") or after.startswith(":") or (text.endswith("::") and after[:1].isalnum()):
        return _NO
    if not any(sign.isdigit() for sign in text):
        return _NO
    return _address(text)


def phone(text: str, before: str, after: str) -> float:
    """A number of 7 to 15 digits (ITU-T E.164), not part of a longer one and no date; surer with a country's code."""
    count = len(digits(text))
    if not _SHORTEST_PHONE <= count <= _LONGEST_PHONE or before[-1:].isdigit() or _MORE_DIGITS.match(after):
        return _NO
    if _DAY_IN_A_ROW.fullmatch(text):
        return _NO
    if _DIGITS_BEFORE.search(before, max(0, len(before) - 3)) or date(text, before, after):
        return _NO
    return _WITH_CODE if text.startswith("+") else _YES


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


def page(text: str) -> int:
    """Characters of a page's address, without the signs behind it that belong to the sentence."""
    return len(text.rstrip(".,;:!?*_~"))


def postcode(text: str) -> bool:
    """A British postcode: it begins with one of the 124 areas (Royal Mail)."""
    return re.match("[A-Z]+", text)[0] in _AREAS  # type: ignore[index]  # its pattern begins with a letter


def uk_driver(text: str, _before: str, _after: str) -> float:
    """A British driving licence: letters and 9 to five, and a date of birth; a woman's month has 50 more (DVLA)."""
    name, born = text[:5], text[5:11]
    if not re.fullmatch("[A-Z]+9*", name) or not born.isdigit():
        return _NO
    month, day = int(born[1:3]), int(born[3:5])
    return _YES if 1 <= month % _WOMAN <= _MOST_MONTHS and 1 <= day <= _MOST_DAYS else _NO


def spoken_date(text: str, _before: str, _after: str) -> float:
    """A day with the name of its month."""
    return _YES if any(1 <= int(part) <= _MOST_DAYS for part in re.findall("[0-9]{1,2}(?![0-9])", text)) else _NO


def mixed(text: str, _before: str, _after: str) -> float:
    """Something that a machine made up: letters and digits mixed, with many different characters."""
    kinds = (any(map(str.isdigit, text)), any(map(str.islower, text)), any(map(str.isupper, text)))
    return _YES if sum(kinds) > 1 and len(set(text)) >= min(12, len(text) // 2) else _NO


@cache
def _lengths(beginning: str) -> tuple[int, ...]:
    """How long numbers are that begin with four digits, the longest first; none where no issuer has them."""
    issuers = (lengths for first, last, width, lengths in _ISSUERS if first <= int(beginning[:width]) <= last)
    return next(issuers, ())


def _card_end(text: str, number: str, length: int) -> int:
    if length > len(number):
        return 0
    number = number[:length]
    return _end_of(text, length, str.isdigit) if luhn(number) and not _is_one_digit(number) else 0


def luhn(number: str) -> bool:
    """Whether the last digit is right: every second one from the right doubled, less 9 above 9, sums to tens."""
    signs = number.encode()[::-1]
    return (sum(signs[::2].translate(_DIGITS)) + sum(signs[1::2].translate(_DOUBLED))) % 10 == 0


def _end_of(text: str, length: int, counts: Callable[[str], bool]) -> int:
    """Where so many characters that count have been seen, if no other one follows at once; else 0."""
    if len(text) == length and counts(text):
        return length
    seen = 0
    for index, sign in enumerate(text):
        if counts(sign):
            seen += 1
            if seen == length:
                return 0 if text[index + 1 : index + 2].isalnum() else index + 1
    return 0


@cache
def _iban_form(country: str) -> tuple[int, "re.Pattern[str]"]:
    """The length that a country uses, and the form behind its first four signs; from python-stdnum's registry."""
    from stdnum import numdb

    found = numdb.get("iban").info(country)
    form = found[0][1].get("bban", "") if found and found[0][1] else ""
    parts = re.findall("([0-9]+)!?([nac])", form)
    source = "".join(f"{_IBAN_SIGNS[kind]}{{{count}}}" for count, kind in parts)
    return 4 + sum(int(count) for count, _ in parts) if parts else 0, re.compile(source)


def _address(text: str) -> float:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return _NO
    special = address.is_loopback or address.is_unspecified or address.is_multicast or text.startswith(("0.", "255."))
    return _NO if special else _YES


def _address4(text: str) -> float:
    """The same of four numbers with points between them, without the time that the standard library takes for it."""
    parts = text.split(".")
    first = int(parts[0])
    if any(int(part) > _MOST_OF_BYTE or (part[0] == "0" and part != "0") for part in parts):
        return _NO
    return _NO if first in _LOCAL or first in _MULTICAST else _YES


def _is_one_digit(number: str) -> bool:
    return len(set(digits(number))) == 1


@cache
def _validator(module: str) -> Callable[[str], bool]:
    found: Callable[[str], bool] = importlib.import_module(f"stdnum.{module}").is_valid
    return found


_SSN_WORDS = after_words("ssn", "ss#", "social security", "social-security")
_ITIN_WORDS = after_words("itin", "taxpayer", "tax id")
