"""What documents must be to be found: conditions on their metadata, as a caller writes them in JSON."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from plimsoll.kernel.digest import Json

from ._errors import FilterError

Value = str | int | float | bool

OWN_FIELDS: Final = ("path", "title", "media_type", "language")
"""What every document has, beside its metadata."""

_MOST_CONDITIONS = 20
_MOST_VALUES = 1000
_MOST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Condition:
    """What one field must be; a document without the field does not meet it.

    Values of different kinds are never equal and never in order: `"3"` is not `3`, and `true` is not `1`.
    """

    field: str
    operator: str
    value: Value | tuple[Value, ...]
    _kinds: tuple[type, ...] = dataclasses.field(init=False, repr=False)
    """Of the values. `True == 1` in Python, and a condition on one of them is none on the other."""
    _one_of: frozenset[tuple[type, Value]] = dataclasses.field(init=False, repr=False, compare=False)
    """The values, each with its kind, so that a long list is not gone through for every document."""

    def __post_init__(self) -> None:
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        object.__setattr__(self, "_kinds", tuple(map(_kind, values)))
        # What is not a number does not even equal itself.
        equal = frozenset((_kind(value), value) for value in values if value == value)  # noqa: PLR0124
        object.__setattr__(self, "_one_of", equal)

    def holds(self, value: Value | None) -> bool:
        """Whether a field with this value meets the condition; None is a field that is not there."""
        if value is None:
            return False
        if self.operator in _BY_EQUALITY:
            return ((_kind(value), value) in self._one_of) is not (self.operator == "ne")
        return not isinstance(self.value, tuple) and _OPERATORS[self.operator](value, self.value)


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions that a document must meet, all of them."""

    conditions: tuple[Condition, ...] = ()

    def holds(self, fields: Mapping[str, Value]) -> bool:
        """Whether a document with these fields meets every condition."""
        return all(condition.holds(fields.get(condition.field)) for condition in self.conditions)

    @classmethod
    def from_json(cls, value: Json) -> "Filter":
        """The filter in `{"year": {"gte": 2024}, "kind": "contract", "language": {"in": ["en", "de"]}}`.

        Operators: eq (or the value alone), ne, in, gt, gte, lt, lte, starts_with. Raises FilterError.
        """
        if not isinstance(value, dict):
            raise FilterError("it is not an object")
        conditions = [condition for name, wanted in value.items() for condition in _conditions(name, wanted)]
        if len(conditions) > _MOST_CONDITIONS:
            raise FilterError(f"it has {len(conditions)} conditions, and the most are {_MOST_CONDITIONS}")
        return cls(tuple(sorted(conditions, key=lambda condition: (condition.field, condition.operator))))


def _conditions(name: str, wanted: Json) -> list[Condition]:
    if not isinstance(wanted, dict):
        return [Condition(name, "eq", _scalar(name, wanted))]
    unknown = [operator for operator in wanted if operator not in _KNOWN]
    if unknown:
        raise FilterError(f"`{_shown(name)}` has the operator `{_shown(unknown[0])}`")
    if not wanted:
        raise FilterError(f"`{_shown(name)}` says nothing")
    return [Condition(name, operator, _operand(name, operator, value)) for operator, value in wanted.items()]


def _operand(name: str, operator: str, value: Json) -> Value | tuple[Value, ...]:
    if operator == "in":
        if not isinstance(value, list) or len(value) > _MOST_VALUES:
            raise FilterError(f"`in` of `{_shown(name)}` is not a list of at most {_MOST_VALUES} values")
        return tuple(_scalar(name, item) for item in value)
    scalar = _scalar(name, value)
    if operator == "starts_with" and not isinstance(scalar, str):
        raise FilterError(f"`starts_with` of `{_shown(name)}` is not a text")
    return scalar


def _scalar(name: str, value: Json) -> Value:
    if isinstance(value, float) and not math.isfinite(value):
        raise FilterError(f"`{_shown(name)}` is compared with a number that JSON does not have")
    if isinstance(value, bool | int | float | str):
        return value
    raise FilterError(f"`{_shown(name)}` is compared with something that is no text, number, true or false")


def _shown(name: str) -> str:
    return name if len(name) <= _MOST_SHOWN else f"{name[:_MOST_SHOWN]}…"


def _kind(value: object) -> type:
    return bool if isinstance(value, bool) else float if isinstance(value, int | float) else str


def _ordered(compare: Callable[[Value, Value], bool]) -> Callable[[Value, Value], bool]:
    return lambda value, wanted: _kind(value) is _kind(wanted) and compare(value, wanted)


_BY_EQUALITY: Final = frozenset({"eq", "ne", "in"})
_OPERATORS: Final[Mapping[str, Callable[[Value, Value], bool]]] = {
    "gt": _ordered(lambda value, wanted: value > wanted),  # type: ignore[operator]  # of one kind, which is checked
    "gte": _ordered(lambda value, wanted: value >= wanted),  # type: ignore[operator]  # same
    "lt": _ordered(lambda value, wanted: value < wanted),  # type: ignore[operator]  # same
    "lte": _ordered(lambda value, wanted: value <= wanted),  # type: ignore[operator]  # same
    "starts_with": lambda value, wanted: (
        isinstance(value, str) and isinstance(wanted, str) and value.startswith(wanted)
    ),
}
_KNOWN: Final = _BY_EQUALITY | _OPERATORS.keys()

NO_FILTER: Final = Filter()
"""Every document meets it."""
