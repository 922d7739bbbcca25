"""Blobs as objects of a bucket.

    <prefix>/ab/cdef…          a blob, under the name that the folder of blobs gives it
    <prefix>/renewed/abcdef…   empty, written whenever the blob is put again: the later of the two makes its age
    <prefix>/removing/abcdef…  there while somebody removes the blob

A server writes an object whole or not at all, and can refuse to write where there is one already. It cannot remove an
object on the condition that nobody put it again, so the two are kept apart like this:

- Who puts a blob that is there renews it, then waits until nobody removes it, and then looks whether it is still there.
- Who removes a blob first makes the mark `removing`, which only one can, then looks at its age, then removes it.

Whatever the order, a renewal before that look is seen by it, and after it the mark, or what became of the blob, is seen
by whoever renewed. A mark whose owner was killed holds a renewal up for `_LEASE_S`, and its owner, should it only have
slept, does not remove anything after half of that.
"""

import hashlib
import re
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.digest import Digest, digest_bytes, hex_part

from .._errors import BlobDamagedError, BlobMissingError
from ._client import BucketClient, Kept, Patience
from ._errors import BlobUnsteadyError
from ._place import BucketPlace

_NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{62}")
_MARK = re.compile(r"[0-9a-f]{64}")
_RENEWED = "renewed"
_REMOVING = "removing"
_ATTEMPTS = 5
_LEASE_S = 60.0
_OLD_MARK = timedelta(minutes=10)
_LOOK_S = 0.05
_WHOLE_SECOND = timedelta(seconds=1)
_USUAL = Patience()


class BlobBucket:
    """Blobs in a bucket of S3-compatible object storage. May be used from many threads at once, without an event loop.

    Their ages are by the clock of the server, which must not differ from this machine's by more than the grace period
    of a collection. Every method raises UnavailableError when the server does not answer, refuses the key, or has no
    such bucket.
    """

    def __init__(self, place: BucketPlace, patience: Patience = _USUAL, *, lease_s: float = _LEASE_S) -> None:
        self._place = place
        self._client = BucketClient(place, patience)
        self._lease_s = lease_s

    def put(self, data: bytes) -> Digest:
        """See `Blobs.put`."""
        digest = digest_bytes(data)
        name = _name(digest)
        for _ in range(_ATTEMPTS):
            if self._client.create(name, data):
                return digest
            kept = self._client.kept(name)
            if kept is not None and kept.size != len(data):
                self._client.write(name, data)
            if self._renewed(digest):
                return digest
        raise BlobUnsteadyError(str(self._place), name)

    def get(self, digest: Digest) -> bytes:
        """See `Blobs.get`."""
        data = self._client.read(_name(digest))
        if data is None:
            raise self._missing(digest)
        if digest_bytes(data) != digest:
            raise self._damaged(digest)
        return data

    def has(self, digest: Digest) -> bool:
        """See `Blobs.has`."""
        return self._client.kept(_name(digest)) is not None

    def renew(self, digest: Digest) -> bool:
        """See `Blobs.renew`."""
        return self.has(digest) and self._renewed(digest)

    def addresses(self) -> Iterator[Digest]:
        """See `Blobs.addresses`."""
        for kept in self._listed():
            yield _digest(kept)

    def size(self, digest: Digest) -> int:
        """See `Blobs.size`."""
        return self._status(digest).size

    def age_s(self, digest: Digest, now: datetime) -> float:
        """See `Blobs.age_s`."""
        put_at = self._put_at(digest)
        if put_at is None:
            raise self._missing(digest)
        return (now - put_at).total_seconds()

    def check(self, digest: Digest) -> None:
        """See `Blobs.check`. One piece after another: what is large does not fill the memory."""
        pieces = self._client.pieces(_name(digest))
        if pieces is None:
            raise self._missing(digest)
        found = hashlib.sha256()
        for piece in pieces:
            found.update(piece)
        if found.hexdigest() != hex_part(digest):
            raise self._damaged(digest)

    def put_times(self) -> Iterator[tuple[Digest, datetime]]:
        """See `Blobs.put_times`."""
        renewed = {kept.name.rpartition("/")[2]: kept.written_at for kept in self._client.listed(_RENEWED)}
        for kept in self._listed():
            digest = _digest(kept)
            yield digest, max(kept.written_at, renewed.get(hex_part(digest), kept.written_at))

    def remove(self, digest: Digest, *, unless_put_since: datetime | None = None) -> bool:
        """See `Blobs.remove`."""
        with self._alone(digest) as ends_at:
            put_at = self._put_at(digest)
            # The server cuts its times to whole seconds: it may have been put up to one later.
            if put_at is None or (unless_put_since is not None and put_at + _WHOLE_SECOND > unless_put_since):
                return False
            if time.monotonic() > ends_at:
                raise BlobUnsteadyError(str(self._place), _name(digest))
            self._client.delete(_name(digest))
            self._client.delete(f"{_RENEWED}/{hex_part(digest)}")
        return True

    def remove_partial(self) -> None:
        """See `Blobs.remove_partial`: marks of removals that were never ended."""
        for kept in self._client.listed(_REMOVING):
            if _MARK.fullmatch(kept.name.rpartition("/")[2]) and utc_now() - kept.written_at > _OLD_MARK:
                self._client.delete(kept.name)

    def _renewed(self, digest: Digest) -> bool:
        """Make what is there young again; whether it is there afterwards, and stays."""
        self._client.write(f"{_RENEWED}/{hex_part(digest)}", b"")
        self._await_removal(digest)
        return self._client.kept(_name(digest)) is not None

    def _await_removal(self, digest: Digest) -> None:
        """Wait until nobody removes it, or whoever did must have stopped."""
        name = f"{_REMOVING}/{hex_part(digest)}"
        first = self._client.kept(name)
        ends_at = time.monotonic() + self._lease_s
        mark = first
        while mark is not None and time.monotonic() < ends_at:
            threading.Event().wait(_LOOK_S)
            mark = self._client.kept(name)
        if first is not None and mark is not None and mark.tag == first.tag:
            self._client.delete(name)

    @contextmanager
    def _alone(self, digest: Digest) -> Iterator[float]:
        """Be the only one that removes it; gives the moment (monotonic) after which it must not be removed any more."""
        mark = f"{_REMOVING}/{hex_part(digest)}"
        for _ in range(_ATTEMPTS):
            ends_at = time.monotonic() + self._lease_s / 2
            if self._client.create(mark, secrets.token_bytes(16)):
                break
            self._await_removal(digest)
        else:
            raise BlobUnsteadyError(str(self._place), _name(digest))
        yield ends_at
        # Not after a failure: a removal without an answer may still be done, and the mark stays until that is too late.
        self._client.delete(mark)

    def _put_at(self, digest: Digest) -> datetime | None:
        """When it was put for the last time; None when it is not there."""
        kept = self._client.kept(_name(digest))
        if kept is None:
            return None
        renewed = self._client.kept(f"{_RENEWED}/{hex_part(digest)}")
        return kept.written_at if renewed is None else max(kept.written_at, renewed.written_at)

    def _status(self, digest: Digest) -> Kept:
        kept = self._client.kept(_name(digest))
        if kept is None:
            raise self._missing(digest)
        return kept

    def _listed(self) -> Iterator[Kept]:
        return (kept for kept in self._client.listed() if _NAME.fullmatch(kept.name))

    def _missing(self, digest: Digest) -> BlobMissingError:
        """The error for a blob that is not there. Raises BucketMissingError when nothing is."""
        self._client.require()
        return BlobMissingError(digest, str(self._place))

    def _damaged(self, digest: Digest) -> BlobDamagedError:
        return BlobDamagedError(digest, f"in {self._place} ({_name(digest)})")


def _name(digest: Digest) -> str:
    digits = hex_part(digest)
    return f"{digits[:2]}/{digits[2:]}"


def _digest(kept: Kept) -> Digest:
    return "sha256:" + kept.name.replace("/", "")
