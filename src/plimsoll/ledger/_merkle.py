"""The Merkle tree of the ledger: roots, proofs, and what it takes to believe them (RFC 6962 §2.1, RFC 9162 §2.1).

A node at `(level, position)` is the root of the perfect subtree over the 2**level leaves from `position << level` on.
Proofs are computed from such nodes alone; whoever asks for a proof brings a function that fetches one.
"""

import hmac
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Self

from ._errors import HeadInvalidError

HASH_BYTES = 32
TILE_LEVEL = 8
"""Perfect subtrees are worth keeping at levels 8, 16, 24, …: with them any node costs at most 256 hashes."""
EMPTY_ROOT = sha256(b"").digest()
"""The root of the tree without leaves (RFC 6962 §2.1)."""

Subtree = Callable[[int, int], bytes]
"""`subtree(level, position)`: the hash of a perfect subtree."""
Completed = Callable[[int, int, bytes], None]
"""`completed(level, position, hash)`: told of a perfect subtree at a level that is a multiple of 8."""

_TILE_LEAVES = 1 << TILE_LEVEL
_LEAF = b"\x00"
_NODE = b"\x01"
_TEXT = re.compile(r"(0|[1-9][0-9]{0,18})((?: [0-9a-f]{64})*)")


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf: SHA-256 of a zero byte and the data, so that no leaf can pass for a node."""
    return sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two children."""
    return sha256(_NODE + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that is needed to go on with a tree: its size, and the roots of the perfect subtrees that it consists of.

    Raises ValueError when the number or the length of the hashes does not fit the size.
    """

    size: int
    hashes: tuple[bytes, ...]
    """From left (largest subtree) to right; one for each bit that is set in `size`."""

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.hashes) != self.size.bit_count():
            msg = f"a tree of {self.size} leaves does not consist of {len(self.hashes)} perfect subtrees"
            raise ValueError(msg)
        if any(len(each) != HASH_BYTES for each in self.hashes):
            msg = f"a hash in a tree has {HASH_BYTES} bytes"
            raise ValueError(msg)

    @classmethod
    def empty(cls) -> Self:
        """The tree without leaves."""
        return cls(0, ())

    def append(self, leaf: bytes, completed: Completed | None = None) -> Self:
        """The tree with one more leaf; `leaf` is its data, not its hash."""
        return self.extend((leaf,), completed)

    def extend(self, leaves: Iterable[bytes], completed: Completed | None = None) -> Self:
        """The tree with more leaves, given as their data.

        `completed` is told of every perfect subtree at level 8, 16, 24, … in the moment when its last leaf comes.
        The leaves are read as a stream: memory stays flat.
        """
        growth = _Growth(self.size, list(self.hashes), completed)
        stream = iter(leaves)
        # one by one as far as the next tile, then tile by tile, and the rest one by one
        for leaf in islice(stream, -self.size % _TILE_LEAVES):
            growth.push(0, leaf_hash(leaf))
        while len(tile := [sha256(_LEAF + leaf).digest() for leaf in islice(stream, _TILE_LEAVES)]) == _TILE_LEAVES:
            growth.push(TILE_LEVEL, perfect_root(tile))
        for each in tile:
            growth.push(0, each)
        return type(self)(growth.size, tuple(growth.hashes))

    def root(self) -> bytes:
        """The hash that stands for the whole tree (RFC 6962 §2.1, Merkle Tree Hash)."""
        return _fold(self.hashes) if self.hashes else EMPTY_ROOT

    def to_text(self) -> str:
        """The size and the hashes in hexadecimal digits, with a space between; at most some 1,300 characters."""
        return " ".join([str(self.size), *(each.hex() for each in self.hashes)])

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The frontier that `to_text` wrote. Raises HeadInvalidError for any other text."""
        found = _TEXT.fullmatch(text)
        if found is None:
            raise HeadInvalidError("it is not a size and hashes")
        try:
            return cls(int(found[1]), tuple(bytes.fromhex(each) for each in found[2].split()))
        except ValueError as error:
            raise HeadInvalidError(str(error)) from None


@dataclass(slots=True)
class _Growth:
    """A tree while it grows, like a binary counter: equal neighbours merge into one of the next level."""

    size: int
    hashes: list[bytes]
    completed: Completed | None

    def push(self, level: int, root: bytes) -> None:
        """Add a perfect subtree on the right; the size must be a multiple of its own."""
        position = self.size >> level
        self.size += 1 << level
        self._tell(level, position, root)
        while position & 1:
            root = node_hash(self.hashes.pop(), root)
            level, position = level + 1, position >> 1
            self._tell(level, position, root)
        self.hashes.append(root)

    def _tell(self, level: int, position: int, root: bytes) -> None:
        if self.completed is not None and level and level % TILE_LEVEL == 0:
            self.completed(level, position, root)


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over nodes of one level, from left to right. Raises ValueError unless there are 1, 2, 4, 8, … of them.

    With leaf hashes this is the root of a perfect tree; with nodes of level 8 it goes on from there.
    """
    if len(hashes).bit_count() != 1:
        msg = f"{len(hashes)} nodes do not make a perfect subtree: their number must be a power of two"
        raise ValueError(msg)
    row: Sequence[bytes] = hashes
    while len(row) > 1:
        nodes = iter(row)
        row = [sha256(_NODE + left + right).digest() for left, right in zip(nodes, nodes, strict=True)]
    return row[0]


def tree_root(size: int, subtree: Subtree) -> bytes:
    """The root of the tree of the first `size` leaves. Raises ValueError for a size below 0."""
    if size < 0:
        msg = f"a tree cannot have {size} leaves"
        raise ValueError(msg)
    return _range_root(0, size, subtree) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, subtree: Subtree) -> tuple[bytes, ...]:
    """The hashes that lead from leaf `index` to the root of the tree of `size` leaves, from the leaf upwards.

    RFC 6962 §2.1.1. Raises ValueError unless 0 <= index < size.
    """
    if not 0 <= index < size:
        msg = f"a tree of {size} leaves has no leaf {index}"
        raise ValueError(msg)
    path: list[bytes] = []
    start, count = 0, size
    while count > 1:
        left = _left_half(count)
        if index < start + left:
            path.append(_range_root(start + left, count - left, subtree))
            count = left
        else:
            path.append(_range_root(start, left, subtree))
            start, count = start + left, count - left
    return tuple(reversed(path))


def consistency_proof(old: int, new: int, subtree: Subtree) -> tuple[bytes, ...]:
    """The hashes that show that the tree of `new` leaves begins with the tree of `old` leaves.

    RFC 6962 §2.1.2; empty when `old` is 0 or equals `new`, where nothing needs showing.
    Raises ValueError unless 0 <= old <= new.
    """
    if not 0 <= old <= new:
        msg = f"a tree of {new} leaves cannot begin with a tree of {old} leaves"
        raise ValueError(msg)
    if old == 0:
        return ()
    path: list[bytes] = []
    start, count, rest = 0, new, old
    while rest < count:
        left = _left_half(count)
        if rest <= left:
            path.append(_range_root(start + left, count - left, subtree))
            count = left
        else:
            path.append(_range_root(start, left, subtree))
            start, count, rest = start + left, count - left, rest - left
    if start:  # otherwise what is left is the old tree itself, whose root the verifier has
        path.append(_range_root(start, count, subtree))
    return tuple(reversed(path))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` leads from the leaf with the hash `leaf` at `index` to `root` (RFC 9162 §2.1.3.2).

    `leaf` is the leaf's hash, not its data. Numbers or hashes that cannot be are False, never an error.
    """
    if not 0 <= index < size or not _are_hashes(leaf, root, *proof):
        return False
    place, last, hashed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            hashed = node_hash(sibling, hashed)
            shift = _zeros_below_first_one(place)
            place, last = place >> shift, last >> shift
        else:
            hashed = node_hash(hashed, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and hmac.compare_digest(hashed, root)


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the new tree begins with the old one (RFC 9162 §2.1.4.2).

    An empty old tree is the beginning of every tree; trees of equal size must be the same tree.
    Numbers or hashes that cannot be are False, never an error.
    """
    if not 0 <= old_size <= new_size or not _are_hashes(old_root, new_root, *proof):
        return False
    if old_size == new_size:
        return not proof and hmac.compare_digest(old_root, new_root) and (old_size > 0 or old_root == EMPTY_ROOT)
    if old_size == 0:
        return not proof and hmac.compare_digest(old_root, EMPTY_ROOT)
    # when the old tree is perfect, the proof leaves out its root, because the verifier has it
    path = [old_root, *proof] if old_size.bit_count() == 1 else list(proof)
    if not path:
        return False
    from_old, from_new, complete = _climb(old_size, new_size, path)
    return complete and hmac.compare_digest(from_old, old_root) and hmac.compare_digest(from_new, new_root)


def _climb(old_size: int, new_size: int, path: Sequence[bytes]) -> tuple[bytes, bytes, bool]:
    """The old and the new root that a consistency path leads to, and whether it has the right length."""
    place, last = old_size - 1, new_size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    from_old = from_new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return from_old, from_new, False
        if place & 1 or place == last:
            from_old, from_new = node_hash(sibling, from_old), node_hash(sibling, from_new)
            shift = _zeros_below_first_one(place)
            place, last = place >> shift, last >> shift
        else:
            from_new = node_hash(from_new, sibling)
        place, last = place >> 1, last >> 1
    return from_old, from_new, last == 0


def _zeros_below_first_one(number: int) -> int:
    """How often `number`, which is not 0, can be halved before it is odd."""
    return (number & -number).bit_length() - 1


def _are_hashes(*values: bytes) -> bool:
    return all(len(each) == HASH_BYTES for each in values)


def _left_half(count: int) -> int:
    """The largest power of two below `count`: where RFC 6962 splits a tree of `count` leaves."""
    return 1 << ((count - 1).bit_length() - 1)


def _range_root(start: int, count: int, subtree: Subtree) -> bytes:
    """The root over `count` leaves from `start` on, where `start` is a multiple of the next power of two."""
    parts = []
    while count:
        level = count.bit_length() - 1
        parts.append(subtree(level, start >> level))
        start, count = start + (1 << level), count - (1 << level)
    return _fold(parts)


def _fold(hashes: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees of falling size: joined from the right."""
    root = hashes[-1]
    for each in reversed(hashes[:-1]):
        root = node_hash(each, root)
    return root
