"""Which rows are learnt from and which judge: decided by a row's own name, never drawn."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from plimsoll.kernel.errors import InvalidError

from ._types import SPLITS, Row, Split

_PLACES: Final = 2**64
_ROUNDED: Final = 1e-9
"""How far from 1 a sum may be because numbers are not written out."""


class SplitSharesError(InvalidError):
    """What is asked of splits cannot be done."""

    code = "split_shares"

    def __init__(self, given: str, reason: str) -> None:
        super().__init__(
            f"rows cannot be divided by {given[:100]!a}: {reason}",
            hint="write the shares of the splits, such as train=0.6,dev=0.2,test=0.2",
        )


def read_shares(text: str) -> dict[Split, float]:
    """Shares of splits, from `train=0.6,dev=0.2,test=0.2`; they add up to 1. Raises SplitSharesError."""
    shares: dict[Split, float] = {}
    for part in text.split(","):
        name, _, number = (piece.strip() for piece in part.partition("="))
        if name not in SPLITS:
            raise SplitSharesError(text, f"{name[:20]!a} is no split; there are {', '.join(SPLITS)}")
        if name in shares:
            raise SplitSharesError(text, f"{name} stands there twice")
        try:
            share = float(number)
        except ValueError:
            raise SplitSharesError(text, f"{number[:20]!a} is no number") from None
        if not 0 < share <= 1:
            raise SplitSharesError(text, f"a share is above 0 and at most 1, and that of {name} is {number}")
        shares[name] = share
    if abs(sum(shares.values()) - 1) > _ROUNDED:
        raise SplitSharesError(text, "the shares do not add up to 1")
    return shares


def split_of(row: Row, shares: Mapping[Split, float], *, salt: str = "") -> Split:
    """The split of one row: of its group, or else of its id.

    It depends on nothing else, so that no other row and no order changes it, and rows of one group stay together. With
    shares for few rows the counts are near what was asked, not equal to it.
    """
    name = f"group\0{row.group}" if row.group else f"id\0{row.id}"
    digest = hashlib.sha256(f"{salt}\0{name}".encode()).digest()
    place, reached = int.from_bytes(digest[:8], "big") / _PLACES, 0.0
    wanted = [split for split in SPLITS if split in shares]
    for split in wanted:
        reached += shares[split]
        if place < reached:
            return split
    return wanted[-1]


def divide(rows: Iterable[Row], shares: Mapping[Split, float], *, salt: str = "") -> tuple[Row, ...]:
    """The rows with their splits; one that has a split keeps it."""
    return tuple(row if row.split else replace(row, split=split_of(row, shares, salt=salt)) for row in rows)
