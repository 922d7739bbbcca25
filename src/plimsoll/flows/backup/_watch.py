"""What the records say about blobs and the ledger, read while their rows go by."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from msgspec import DecodeError, Struct, ValidationError, json

from plimsoll.governance.retention import erased_blobs
from plimsoll.kernel.digest import Digest

from ._types import Row

_NAMING = {"artifact_version": "digest", "release": "digest", "working_draft": "digest", "draft_verdict": "run"}
"""The columns that name blobs which must be there."""


class _Act(Struct):
    """What an entry says."""

    act: str
    facts: dict[str, Any]


class _Segment(Struct):
    digest: str


class _Index(Struct):
    """The content of an index, as far as it names other blobs."""

    segments: list[_Segment] = []


@dataclass(slots=True)
class RecordsWatch:
    """Collects the blobs that rows name, those that were erased, and the newest checkpoint."""

    checkpoint: str = ""
    there: set[Digest] = field(default_factory=set)
    """The blobs that are in the backup."""
    _named: set[Digest] = field(default_factory=set)
    _indexes: set[Digest] = field(default_factory=set)
    _erasures: list[_Act] = field(default_factory=list)

    def watched(self, table: str, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows, one by one."""
        for row in rows:
            self._see(table, row)
            yield row

    def missing(self, read: Callable[[Digest], bytes]) -> list[Digest]:
        """The blobs that must be there and are not; `read` gives the content of those that are."""
        named = set(self._named)
        for digest in self._indexes & self.there:
            named |= _segments(read(digest))
        return sorted(named - self.there - erased_blobs(self._erasures))

    def _see(self, table: str, row: Row) -> None:
        if table in _NAMING:
            self._named.add(str(row.get(_NAMING[table])))
            if row.get("kind") == "index":
                self._indexes.add(str(row.get("digest")))
        elif table == "ledger_head":
            self.checkpoint = str(row.get("checkpoint"))
        elif table == "ledger_entry" and row.get("act") == "subject.erase":
            self._erasures.append(json.decode(str(row.get("body")), type=_Act))


def _segments(content: bytes) -> set[Digest]:
    try:
        return {segment.digest for segment in json.decode(content, type=_Index).segments}
    except (DecodeError, ValidationError):
        return set()
