"""From the files of a source to loaded documents: what is known stays as it is, the rest is loaded in processes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from msgspec import json

from plimsoll.documents import (
    DocumentError,
    LoadSettings,
    SourceFile,
    digest_file,
    encode_document,
    load_file,
    loader_fingerprint,
    scan,
)
from plimsoll.kernel.digest import Digest, digest_json
from plimsoll.kernel.errors import PlimsollError
from plimsoll.pipelines import CachedStage, Done, Outcome, StageCache, map_isolated

from ._types import DocumentOutcome

_LOAD_TIMEOUT_S = 600.0
_REMARKS = "load remarks"


@dataclass(frozen=True, slots=True)
class Source:
    """One folder (or file) that documents come from. `prefix` stands before the path of each of its documents."""

    location: Path
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    prefix: str


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file with its content address and the key of its loaded form."""

    path: str
    location: Path
    digest: Digest
    key: str


@dataclass(frozen=True, slots=True)
class LoadedDocument:
    """A document that was loaded; its encoded form is an output of the load stage, under `key`."""

    path: str
    digest: Digest
    key: str
    notes: tuple[str, ...] = ()


class _Loaded(NamedTuple):
    """What a worker process sends back."""

    encoded: bytes
    notes: tuple[str, ...]
    incomplete: bool


@dataclass(frozen=True, slots=True)
class Loading:
    """How documents are loaded."""

    settings: LoadSettings
    stage: CachedStage
    failures: CachedStage
    """Files that cannot be loaded, whenever it is tried; counted with the others."""
    remarks: StageCache
    """What is to be said of documents that were loaded: their notes, and whether to try again."""
    workers: int
    on_done: Callable[[int, int], None]


def find_files(
    sources: Iterable[Source], settings: LoadSettings, on_done: Callable[[int, int], None]
) -> tuple[list[FoundFile], list[DocumentOutcome]]:
    """Every file of the sources with its digest; and those that are left out, with the reason.

    Of files with the same bytes the first by path is taken, the others are duplicates of it.
    """
    left_out: list[DocumentOutcome] = []
    files: list[tuple[str, SourceFile]] = []
    for source in sources:
        found = scan(source.location, include=source.include, exclude=source.exclude)
        left_out += [
            DocumentOutcome(source.prefix + item.path, "skipped", item.reason, item.hint) for item in found.skipped
        ]
        files += [(source.prefix + file.path, file) for file in found.files]
    first: dict[Digest, FoundFile] = {}
    for count, (path, file) in enumerate(sorted(files, key=lambda pair: pair[0]), start=1):
        outcome = _digest(path, file, settings)
        if isinstance(outcome, FoundFile) and outcome.digest in first:
            same = first[outcome.digest].path
            hint = "delete one of the two, or leave it"
            outcome = DocumentOutcome(path, "duplicate", f"the same bytes as {same}", hint, digest=outcome.digest)
        if isinstance(outcome, FoundFile):
            first[outcome.digest] = outcome
        else:
            left_out.append(outcome)
        on_done(count, len(files))
    return list(first.values()), left_out


def load_documents(files: Sequence[FoundFile], loading: Loading) -> tuple[list[LoadedDocument], list[DocumentOutcome]]:
    """Load the files that were not loaded before; a file that cannot be loaded is listed with its reason."""
    keys = [file.key for file in files]
    remarks = {key: json.decode(value) for key, value in loading.remarks.get(_REMARKS, keys).items()}
    known = loading.stage.present([key for key in keys if not remarks.get(key, {}).get("incomplete")])
    failed = loading.failures.known(keys)
    results: dict[str, LoadedDocument | DocumentOutcome] = {}
    for file in files:
        if file.key in known:
            notes = remarks.get(file.key, {}).get("notes", ())
            results[file.path] = LoadedDocument(file.path, file.digest, file.key, tuple(notes))
        elif file.key in failed:
            reason, hint = json.decode(failed[file.key])
            results[file.path] = DocumentOutcome(file.path, "failed", reason, hint, digest=file.digest)
    missing = [file for file in files if file.path not in results]
    loading.on_done(len(results), len(files))
    for outcome in _load_in_processes(missing, loading):
        results[outcome.item.path] = _settle(outcome, loading)
        loading.on_done(len(results), len(files))
    in_order = [results[file.path] for file in files]
    return (
        [item for item in in_order if isinstance(item, LoadedDocument)],
        [item for item in in_order if isinstance(item, DocumentOutcome)],
    )


def _digest(path: str, file: SourceFile, settings: LoadSettings) -> FoundFile | DocumentOutcome:
    try:
        digest = digest_file(file.location, path, settings)
    except DocumentError as error:
        return _failure(path, "", error)
    key = digest_json([path, digest, loader_fingerprint(path, settings)])
    return FoundFile(path, file.location, digest, key)


def _load_in_processes(files: Sequence[FoundFile], loading: Loading) -> Iterable[Outcome[FoundFile, _Loaded]]:
    if not files:
        return ()
    return map_isolated(
        partial(_load, loading.settings),
        files,
        workers=min(loading.workers, len(files)),
        timeout_s=_LOAD_TIMEOUT_S,
        describe=lambda file: file.path,
    )


def _load(settings: LoadSettings, file: FoundFile) -> _Loaded:
    document = load_file(file.location, file.path, settings, expected=file.digest)
    return _Loaded(encode_document(document), document.notes, document.incomplete)


def _settle(outcome: Outcome[FoundFile, _Loaded], loading: Loading) -> LoadedDocument | DocumentOutcome:
    """Remember what will be the same next time: a document, and a failure that lies in its bytes."""
    file = outcome.item
    if isinstance(outcome, Done):
        loaded = outcome.result
        loading.stage.remember({file.key: loaded.encoded})
        remark = {"notes": loaded.notes, "incomplete": loaded.incomplete}
        loading.remarks.put(_REMARKS, {file.key: json.encode(remark)})
        return LoadedDocument(file.path, file.digest, file.key, loaded.notes)
    error = outcome.error
    if isinstance(error, DocumentError) and error.permanent:
        loading.failures.remember({file.key: json.encode([error.message, error.hint])})
    else:
        loading.failures.count.done += 1
    return _failure(file.path, file.digest, error)


def _failure(path: str, digest: Digest, error: PlimsollError) -> DocumentOutcome:
    return DocumentOutcome(path, "failed", error.message, error.hint, digest=digest)
