"""Who meets the candidate of a rollout: sticky, without a table, the same on every machine."""

import hashlib
from dataclasses import dataclass

from plimsoll.kernel.digest import Digest

from ._errors import ShareInvalidError

_BITS = 53
"""As many as a float holds exactly, so that a position is never rounded up to 1."""


@dataclass(frozen=True, slots=True)
class TrafficSplit:
    """How an environment's traffic is shared between the live release and a candidate. Raises ShareInvalidError.

    - The same key always meets the same release of a split, on every machine and after every restart.
    - Who meets the candidate at one share meets it at every larger one: a growing rollout takes nobody back.
    - The salt is the candidate, not the environment: the next candidate is given to other people, so that nobody is
      the first to try everything. One key and one candidate are answered the same in every environment.
    """

    live: Digest
    candidate: Digest
    share: float
    """The candidate's part of all keys, from 0 to 1."""

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ShareInvalidError(self.share)

    def choose(self, key: str) -> Digest:
        """The release that answers `key`: a user, a conversation, or whatever else should stay with one release."""
        return self.candidate if position(self.candidate, key) < self.share else self.live


def position(salt: str, key: str) -> float:
    """Where a key lies between 0 (included) and 1 (not included): the first 53 bits of SHA-256 over salt and key."""
    text = f"{len(salt)}:{salt}{key}".encode("utf-8", "surrogatepass")
    number: int = int.from_bytes(hashlib.sha256(text).digest()[:8]) >> (64 - _BITS)
    return number / (1 << _BITS)
