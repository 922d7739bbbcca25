"""What is kept of one row that was asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from plimsoll.datasets import Row
from plimsoll.kernel.digest import Digest, digest_json

from .._observation import Observation
from ..scorers import Score


@dataclass(frozen=True, slots=True)
class KeptCase:
    """An answer to a row, and what scorers said of it, by `name@version`. Answers that failed are not kept."""

    key: str
    row: Digest
    """Of the whole row, with what is expected: scores hold only for it."""
    seen: Observation
    told: Mapping[str, Score | None]
    """None where a scorer does not apply; a score that could not be measured is not kept, so that it is tried again."""


class Cases(Protocol):
    """Where finished rows are kept."""

    def find(self, keys: Sequence[str]) -> Mapping[str, KeptCase]:
        """Those of some rows that are there."""

    def keep(self, cases: Iterable[KeptCase]) -> None:
        """Keep rows, all in one transaction; one with the same key takes the place of the older one."""


def case_key(answering: Digest, endpoint: str, row: Row, repeat: int, seed: int) -> str:
    """What one answer depends on: everything that answers, the endpoint, what is asked, and the how-manieth time.

    What is expected of the row is no part of it: after a correction nobody is asked again.
    """
    return digest_json([answering, endpoint, row.asked(), repeat, seed])
