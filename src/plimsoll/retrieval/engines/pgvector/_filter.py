"""A filter and the groups of who asks, as a condition on `document`, with bound parameters."""

import json
from collections.abc import Sequence
from math import isinf, isnan

from ..._filter import Condition, Filter, Value
from .._documents import KINDS, TEXT, column_of, group_hashes, kind_of, plain

_NEVER = "false"
_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_BEYOND = "1e400"
"""Stands for infinity, which JSON does not have."""

Parameters = dict[str, object]


def json_of(kept: str | float | bool) -> str:  # noqa: FBT001  # a value of a document
    """A value in the form in which documents keep it (JSON)."""
    if isinstance(kept, float) and isinf(kept):
        return _BEYOND if kept > 0 else f"-{_BEYOND}"
    return json.dumps(kept)


def condition_of(wanted: Filter, groups: frozenset[str] | None) -> tuple[str, Parameters]:
    """The condition that documents must meet, and what is bound in it; `true` where all do."""
    made = _Condition()
    parts = [made.met(condition) for condition in wanted.conditions]
    if groups is not None:
        parts.append(f"d.everybody OR d.access && CAST({made.bound(group_hashes(groups))} AS text[])")
    return " AND ".join(f"({part})" for part in parts) or "true", made.parameters


class _Condition:
    """Collects parameters while a condition is written."""

    def __init__(self) -> None:
        self.parameters: Parameters = {}

    def bound(self, value: object) -> str:
        name = f"f{len(self.parameters)}"
        self.parameters[name] = value
        return f":{name}"

    def met(self, condition: Condition) -> str:
        field, operator, value = condition.field, condition.operator, condition.value
        if isinstance(value, tuple):
            return self._one_of(field, value)
        if operator == "ne":
            return self._differs(field, value)
        if operator == "eq" or _is_nan(value):
            return self._one_of(field, (value,))
        if operator == "starts_with":
            return f"starts_with({self._text(field)}, {self.bound(plain(value))})"
        if kind_of(value) == TEXT:
            return f'{self._text(field)} COLLATE "C" {_SIGNS[operator]} {self.bound(plain(value))}'
        return f"{self._kept(field, value)} {_SIGNS[operator]} {self._json(value)}"

    def _differs(self, field: str, value: Value) -> str:
        """Whether a field is there, and is not this: also where it is of another kind."""
        names = self.bound([column_of(field, kind) for kind in KINDS])
        there = f"jsonb_exists_any(d.fields, CAST({names} AS text[]))"
        if _is_nan(value):
            return there
        return f"{there} AND {self._kept(field, value)} IS DISTINCT FROM {self._json(value)}"

    def _one_of(self, field: str, values: Sequence[Value]) -> str:
        """Whether a field is one of some values: a parameter for each kind of them, however many there are."""
        by_kind: dict[str, list[str]] = {}
        for value in values:
            if not _is_nan(value):
                by_kind.setdefault(column_of(field, kind_of(value)), []).append(json_of(plain(value)))
        parts = [
            f"(d.fields -> CAST({self.bound(column)} AS text)) = ANY (CAST({self.bound(texts)} AS jsonb[]))"
            for column, texts in by_kind.items()
        ]
        return " OR ".join(parts) or _NEVER

    def _kept(self, field: str, value: Value) -> str:
        return f"(d.fields -> CAST({self.bound(column_of(field, kind_of(value)))} AS text))"

    def _text(self, field: str) -> str:
        return f"(d.fields ->> CAST({self.bound(column_of(field, TEXT))} AS text))"

    def _json(self, value: Value) -> str:
        return f"CAST({self.bound(json_of(plain(value)))} AS jsonb)"


def _is_nan(value: Value) -> bool:
    return isinstance(value, float) and isnan(value)
