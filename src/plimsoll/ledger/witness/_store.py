"""Rows held against their entries, and entries against the signed head, on the connection that trusts them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from msgspec import DecodeError
from sqlalchemy import Connection, Integer, Text, column, select, table

from plimsoll.kernel.digest import Json, canonical_json
from plimsoll.kernel.signing import VerifyingKey

from .._checkpoint import open_checkpoint
from .._entry import read_line
from .._errors import HeadInvalidError, RowForgedError
from .._merkle import TILE_LEVEL, inclusion_proof, leaf_hash, perfect_root, verify_inclusion
from .._types import Claim, Entry

_entry = table(
    "ledger_entry", column("sequence", Integer), column("act", Text), column("app", Text), column("body", Text)
)
_tile = table("ledger_tile", column("level", Integer), column("position", Integer), column("hash", Text))
_head = table("ledger_head", column("checkpoint", Text))


@dataclass(frozen=True, slots=True)
class Witness:
    """Says whether rows can be trusted now: each says what its entry says, and the entry is under the signed head.

    Whoever can write to the database and has no signing key can still take a row away together with its entry; that
    is for the verification of the whole log.
    """

    connection: Connection
    key: VerifyingKey

    def must_say(self, claims: Iterable[Claim]) -> None:
        """Raises RowForgedError unless the log says what every row says, and CheckpointInvalidError."""
        asked = tuple(claims)
        if not asked:
            return
        head = open_checkpoint(self.connection.scalar(select(_head.c.checkpoint)) or "", [self.key])
        subtrees = Subtrees(self.connection)
        for claim in asked:
            body = self._agreeing(claim)
            try:
                proof = inclusion_proof(claim.sequence, head.size, subtrees)
            except ValueError:
                raise _forged(claim) from None
            if not verify_inclusion(leaf_hash(body.encode()), claim.sequence, head.size, proof, head.root):
                raise _forged(claim)

    def must_miss_none(
        self, there: Iterable[int], acts: Sequence[str], app: str, facts: Mapping[str, Json], *, after: int = -1
    ) -> None:
        """Raises RowForgedError when the log knows such an act, with these facts, that has no row among `there`.

        Only entries after a number are asked; what they say is not proven, but there they are.
        """
        rows = set(there)
        for entry in self.entries(acts, app, after=after, naming=facts.values()):
            same = all(entry.facts.get(name) == value for name, value in facts.items())
            if same and entry.sequence not in rows:
                raise RowForgedError(f"what is around entry {entry.sequence}", f"the row of its {entry.act} is gone")

    def entries(
        self, acts: Sequence[str], app: str, *, after: int = -1, naming: Iterable[Json] = ()
    ) -> Iterator[Entry]:
        """The entries of some acts on an application that come after a number and name some values, in order."""
        query = select(_entry.c.body).where(_entry.c.act.in_(acts), _entry.c.app == app, _entry.c.sequence > after)
        texts = [canonical_json(value).decode() for value in naming]
        for body in self.connection.scalars(query.order_by(_entry.c.sequence)):
            # Most are of something else, and need not be read for that.
            if all(text in body for text in texts):
                yield read_line(body)

    def _agreeing(self, claim: Claim) -> str:
        """The line of the entry that says the same as a row."""
        body = self.connection.scalar(select(_entry.c.body).where(_entry.c.sequence == claim.sequence))
        try:
            differs = body is None or claim.differences(read_line(body))
        except (DecodeError, KeyError, ValueError, TypeError):
            differs = True
        if differs or body is None:
            raise _forged(claim)
        return str(body)


def _forged(claim: Claim) -> RowForgedError:
    return RowForgedError(claim.place, f"entry {claim.sequence} of the log does not say so")


@dataclass(frozen=True, slots=True)
class Subtrees:
    """Hashes of perfect subtrees, from the tiles and lines of the database."""

    connection: Connection

    def __call__(self, level: int, position: int) -> bytes:
        """The hash of one; raises HeadInvalidError when a part of it is not there."""
        base = level - level % TILE_LEVEL
        first = position << (level - base)
        stop = first + (1 << (level - base))
        if base == 0:
            query = select(_entry.c.body).where(_entry.c.sequence >= first, _entry.c.sequence < stop)
            lines = self.connection.scalars(query.order_by(_entry.c.sequence)).all()
            hashes = [leaf_hash(line.encode()) for line in lines]
        else:
            tiles = select(_tile.c.hash).where(
                _tile.c.level == base, _tile.c.position >= first, _tile.c.position < stop
            )
            hashes = [bytes.fromhex(text) for text in self.connection.scalars(tiles.order_by(_tile.c.position))]
        if len(hashes) != stop - first:
            raise HeadInvalidError(f"of the nodes {first} to {stop - 1} of level {base}, {len(hashes)} are there")
        return perfect_root(hashes)
