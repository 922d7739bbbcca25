"""What is said about a file of rows, and how its records become rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from plimsoll.kernel.digest import Json
from plimsoll.kernel.words import nearest

from .._types import Split

COLUMNS: Final = (
    "id",
    "question",
    "answers",
    "documents",
    "answerable",
    "tags",
    "group",
    "split",
    "fields",
    "source",
)
"""What a column may be. `fields.NAME` is one value of `fields`."""

_TEXTS: Final = frozenset({"id", "question", "group", "split", "source"})
_SEVERAL: Final = frozenset({"answers", "documents", "tags"})
_FIELD: Final = "fields."


@dataclass(frozen=True, slots=True)
class Description:
    """What `datasets/NAME.yaml` says about a file of rows."""

    file: str = ""
    """The file, from the project's folder on; empty for the one beside the description."""

    columns: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    """Keys of rows, or `fields.NAME`, with the column of each; several columns only for what a row has several of.

    Where any is named, no other is read. A name with dots also leads into nested values: `answers.text`.
    """
    separator: str = ""
    """What stands between several answers, documents or tags in one cell; empty where a cell has one."""
    split: Split = ""
    """Of all rows that do not say their own."""
    licence: str = ""
    origin: str = ""
    description: str = ""

    def about(self) -> dict[str, Json]:
        """What of it is worth keeping with the rows: where they come from, and what may be done with them."""
        said = {"licence": self.licence, "origin": self.origin, "description": self.description}
        return {name: value for name, value in said.items() if value}


NOTHING_SAID: Final = Description()


def column_mistake(key: str) -> str:
    """Why a key of `columns` is none, with what may be meant; empty where it is one."""
    if key in COLUMNS or (key.startswith(_FIELD) and len(key) > len(_FIELD)):
        return ""
    near = nearest(key, COLUMNS)
    listed = f"keys of a row are {', '.join(COLUMNS)}, and fields.NAME"
    return f"did you mean `{near}`? {listed}" if near else listed


def is_key(name: str) -> bool:
    """Whether a column can be taken for what it is called."""
    return not column_mistake(name)


def columns_of(columns: str | tuple[str, ...]) -> tuple[str, ...]:
    """One column or several, as several."""
    return (columns,) if isinstance(columns, str) else columns


def row_values(record: Mapping[str, Any], description: Description) -> dict[str, Any]:
    """The keys of a row with their values, out of a record; what is empty is left out."""
    values: dict[str, Any] = {}
    for key, columns in _columns(record, description):
        found = [value for column in columns if not _is_empty(value := _value_at(record, column))]
        if not found:
            continue
        if key.startswith(_FIELD):
            values.setdefault("fields", {})[key.removeprefix(_FIELD)] = found[0]
        elif key in _SEVERAL:
            values[key] = [text for value in found for text in _several(value, description.separator)]
        else:
            values[key] = _text(found[0]) if key in _TEXTS else found[0]
    if description.split:
        values.setdefault("split", description.split)
    return values


def _columns(record: Mapping[str, Any], description: Description) -> Iterator[tuple[str, tuple[str, ...]]]:
    if not description.columns:
        yield from ((name, (name,)) for name in record)
    for key, columns in description.columns.items():
        yield key, columns_of(columns)


def _value_at(value: Any, name: str) -> Any:
    """The value of a column, or what a name with dots leads to; of a list, what it leads to in each of its members."""
    if isinstance(value, list):
        return [one for member in value if not _is_empty(one := _value_at(member, name))]
    if not isinstance(value, Mapping):
        return None
    if name in value:
        return value[name]
    first, _, rest = name.partition(".")
    return _value_at(value[first], rest) if rest and first in value else None


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [])


def _several(value: Any, separator: str) -> list[Any]:
    if isinstance(value, list):
        return [inner for one in value for inner in _several(one, "")]
    if isinstance(value, str) and separator:
        return [part for piece in value.split(separator) if (part := piece.strip())]
    return [_text(value)]


def _text(value: Any) -> Any:
    """A number as text, because a file may know no difference: ids and answers are texts."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
