"""What a SQL engine must offer so that a `Database` can stand on it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError

from plimsoll.kernel.errors import PlimsollError

Durability = Literal["full", "normal"]

# How long a writer waits for the writer before it.
BUSY_TIMEOUT_MS = 15_000
# The execution option that says what the next transaction is; without it, it is one that reads.
TRANSACTION = "plimsoll_transaction"
WRITE = {TRANSACTION: "write"}
# Each statement for itself, for what cannot stand in a transaction.
NO_TRANSACTION = {TRANSACTION: "none"}


class Watch(Protocol):
    """Sees that somebody changed a database."""

    def state(self) -> int | None:
        """Another number as soon as another connection committed a change; None where the engine cannot tell."""

    def close(self) -> None:
        """Give back what watching holds."""


class NoWatch:
    """Where the engine cannot tell."""

    def state(self) -> int | None:
        """Never knows."""
        return None

    def close(self) -> None:
        """Nothing to give back."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An engine whose transactions read, one whose transactions write, and what its errors mean.

    Both share one pool of connections. `prepare` makes the place for the tables where there is none; `settle` is called
    at the end of each step of a schema, in its transaction; `scrub` takes what was deleted out of the files.
    """

    place: str
    reading: Engine
    writing: Engine
    prepare: Callable[[], None]
    settle: Callable[[Connection], None]
    scrub: Callable[[], None]
    watch: Watch
    translate: Callable[[DatabaseError], PlimsollError]
