"""What backing up and restoring need, and what they tell."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from plimsoll.kernel.digest import Digest, Json

FORMAT = 1

Row = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Tables:
    """One database as tables of JSON rows, the same for every SQL engine."""

    steps: int
    """How many steps of its schema there are."""
    dump: Callable[[], Iterator[tuple[str, Iterator[Row]]]]
    """Every table with its rows, in one order, all as they were at one moment."""
    load: Callable[[Iterable[tuple[str, Iterable[Row]]]], object]
    """Writes tables into an empty database: all of it, or nothing."""
    counts: Callable[[], Mapping[str, int]]
    """How many rows each table has."""
    clear: Callable[[], None]
    """Removes every row."""


class BackupBlobs(Protocol):
    """What is asked of blobs here; see `plimsoll.storage.Blobs`."""

    def addresses(self) -> Iterator[Digest]:
        """Every address."""

    def put(self, data: bytes) -> Digest:
        """Keep bytes."""

    def get(self, digest: Digest) -> bytes:
        """The bytes at an address. Raises IntegrityError."""

    def remove(self, digest: Digest) -> bool:
        """Remove them."""


@dataclass(frozen=True, slots=True)
class BackupParts:
    """Everything that backing up and restoring need from outside."""

    records: Tables
    traces: Tables
    usage: Tables
    """What was used of budgets: without it a restored installation would let callers spend twice."""
    keys: Tables
    blobs: BackupBlobs
    read_secrets: Callable[[], Mapping[str, bytes]]
    """The installation's own keys by name; names are made of lower-case letters, digits, `-`, `_` and `.`."""
    write_secrets: Callable[[Mapping[str, bytes]], Callable[[], None]]
    """Puts them where a new installation looks for its own, all of them or none; gives what takes them away again."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What is in a backup."""

    rows: int
    blobs: int
    checkpoint: str
    """The newest head of the ledger in it, as a signed note; empty when nothing was written down yet."""
    digest: Digest
    """Of the list of all its members with their digests."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore brought back."""

    rows: int
    blobs: int
    checkpoint: str
    with_keys: bool
    """False: names and reasons stay sealed."""
