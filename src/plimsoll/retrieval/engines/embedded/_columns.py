"""Which documents of a part meet a filter, and which somebody may see: values by column, each kept once."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..._filter import OWN_FIELDS, Condition, Filter, Value
from ..._types import EVERYBODY, IndexedDocument

Documents = NDArray[np.bool_]
"""One truth value for each document of a part."""


class _Column(msgspec.Struct, array_like=True):
    """The values of one field, and for each document the number of its value; 0 is a field that is not there."""

    values: list[Value]
    numbers: bytes


class _Columns(msgspec.Struct):
    fields: dict[str, _Column]
    groups: list[tuple[str, ...]]
    """The different lists of groups that documents are for."""
    access: bytes
    """For each document the number of its list."""


def own_fields(document: IndexedDocument) -> Mapping[str, Value]:
    """What a filter can ask of a document: its metadata, and what every document has."""
    own = (document.path, document.title, document.media_type, document.language)
    return {**document.metadata, **dict(zip(OWN_FIELDS, own, strict=True))}


class ColumnWriter:
    """Collects the fields of documents in their order."""

    def __init__(self) -> None:
        self._count = 0
        self._values: dict[str, dict[tuple[type, Value], int]] = {}
        self._numbers: dict[str, dict[int, int]] = {}
        self._groups: dict[tuple[str, ...], int] = {}
        self._access: list[int] = []

    def add(self, document: IndexedDocument) -> None:
        """The fields of the next document."""
        for name, value in own_fields(document).items():
            known = self._values.setdefault(name, {})
            # True is 1 in Python, but not here.
            number = known.setdefault((type(value), value), len(known) + 1)
            self._numbers.setdefault(name, {})[self._count] = number
        self._access.append(self._groups.setdefault(document.access, len(self._groups)))
        self._count += 1

    def write(self, path: Path) -> None:
        """Write all columns into one file."""
        fields = {}
        for name, known in self._values.items():
            numbers = np.zeros(self._count, "<u4")
            places = self._numbers[name]
            numbers[list(places)] = list(places.values())
            fields[name] = _Column([value for _, value in known], numbers.tobytes())
        access = np.array(self._access, "<u4").tobytes()
        path.write_bytes(msgspec.msgpack.encode(_Columns(fields, list(self._groups), access)))


class Columns:
    """What a ColumnWriter wrote."""

    def __init__(self, path: Path) -> None:
        read = msgspec.msgpack.decode(path.read_bytes(), type=_Columns)
        self._fields = {
            name: (column.values, np.frombuffer(column.numbers, "<u4")) for name, column in read.fields.items()
        }
        self._texts: dict[str, dict[Value, int]] = {}
        self._lock = threading.Lock()
        self._groups = read.groups
        self._access = np.frombuffer(read.access, "<u4")

    def meeting(self, wanted: Filter) -> Documents:
        """The documents that meet every condition."""
        met = np.ones(len(self._access), np.bool_)
        for condition in wanted.conditions:
            if condition.field not in self._fields:
                return np.zeros(len(self._access), np.bool_)
            met &= self._good(condition)[self._fields[condition.field][1]]
        return met

    def _good(self, condition: Condition) -> Documents:
        """Which values of a field meet a condition; 0 is a field that is not there."""
        values = self._fields[condition.field][0]
        wanted = _texts_of(condition)
        if wanted is None:
            return np.array([False, *(condition.holds(value) for value in values)])
        good = np.zeros(len(values) + 1, np.bool_)
        known = self._texts_of_field(condition.field)
        good[[known[text] for text in wanted if text in known]] = True
        return good

    def _texts_of_field(self, field: str) -> Mapping[Value, int]:
        """The numbers of a field's texts. A field such as the path has one for each document."""
        with self._lock:
            if field not in self._texts:
                values = enumerate(self._fields[field][0], 1)
                self._texts[field] = {value: number for number, value in values if isinstance(value, str)}
            return self._texts[field]

    def visible(self, groups: frozenset[str] | None) -> Documents:
        """The documents that a member of these groups may find; all of them for None."""
        good = [groups is None or _may_see(groups, access) for access in self._groups]
        seen: Documents = np.array(good, np.bool_)[self._access]
        return seen

    @property
    def everybody(self) -> bool:
        """Whether every document is for everybody."""
        return all(access == EVERYBODY for access in self._groups)


def _texts_of(condition: Condition) -> Sequence[str] | None:
    """The texts of which a field must be one, where a condition asks for nothing else."""
    wanted = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    texts = [value for value in wanted if isinstance(value, str)]
    return texts if condition.operator in {"eq", "in"} and len(texts) == len(wanted) else None


def _may_see(groups: frozenset[str], access: Sequence[str]) -> bool:
    return EVERYBODY[0] in access or not groups.isdisjoint(access)
