"""The Merkle tree (RFC 6962 section 2.1)."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """Keeps only the roots of the full subtrees, so that a million leaves need twenty hashes of memory."""

    def __init__(self) -> None:
        self.size = 0
        self.peaks: list[bytes] = []

    def append(self, line: bytes) -> None:
        """Add the leaf of one line, without its newline."""
        node, size = hashlib.sha256(b"\x00" + line).digest(), self.size
        while size & 1:
            node, size = _node(self.peaks.pop(), node), size >> 1
        self.peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The root over all leaves so far."""
        return functools.reduce(lambda right, left: _node(left, right), reversed(self.peaks)) if self.peaks else EMPTY


EMPTY = hashlib.sha256(b"").digest()


def inclusion_root(line: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root to which `proof` leads (RFC 9162 section 2.1.3.2); None when it has not the length of such a proof."""
    first, last, node = index, size - 1, hashlib.sha256(b"\x00" + line).digest()
    if not 0 <= index < size:
        return None
    for other in proof:
        if last == 0:
            return None
        if first & 1 or first == last:
            node = _node(other, node)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            node = _node(node, other)
        first, last = first >> 1, last >> 1
    return node if last == 0 else None
