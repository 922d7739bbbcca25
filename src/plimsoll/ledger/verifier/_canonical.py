"""Canonical JSON (RFC 8785) and base64, strictly read. Integers go up to 2**53."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import Any

from ._report import WrongError

SAFE_INTEGER = 2**53 - 1
PLAIN_FROM, PLAIN_TO = Decimal("1e-6"), Decimal("1e21")


def _real(text: str) -> float:
    number = float(text)
    if _number(number) != text:
        raise WrongError(f"has the number {text[:40]}, which is not written canonically")
    return number


def _whole(text: str) -> int:
    if len(text) > len(str(-SAFE_INTEGER)) or abs(int(text)) > SAFE_INTEGER:
        raise WrongError("has an integer beyond 2**53")
    return int(text)


def _never(text: str) -> None:
    raise WrongError(f"has {text}, which is no JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise WrongError("names a field twice")
    return value


_decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_real, parse_int=_whole, parse_constant=_never)
_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def parse(text: str) -> Any:
    """The value of a JSON text; no field twice, numbers as RFC 8785 writes them. Raises an error of `MALFORMED`."""
    return _decoder.decode(text)


def _number(number: float) -> str:
    """As ECMAScript writes a number that is not whole: the shortest digits that give it again."""
    exact = Decimal(repr(number))
    if PLAIN_FROM <= abs(exact) < PLAIN_TO or not exact.is_finite():
        text = format(exact, "f")
        return text.removesuffix(".0")
    first, *rest = (str(digit) for digit in exact.as_tuple().digits)
    return f"{'-' * (number < 0)}{first}{'.' * bool(rest)}{''.join(rest)}e{exact.adjusted():+d}"


def canonical(value: Any) -> str:
    """The one text that stands for a JSON value."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(_encoder.encode(key) + ":" + canonical(value[key]) for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return _number(value) if isinstance(value, float) else _encoder.encode(value)


def is_canonical(value: Any, text: str) -> bool:
    """Whether `text`, from which `value` was parsed, is its canonical form. The first way is only the faster one."""
    return (text.isascii() and _encoder.encode(value) == text) or canonical(value) == text


def from_base64(text: str) -> bytes:
    """The bytes of a base64 text; raises an error of `MALFORMED` for a text that is not the only one for its bytes."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise WrongError("has base64 that is not written canonically")
    return data
