"""Remembers for a few seconds whose keys were good, so that not every request reads the database."""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

from plimsoll.access import Acting

_HASH_KEY_BYTES = 32
_NAME_BYTES = 32
_NOBODY: tuple[None, float] = (None, 0.0)


class KeyCache:
    """Who acts with the keys that were good in the last seconds.

    - A key itself is never kept: only a BLAKE2b hash of it (RFC 7693), under a hash key that is as old as this object.
      So no key can be read out of this memory, and looking one up takes no time that tells about another.
    - Only good keys are kept; a wrong one is asked about each time, so it can never become good late.
    - The time counts from before the database was read: a key that is revoked works at most `kept_s` longer.
    - At most `most` are kept; the one that was asked about longest ago goes first.
    """

    def __init__(self, *, kept_s: float, most: int = 1024, now: Callable[[], float] = time.monotonic) -> None:
        self._kept_s = kept_s
        self._most = most
        self._now = now
        # Copied for each key, which is cheaper than to begin anew.
        self._begun = hashlib.blake2b(key=secrets.token_bytes(_HASH_KEY_BYTES), digest_size=_NAME_BYTES)
        self._known: OrderedDict[bytes, tuple[Acting, float]] = OrderedDict()

    def get(self, key: bytes) -> Acting | None:
        """Who acts with a key, if that was asked a moment ago."""
        name = self._name(key)
        acting, until = self._known.get(name, _NOBODY)
        if acting is not None and self._now() >= until:
            del self._known[name]
            return None
        return acting

    def put(self, key: bytes, acting: Acting, *, asked_at: float) -> None:
        """Remember who acts with a key, as it was at `asked_at` on this object's clock."""
        name = self._name(key)
        self._known[name] = acting, asked_at + self._kept_s
        self._known.move_to_end(name)
        while len(self._known) > self._most:
            self._known.popitem(last=False)

    def _name(self, key: bytes) -> bytes:
        begun = self._begun.copy()
        begun.update(key)
        return begun.digest()
