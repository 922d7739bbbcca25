"""Numbers in running text: with scale, unit and as many digits as were written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_SCALES: Final = {
    "thousand": 1e3,
    "k": 1e3,
    "million": 1e6,
    "millions": 1e6,
    "mn": 1e6,
    "mm": 1e6,
    "m": 1e6,
    "billion": 1e9,
    "billions": 1e9,
    "bn": 1e9,
    "b": 1e9,
    "trillion": 1e12,
}
_NUMBER: Final = re.compile(
    r"(?<![\w.,])(?P<minus>[-\u2212\u2013(]\s?)?(?P<currency>[$\u20ac\u00a3]\s?[-\u2212]?)?"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?:\s?(?P<percent>%|percent(?:age points?)?\b|per cent\b|pp\b)"
    r"|\s?(?P<scale>thousand|millions?|billions?|trillion|bn|mn|mm|[kKmMbB](?![\w]))\b)?"
    r"(?!\w|\.\d)",
    re.IGNORECASE,
)
_YEARS: Final = (1900, 2100)
_MOST_NUMBERS: Final = 2_000
_FACTORS: Final = (1e-9, 1e-6, 1e-3, 1e3, 1e6, 1e9)
_NEAR: Final = 0.01
_DIGITS: Final = 100


@dataclass(frozen=True, slots=True)
class Number:
    """One number as it stands in a text."""

    value: float
    """With its scale: `1.6 bn` is 1.6e9. Of `(473)` and of `-473` the sign is not read: texts say it in words too."""
    step: float
    """One unit of its last digit that is not a zero behind the point, with the scale."""
    is_percent: bool
    has_scale: bool
    start: int
    end: int


def read_numbers(text: str, *, years: bool = False) -> tuple[Number, ...]:
    """The numbers of a text in their order, at most 2,000; years are left out unless they are asked for."""
    found: list[Number] = []
    for match in _NUMBER.finditer(text):
        number = _number(match)
        if years or not _is_year(match, number):
            found.append(number)
        if len(found) == _MOST_NUMBERS:
            break
    return tuple(found)


def _number(match: re.Match[str]) -> Number:
    digits = match["digits"].replace(",", "")
    whole, _, decimals = digits.partition(".")
    decimals = decimals.rstrip("0")
    scale = _SCALES.get((match["scale"] or "").lower(), 1.0)
    value = float(f"{whole or '0'}.{decimals or '0'}")
    return Number(
        value=value * scale,
        step=scale * 10.0 ** -len(decimals),
        is_percent=match["percent"] is not None,
        has_scale=match["scale"] is not None,
        start=match.start(),
        end=match.end(),
    )


def _is_year(match: re.Match[str], number: Number) -> bool:
    bare = match["currency"] is None and match["percent"] is None and match["scale"] is None
    return bare and match["digits"].isdecimal() and _YEARS[0] <= number.value <= _YEARS[1]


def closeness(wanted: Number, given: Number) -> float:
    """1 where a number says the wanted one, as far as either was rounded; .5 within a hundredth of it; else 0.

    A scale may be left out on one side ("USD millions" stands in the question), and per cent be written as a fraction.
    """
    best = 0.0
    for factor in _factors(wanted, given):
        value, step = given.value * factor, given.step * factor
        gap = abs(value - wanted.value)
        # Rounded more coarsely is the same number; a single digit alone is too coarse to say anything.
        coarse = step if value >= 10 * step else 0.0
        if gap <= max(wanted.step, coarse) * 0.51 or (gap <= wanted.step * 1.01 and _is_rounded(wanted)):
            return 1.0
        if wanted.value and gap <= _NEAR * wanted.value:
            best = 0.5
    return best


def _is_rounded(number: Number) -> bool:
    """Whether the last digit may be off by one: it is not a whole number, and has at least three digits."""
    return (number.step < 1 or number.has_scale) and number.value >= _DIGITS * number.step


def _factors(wanted: Number, given: Number) -> Sequence[float]:
    factors = [1.0]
    if wanted.is_percent != given.is_percent:
        factors.append(100.0 if wanted.is_percent else 0.01)
    if wanted.has_scale != given.has_scale or wanted.value >= 100:  # noqa: PLR2004  # smaller ones fit by chance
        factors += _FACTORS
    return factors
