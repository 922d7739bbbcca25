"""From the files of a source to loaded documents: what is known stays as it is, the rest is loaded in processes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from msgspec import json

from plimsoll.documents import DocumentError, LoadSettings, Metadata, bounded_memory, encode_document, load_file
from plimsoll.documents.similar import signature
from plimsoll.documents.sources import EVERYBODY, Access
from plimsoll.kernel.digest import Digest, digest_json, hex_part
from plimsoll.kernel.errors import PlimsollError, UnavailableError
from plimsoll.pipelines import Done, Outcome, map_isolated

from .._types import DocumentOutcome
from ._fetching import RemoteSource
from ._finding import FoundFile
from ._loading import REMARKS, Loading, Memory
from ._sources import Source

_LOAD_TIMEOUT_S = 600.0


class CopyFailedError(UnavailableError):
    """A document that was fetched cannot be handed to its loader, for want of space on the disk."""

    code = "document_copy_failed"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            f"the bytes of {path} cannot be written to the folder for temporary files: {reason}",
            hint="make room on the disk, and run the same command again; what was built before stays as it is",
        )


@dataclass(frozen=True, slots=True)
class LoadedDocument:
    """A document that was loaded; its encoded form is an output of the load stage, under `key`."""

    path: str
    digest: Digest
    key: str
    notes: tuple[str, ...] = ()
    access: Access = EVERYBODY
    """The groups that may read it."""
    metadata: Metadata = field(default_factory=dict)
    """What its source says about it, to be put above what the file says about itself; `title` too."""
    signature: bytes = field(default=b"", repr=False)
    """By which near-duplicates are found; empty for a short text."""

    @property
    def fingerprint(self) -> Digest:
        """Changes whenever an index would hold something else of it: its text, its readers, or what is said of it."""
        return digest_json([self.key, list(self.access), dict(self.metadata)])


class _Waiting(NamedTuple):
    """What is sent to a worker process."""

    path: str
    location: Path
    name: str
    digest: Digest


class _Loaded(NamedTuple):
    """What a worker process sends back."""

    encoded: bytes
    notes: tuple[str, ...]
    incomplete: bool
    signature: bytes


def load_documents(files: Sequence[FoundFile], loading: Loading) -> tuple[list[LoadedDocument], list[DocumentOutcome]]:
    """Load the files that were not loaded before; a file that cannot be loaded is listed with its reason.

    Raises SourceUnreachableError when a whole source disappears meanwhile, and CopyFailedError.
    """
    keys = [file.key for file in files]
    remarks = {key: json.decode(value) for key, value in loading.remarks.get(REMARKS, keys).items()}
    known = loading.stage.present([key for key in keys if not remarks.get(key, {}).get("incomplete")])
    failed = loading.failures.known(keys)
    results: dict[str, LoadedDocument | DocumentOutcome] = {}
    for file in files:
        if file.key in known:
            results[file.path] = _loaded(file, remarks.get(file.key, {}))
        elif file.key in failed:
            reason, hint = json.decode(failed[file.key])
            results[file.path] = DocumentOutcome(file.path, "failed", reason, hint, digest=file.digest)
    missing = [file for file in files if file.path not in results]
    loading.on_done(len(results), len(files))
    by_path = {file.path: file for file in missing}
    with _at_hand(missing) as waiting, Memory(loading) as memory:
        for outcome in _load_in_processes(waiting, loading):
            results[outcome.item.path] = _settle(outcome, by_path[outcome.item.path], memory)
            loading.on_done(len(results), len(files))
    in_order = [results[file.path] for file in files]
    return (
        [item for item in in_order if isinstance(item, LoadedDocument)],
        [item for item in in_order if isinstance(item, DocumentOutcome)],
    )


def _loaded(file: FoundFile, remark: Mapping[str, Any]) -> LoadedDocument:
    return LoadedDocument(
        path=file.path,
        digest=file.digest,
        key=file.key,
        notes=(*file.notes, *remark.get("notes", ())),
        access=file.access,
        metadata=file.metadata,
        signature=bytes.fromhex(remark.get("signature", "")),
    )


@contextmanager
def _at_hand(files: Sequence[FoundFile]) -> Iterator[list[_Waiting]]:
    """All of them as files of this machine; what was fetched lies in a folder for as long as it is needed."""
    with TemporaryDirectory(prefix="plimsoll-") as folder:
        yield [
            _Waiting(file.path, file.location or _written(file, Path(folder)), file.name, file.digest) for file in files
        ]


def _written(file: FoundFile, folder: Path) -> Path:
    data = file.source.read(file.digest) if isinstance(file.source, RemoteSource) else None
    place = folder / hex_part(file.digest)
    try:
        # Without its bytes it is loaded from a file that is not there, and so reported as vanished.
        if data is not None:
            place.write_bytes(data)
    except OSError as error:
        raise CopyFailedError(file.path, error.strerror or "it fails") from error
    return place


def _load_in_processes(files: Sequence[_Waiting], loading: Loading) -> Iterable[Outcome[_Waiting, _Loaded]]:
    if not files:
        return ()
    return map_isolated(
        partial(_load, loading.settings),
        files,
        workers=min(loading.workers, len(files)),
        timeout_s=_LOAD_TIMEOUT_S,
        describe=lambda file: file.path,
    )


def _load(settings: LoadSettings, file: _Waiting) -> _Loaded:
    with bounded_memory(file.name, settings):
        document = load_file(file.location, file.name, settings, expected=file.digest)
        return _Loaded(encode_document(document), document.notes, document.incomplete, signature(document.text))


def _settle(outcome: Outcome[_Waiting, _Loaded], file: FoundFile, memory: Memory) -> LoadedDocument | DocumentOutcome:
    """Remember what will be the same next time: a document, and a failure that lies in its bytes."""
    if isinstance(outcome, Done):
        loaded = outcome.result
        remark = {"notes": loaded.notes, "incomplete": loaded.incomplete, "signature": loaded.signature.hex()}
        memory.document(file.key, loaded.encoded, remark)
        return _loaded(file, remark)
    error = outcome.error
    if isinstance(error, DocumentError) and isinstance(file.source, Source):
        file.source.check_there()
    if isinstance(error, DocumentError) and error.permanent:
        memory.failure(file.key, error)
    else:
        memory.loading.failures.count.done += 1
    return _failure(file.path, file.digest, error)


def _failure(path: str, digest: Digest, error: PlimsollError) -> DocumentOutcome:
    return DocumentOutcome(path, "failed", error.message, error.hint, digest=digest)
