"""S3-compatible storage as a source (obstore, imported when it is used).

Objects are listed with their ETag and time, so that what did not change is not fetched again. Who may read an object
stands in its own metadata: `x-amz-meta-access: legal, finance`; every other `x-amz-meta-…` is metadata of the document.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from typing import Any, TypeVar

from .._errors import FileTooLargeError, convert_hint, printable
from .._sniff import kind_by_name, suffix_of_type, supported_suffixes
from .._types import Metadata
from ._errors import FetchError, ServerFailedError, SourceUnreachableError
from ._facts import EVERYBODY, Access, check_metadata, groups_of_text
from ._globs import compile_globs
from ._names import RENAME, fault_of_name
from ._sidecars import SidecarsUnread, describes_another
from ._types import Fetched, Scan, Skipped, SourceFile

_MOST_OBJECTS = 1_000_000
_PAGE = 1000
_BYTES_PER_MB = 1_000_000
_ACCESS = "access"
_OBJECT = "say who may read it at the object itself (x-amz-meta-access: legal, finance), and delete that file"

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Bucket:
    """The objects of a bucket below a prefix. Without keys they are asked for unsigned, as anybody may."""

    name: str
    prefix: str = ""
    endpoint: str = ""
    """The address of the server; empty for Amazon's."""
    region: str = "us-east-1"
    access_key_id: str = field(default="", repr=False)
    secret_access_key: str = field(default="", repr=False)
    include: tuple[str, ...] = ("**/*",)
    exclude: tuple[str, ...] = ()
    access: Access = EVERYBODY
    metadata: Metadata = field(default_factory=dict)
    timeout_s: float = 60.0
    """For one request."""
    retries: int = 3

    def __str__(self) -> str:
        place = f"s3://{self.name}/{self.prefix}"
        return f"{place} at {self.endpoint}" if self.endpoint else place

    def scan(self) -> Scan:
        """The objects that can be loaded, by their keys below the prefix. Raises SourceUnreachableError."""
        included, excluded = compile_globs(self.include), compile_globs(self.exclude)
        files: list[SourceFile] = []
        skipped: list[Skipped] = []
        listed = {key.removeprefix(self._folder()): meta for key, meta in self._listed()}
        unread = SidecarsUnread(listed)
        for path, meta in listed.items():
            # Empty objects without a suffix stand for folders.
            is_folder = not (_has_suffix(path) or meta["size"])
            if is_folder or not included(path) or excluded(path):
                continue
            if refused := _refused(path, unread):
                skipped.append(refused)
                continue
            version = f"{meta['e_tag'] or ''} {meta['last_modified'].isoformat()}"
            files.append(SourceFile(path, None, meta["size"], version, self.access, self.metadata))
        return Scan(
            tuple(sorted(files, key=lambda file: file.path)), tuple(sorted(skipped, key=lambda item: item.path))
        )

    def fetch(self, file: SourceFile, *, known: str, max_bytes: int) -> Fetched | None:
        """The object, when it is of another version than `known`.

        Raises FetchError, ServerFailedError, FileTooLargeError, and FactsInvalidError for an object whose readers are
        not understood.
        """
        if known and known == file.version:
            return None
        if file.size > max_bytes:
            raise FileTooLargeError(file.path, size_bytes=file.size, limit_mb=max_bytes // _BYTES_PER_MB)
        data, attributes = self._asked(file.path, lambda: self._got(file, max_bytes))
        own = {key.lower(): value for key, value in attributes.items() if key not in _HTTP_ATTRIBUTES}
        access = groups_of_text(own.pop(_ACCESS), file.path) if _ACCESS in own else None
        name = file.path
        if kind_by_name(name) is None:
            name += suffix_of_type(str(attributes.get("Content-Type", "")).partition(";")[0])
        return Fetched(data, file.version, name, access, check_metadata(own, file.path))

    def _got(self, file: SourceFile, max_bytes: int) -> tuple[bytes, Mapping[str, str]]:
        answer = import_module("obstore").get(self._store(), self._folder() + file.path)
        size = answer.meta["size"]
        if size > max_bytes:
            raise FileTooLargeError(file.path, size_bytes=size, limit_mb=max_bytes // _BYTES_PER_MB)
        return bytes(answer.bytes()), dict(answer.attributes)

    def _folder(self) -> str:
        return f"{self.prefix.strip('/')}/" if self.prefix.strip("/") else ""

    def _listed(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        with self._explained():
            count = 0
            for page in import_module("obstore").list(self._store(), self._folder() or None, chunk_size=_PAGE):
                for meta in page:
                    count += 1
                    if count > _MOST_OBJECTS:
                        raise SourceUnreachableError(str(self), f"it has more than {_MOST_OBJECTS:,} objects")
                    yield meta["path"], meta

    @contextmanager
    def _explained(self) -> Iterator[None]:
        errors = import_module("obstore.exceptions")
        try:
            yield
        except (errors.BaseError, OSError, ValueError) as error:
            # The client's own words may hold what the server sent back.
            raise SourceUnreachableError(str(self), _reason(error)) from None

    def _asked(self, path: str, ask: Callable[[], _Result]) -> _Result:
        errors = import_module("obstore.exceptions")
        try:
            return ask()
        except (FileNotFoundError, errors.PermissionDeniedError, errors.UnauthenticatedError) as error:
            raise FetchError(path, _reason(error), hint="check that it is there and that the key may read it") from None
        except (errors.BaseError, OSError, ValueError) as error:
            raise ServerFailedError(path, _reason(error)) from None

    def _store(self) -> Any:
        signed = bool(self.access_key_id)
        config: dict[str, Any] = {"region": self.region, "skip_signature": not signed}
        if signed:
            config |= {"access_key_id": self.access_key_id, "secret_access_key": self.secret_access_key}
        if self.endpoint:
            config |= {"endpoint": self.endpoint, "virtual_hosted_style_request": False}
        return import_module("obstore.store").S3Store(
            self.name,
            config=config,
            client_options={
                "allow_http": self.endpoint.startswith("http://"),
                "timeout": timedelta(seconds=self.timeout_s),
                "connect_timeout": timedelta(seconds=min(self.timeout_s, 10.0)),
            },
            retry_config={"max_retries": self.retries, "retry_timeout": timedelta(seconds=self.timeout_s)},
        )


_HTTP_ATTRIBUTES = frozenset({
    "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type", "Storage-Class",
})  # fmt: skip


def _has_suffix(path: str) -> bool:
    return "." in path.rpartition("/")[2]


def _refused(path: str, unread: SidecarsUnread) -> Skipped | None:
    """Why an object is not loaded, by its name; None for one that may be. Without a suffix, its type will tell."""
    if fault := fault_of_name(path):
        return Skipped(printable(path), fault, RENAME)
    if kind_by_name(path) is None and _has_suffix(path):
        return Skipped(path, "files of this kind cannot be read", convert_hint(supported_suffixes()))
    if describes_another(path):
        return Skipped(path, "it speaks of another object, and is not read in a bucket", _OBJECT)
    if about := unread.about(path):
        return Skipped(path, f"{about} speaks of it, and is not read in a bucket", _OBJECT)
    return None


def _reason(error: Exception) -> str:
    """The kind of failure in plain words; its text may hold anything."""
    words = {
        "FileNotFoundError": "it is not there",
        "PermissionDeniedError": "access is denied",
        "UnauthenticatedError": "the key is not accepted",
        "TimeoutError": "the server did not answer in time",
    }
    return words.get(type(error).__name__, "the server cannot be reached, or answered with an error")
