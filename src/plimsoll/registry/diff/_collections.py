"""The long lists of some kinds, whose elements are told as wholes: documents, rows, segments."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from plimsoll.kernel.digest import Json

from ._lists import is_list, is_mapping, same

Content = Literal["document", "row", "segment"]

_AUTOMATIC_ID = re.compile(r"row-\d+")


@dataclass(frozen=True, slots=True)
class Collection:
    """A long list at the top of a content."""

    field: str
    noun: Content
    names: tuple[str, ...]
    """By which field elements are found again: the first that works, as in `_lists.NAMES`."""
    listed: int | None
    """How many of each sort of change are told one by one; None for all."""


_SOURCE = Collection("documents", "document", ("path",), None)
_ROWS = Collection("rows", "row", ("id", "question"), 10)
# A row that was given no id is called after its line, so that the names of all rows below a new one are other rows'.
_NUMBERED_ROWS = Collection("rows", "row", ("question", "id"), 10)
_SEGMENTS = Collection("segments", "segment", ("digest",), 3)


def collection_of(kind: str, old: Json, new: Json) -> Collection | None:
    """The long list of a kind, if it has one."""
    if kind == "dataset":
        return _NUMBERED_ROWS if _has_automatic_ids(old) or _has_automatic_ids(new) else _ROWS
    return {"source": _SOURCE, "index": _SEGMENTS}.get(kind)


def only_renumbered(before: Json, after: Json) -> bool:
    """Whether nothing of a row is different but the id that it got from its line."""
    if not is_mapping(before) or not is_mapping(after):
        return False
    ids = (before.get("id"), after.get("id"))
    return all(is_automatic(name) for name in ids) and same({**before, "id": ""}, {**after, "id": ""})


def is_automatic(name: Json) -> bool:
    """Whether a row's id was made from its line."""
    return isinstance(name, str) and _AUTOMATIC_ID.fullmatch(name) is not None


def _has_automatic_ids(content: Json) -> bool:
    rows: Json = content.get("rows") if is_mapping(content) else None
    elements: Sequence[Json] = rows if is_list(rows) else ()
    return any(is_automatic(row.get("id")) for row in elements if isinstance(row, Mapping))
