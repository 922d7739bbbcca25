"""Copies of blobs on the disk of this machine, so that what never changes is fetched once."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from plimsoll.kernel.digest import Digest
from plimsoll.kernel.errors import IntegrityError, UnavailableError

from .._blobs import BlobFolder, Blobs
from .._errors import BlobMissingError
from ._errors import BucketUnreachableError

_LARGEST_SHARE = 4
"""What is larger than this part of all copies would push too many others out."""
_LEAVES = 0.8


class CopiedBlobs:
    """Blobs that are kept elsewhere, with copies in a folder.

    A copy is only given while the blob is still there: what was erased is gone on every machine, and its copy is
    removed as soon as that is noticed. Only while the other place does not answer, copies are given without that
    question. Every copy is held against its digest. Above `most_bytes` those go that were not read for the longest
    time. A full disk costs copies and nothing else.
    """

    def __init__(self, blobs: Blobs, copies: BlobFolder, *, most_bytes: int) -> None:
        self._blobs = blobs
        self._copies = copies
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._bytes: int | None = None

    def put(self, data: bytes) -> Digest:
        """See `Blobs.put`."""
        digest = self._blobs.put(data)
        self._keep(data)
        return digest

    def get(self, digest: Digest) -> bytes:
        """See `Blobs.get`."""
        if self._has_copy(digest):
            if self._is_gone(digest):
                self._forget(digest)
                raise BlobMissingError(digest, "the object storage")
            with suppress(IntegrityError, UnavailableError):
                data = self._copies.get(digest)
                self._copies.renew(digest)
                return data
            self._forget(digest)
        data = self._blobs.get(digest)
        self._keep(data)
        return data

    def has(self, digest: Digest) -> bool:
        """See `Blobs.has`."""
        return self._blobs.has(digest)

    def renew(self, digest: Digest) -> bool:
        """See `Blobs.renew`."""
        return self._blobs.renew(digest)

    def addresses(self) -> Iterator[Digest]:
        """See `Blobs.addresses`."""
        return self._blobs.addresses()

    def size(self, digest: Digest) -> int:
        """See `Blobs.size`."""
        return self._blobs.size(digest)

    def age_s(self, digest: Digest, now: datetime) -> float:
        """See `Blobs.age_s`."""
        return self._blobs.age_s(digest, now)

    def check(self, digest: Digest) -> None:
        """See `Blobs.check`."""
        self._blobs.check(digest)

    def put_times(self) -> Iterator[tuple[Digest, datetime]]:
        """See `Blobs.put_times`."""
        return self._blobs.put_times()

    def remove(self, digest: Digest, *, unless_put_since: datetime | None = None) -> bool:
        """See `Blobs.remove`."""
        removed = self._blobs.remove(digest, unless_put_since=unless_put_since)
        if removed or unless_put_since is None:
            self._copies.remove(digest)
        return removed

    def remove_partial(self) -> None:
        """See `Blobs.remove_partial`. Copies of blobs that are not there any more go as well."""
        self._blobs.remove_partial()
        self._copies.remove_partial()
        there: set[Digest] | None = None
        for digest in list(self._copies.addresses()):
            there = set(self._blobs.addresses()) if there is None else there
            if digest not in there:
                self._forget(digest)

    def _has_copy(self, digest: Digest) -> bool:
        try:
            return self._copies.has(digest)
        except OSError:  # the folder cannot be looked into
            return False

    def _is_gone(self, digest: Digest) -> bool:
        try:
            return not self._blobs.has(digest)
        except BucketUnreachableError:
            return False

    def _keep(self, data: bytes) -> None:
        if len(data) > self._most_bytes // _LARGEST_SHARE:
            return
        with suppress(UnavailableError), self._lock:
            self._copies.put(data)
            self._bytes = None if self._bytes is None else self._bytes + len(data)
            if self._bytes is None or self._bytes > self._most_bytes:
                self._bytes = self._make_room()

    def _make_room(self) -> int:
        """Remove what was not read for the longest time, where there is too much; how many bytes are left."""
        sizes = {}
        for digest, read_at in self._copies.put_times():
            with suppress(BlobMissingError):
                sizes[digest] = (read_at, self._copies.size(digest))
        left = sum(size for _, size in sizes.values())
        if left <= self._most_bytes:
            return left
        for digest, (_, size) in sorted(sizes.items(), key=lambda item: item[1][0]):
            if left <= self._most_bytes * _LEAVES:
                break
            self._copies.remove(digest)
            left -= size
        return left

    def _forget(self, digest: Digest) -> None:
        with suppress(UnavailableError):
            self._copies.remove(digest)
