"""A filter and the groups of who asks, as a condition of Lance (SQL). Nothing of theirs stands in it but in hex."""

from collections.abc import Collection, Iterator
from math import isinf, isnan

from ..._filter import Condition, Filter, Value
from .._documents import KINDS, NUMBER, TEXT, column_of, group_hashes, kind_of, plain

_NEVER = "false"
_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def condition_of(wanted: Filter, groups: frozenset[str] | None, columns: Collection[str]) -> str | None:
    """The condition that rows must meet; None where all do. `columns` are those that the dataset has."""
    parts = [_met(condition, columns) for condition in wanted.conditions]
    if groups is not None:
        parts.append(_visible(groups))
    return " AND ".join(f"({part})" for part in parts) or None


def _visible(groups: frozenset[str]) -> str:
    if not groups:
        return "everybody"
    hashes = ", ".join(f"'{each}'" for each in group_hashes(groups))
    return f"everybody OR array_has_any(access, [{hashes}])"


def _met(condition: Condition, columns: Collection[str]) -> str:
    field, operator, value = condition.field, condition.operator, condition.value
    if isinstance(value, tuple):
        return " OR ".join(f"({_equal(field, item, columns)})" for item in value) or _NEVER
    if operator == "eq":
        return _equal(field, value, columns)
    if operator == "ne":
        return _differs(field, value, columns)
    column = column_of(field, kind_of(value))
    if column not in columns or (isinstance(value, float) and isnan(value)):
        return _NEVER
    if operator == "starts_with":
        return f"starts_with({column}, {_literal(value)})"
    return f"{column} {_SIGNS[operator]} {_literal(value)}"


def _equal(field: str, value: Value, columns: Collection[str]) -> str:
    column = column_of(field, kind_of(value))
    if column not in columns or (isinstance(value, float) and isnan(value)):
        return _NEVER
    return f"{column} = {_literal(value)}"


def _differs(field: str, value: Value, columns: Collection[str]) -> str:
    """Whether a field is there, and is not this: also where it is of another kind."""
    there = " OR ".join(f"{column} IS NOT NULL" for column in _columns(field, columns)) or _NEVER
    same = _equal(field, value, columns)
    own = column_of(field, kind_of(value))
    return there if same == _NEVER else f"({there}) AND ({own} IS NULL OR NOT ({same}))"


def _columns(field: str, columns: Collection[str]) -> Iterator[str]:
    return (column for kind in KINDS if (column := column_of(field, kind)) in columns)


def _literal(value: Value) -> str:
    kept = plain(value)
    kind = kind_of(value)
    if kind == TEXT:
        return f"'{kept}'"
    if kind != NUMBER:
        return "true" if kept else "false"
    number = float(kept)
    if isinf(number):
        return f"CAST('{'inf' if number > 0 else '-inf'}' AS DOUBLE)"
    return f"CAST({number!r} AS DOUBLE)"
