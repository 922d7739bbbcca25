"""From what msgspec says of a wrong field to what a caller is told."""

import re
from typing import Any, Final, TypeVar

import msgspec

from .._errors import FieldError

T = TypeVar("T")

_WHERE: Final = re.compile(r"(?P<problem>.*?)(?: - at `\$\.?(?P<param>[^`]*)`)?", re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(?P<field>\w+)`")


def as_type(value: Any, kind: type[T]) -> T:
    """`value`, which was read from JSON, as a struct; fields that it does not list are not looked at.

    Raises FieldError, which names the field: `messages[0].role`.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise field_error(str(error)) from None


def field_error(text: str) -> FieldError:
    """The error for a sentence of msgspec, such as ``Expected `int`, got `str` - at `$.n` ``."""
    match = _WHERE.fullmatch(text)
    problem, where = (match["problem"], match["param"] or "") if match else (text, "")
    where = where.replace("[...]", "").strip(".")
    missing = _MISSING.fullmatch(problem)
    if missing:
        return FieldError(f"{where}.{missing['field']}".lstrip("."), "this field is required")
    return FieldError(where, problem[0].lower() + problem[1:])
