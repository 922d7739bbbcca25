"""What documents must be to be found: conditions on their metadata, as a caller writes them in JSON."""

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


@dataclass(frozen=True, slots=True)
class Condition:
    """What one field must be; a document without the field does not meet it.

    Values of different kinds are never equal and never in order: `"3"` is not `3`, and `true` is not `1`.
    """

    field: str
    operator: str
    value: Value | tuple[Value, ...]

    def holds(self, value: Value | None) -> bool:
        """Whether a field with this value meets the condition; None is a field that is not there."""
        return value is not None and _OPERATORS[self.operator](value, self.value)


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
    unknown = [operator for operator in wanted if operator not in _OPERATORS]
    if unknown or not wanted:
        raise FilterError(f"`{name}` has the operator {unknown[0]!r}" if unknown else f"`{name}` says nothing")
    return [Condition(name, operator, _operand(name, operator, value)) for operator, value in wanted.items()]


def _operand(name: str, operator: str, value: Json) -> Value | tuple[Value, ...]:
    if operator == "in":
        if not isinstance(value, list) or len(value) > _MOST_VALUES:
            raise FilterError(f"`in` of `{name}` is not a list of at most {_MOST_VALUES} values")
        return tuple(_scalar(name, item) for item in value)
    scalar = _scalar(name, value)
    if operator == "starts_with" and not isinstance(scalar, str):
        raise FilterError(f"`starts_with` of `{name}` is not a text")
    return scalar


def _scalar(name: str, value: Json) -> Value:
    if isinstance(value, bool | int | float | str):
        return value
    raise FilterError(f"`{name}` is compared with something that is no text, number, true or false")


def _kind(value: object) -> type:
    return bool if isinstance(value, bool) else float if isinstance(value, int | float) else str


def _equal(value: Value, wanted: object) -> bool:
    return _kind(value) is _kind(wanted) and value == wanted


def _ordered(compare: Callable[[Value, Value], bool]) -> Callable[[Value, object], bool]:
    def holds(value: Value, wanted: object) -> bool:
        return _kind(value) is _kind(wanted) and isinstance(wanted, bool | int | float | str) and compare(value, wanted)

    return holds


_OPERATORS: Final[Mapping[str, Callable[[Value, object], bool]]] = {
    "eq": _equal,
    "ne": lambda value, wanted: not _equal(value, wanted),
    "in": lambda value, wanted: isinstance(wanted, tuple) and any(_equal(value, item) for item in wanted),
    "gt": _ordered(lambda value, wanted: value > wanted),  # type: ignore[operator]  # of one kind, which is checked
    "gte": _ordered(lambda value, wanted: value >= wanted),  # type: ignore[operator]  # same
    "lt": _ordered(lambda value, wanted: value < wanted),  # type: ignore[operator]  # same
    "lte": _ordered(lambda value, wanted: value <= wanted),  # type: ignore[operator]  # same
    "starts_with": lambda value, wanted: (
        isinstance(value, str) and isinstance(wanted, str) and value.startswith(wanted)
    ),
}

NO_FILTER: Final = Filter()
"""Every document meets it."""
