"""Documents that are not files of this machine: fetched when they changed, and remembered with the stages' outputs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import json

from plimsoll.documents import Metadata
from plimsoll.documents.sources import Access, Fetched, Remote, Scan, ServerFailedError, SourceFile
from plimsoll.kernel.digest import Digest, digest_bytes, digest_json
from plimsoll.pipelines import StageCache

_RECORDS = "fetch records"
_BYTES = "fetched bytes"


@dataclass(frozen=True, slots=True)
class Copy:
    """What is kept of a document that was fetched."""

    digest: Digest
    name: str
    access: Access | None
    metadata: Metadata
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoteSource:
    """A bucket or a list of addresses. `prefix` stands before the path of each of its documents."""

    remote: Remote
    prefix: str
    cache: StageCache = field(repr=False)
    server: str = ""
    """The address of the server, where the documents' paths do not tell it."""

    def scan(self) -> Scan:
        """What it holds. Raises SourceUnreachableError."""
        return self.remote.scan()

    def place_of(self, path: str) -> str:
        """The same for the same document, whichever source holds it."""
        return f"{self.server} {self.prefix}{path}"

    def fetch(self, file: SourceFile, *, max_bytes: int) -> Copy:
        """The document as it is now; as it was, with a note, when the server fails and it was fetched before.

        Raises leaves of DocumentError.
        """
        key = digest_json([str(self.remote), file.path])
        before = self._before(key)
        known = before["version"] if before else ""
        try:
            fetched = self.remote.fetch(file, known=known, max_bytes=max_bytes)
        except ServerFailedError as error:
            if before is None:
                raise
            return _copy(before, (f"what was fetched earlier is used, because {error.message}",))
        if fetched is None and before is not None:
            return _copy(before)
        if fetched is None:
            raise ServerFailedError(file.path, "the server says that it did not change, and it was never fetched")
        return _copy(self._remember(key, fetched))

    def read(self, digest: Digest) -> bytes | None:
        """The bytes that were fetched; None when they were lost."""
        return self.cache.get(_BYTES, [digest]).get(digest)

    def _before(self, key: str) -> Mapping[str, Any] | None:
        """The record of the last time, as long as its bytes are there."""
        found = self.cache.get(_RECORDS, [key]).get(key)
        record: Mapping[str, Any] | None = json.decode(found) if found else None
        return record if record and self.cache.present(_BYTES, [record["digest"]]) else None

    def _remember(self, key: str, fetched: Fetched) -> Mapping[str, Any]:
        digest = digest_bytes(fetched.data)
        record = {
            "version": fetched.version,
            "digest": digest,
            "name": fetched.name,
            "access": fetched.access,
            "metadata": fetched.metadata,
        }
        self.cache.put(_BYTES, {digest: fetched.data})
        self.cache.put(_RECORDS, {key: json.encode(record)})
        return record


def _copy(record: Mapping[str, Any], notes: tuple[str, ...] = ()) -> Copy:
    access = record["access"]
    return Copy(
        record["digest"], record["name"], None if access is None else tuple(access), dict(record["metadata"]), notes
    )
