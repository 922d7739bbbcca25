"""How values look inside a sentence."""

import json
import re
from decimal import Decimal
from typing import TypeGuard

from plimsoll.kernel.digest import Json, hex_part

_DIGEST = re.compile("sha256:[0-9a-f]{64}")
_PLAIN = re.compile(r"[^\s\"`]+")
_LONGEST = 72
_DIGITS = 12
_DECIMALS = 6
_GROUPED_FROM = 10_000
_ARROW = " → "


def shown(value: Json) -> str:
    """A value in a few words: numbers and single words as they are, anything else as JSON, cut when it is long."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and abs(value) >= _GROUPED_FROM:
        return f"{value:,}"
    if isinstance(value, str) and _DIGEST.fullmatch(value):
        return hex_part(value)[:_DIGITS]
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return cut(value)
    return cut(quoted(value))


def turned(before: Json, after: Json) -> str:
    """`0.80 → 0.75`: two numbers get the same number of decimals."""
    if is_number(before) and is_number(after):
        decimals = max(_decimals(before), _decimals(after))
        if 0 < decimals <= _DECIMALS:
            return f"{before:.{decimals}f}{_ARROW}{after:.{decimals}f}"
    return f"{shown(before)}{_ARROW}{shown(after)}"


def named(name: str) -> str:
    """A name in backticks, on one line."""
    return f"`{cut(' '.join(name.split()))}`"


def cut(text: str) -> str:
    """Text that is not too long for a sentence."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def quoted(value: Json) -> str:
    """JSON on one line."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def is_number(value: Json) -> TypeGuard[int | float]:
    """Whether a value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _decimals(value: float) -> int:
    exponent = Decimal(repr(value)).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
