"""Every document that the sources of a knowledge base hold, with its digest; what is remote is fetched."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from plimsoll.documents import DocumentError, LoadSettings, Metadata, digest_file, loader_fingerprint
from plimsoll.documents.sources import EVERYBODY, Access, SourceFile
from plimsoll.kernel.digest import Digest, digest_json

from .._types import DocumentOutcome
from ._fetching import RemoteSource
from ._sources import AnySource, Source

_BYTES_PER_MB = 1_000_000
_FETCHED_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A document with its content address and the key of its loaded form."""

    path: str
    source: AnySource
    location: Path | None
    """Where its bytes are; None where the source keeps them."""
    name: str
    """What its loader is told; its suffix decides which one that is."""
    digest: Digest
    key: str
    access: Access = EVERYBODY
    metadata: Metadata = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def find_files(
    sources: Iterable[AnySource], settings: LoadSettings, on_done: Callable[[int, int], None]
) -> tuple[list[FoundFile], list[DocumentOutcome]]:
    """Every file of the sources with its digest; and those that are left out, with the reason.

    Of files with the same bytes and the same readers the first by path is taken, the others are duplicates of it. What
    several sources hold is taken once, and not at all where these do not agree who may read it.
    """
    skipped: dict[str, DocumentOutcome] = {}
    refused: set[str] = set()
    entries: list[_Entry] = []
    for source in sources:
        found = source.scan()
        for item in found.skipped:
            path = source.prefix + item.path
            skipped[path] = DocumentOutcome(path, "skipped", item.reason, item.hint)
            refused.add(source.place_of(item.path))
        entries += [_Entry(source.prefix + file.path, file, source) for file in found.files]
    # What one source does not understand is not taken from another, which may not look at who may read it.
    entries, contested = _once(sorted((entry for entry in entries if entry.place not in refused), key=_path_of))
    left_out = [*skipped.values(), *contested]
    first: dict[tuple[Digest, Access], FoundFile] = {}
    with ThreadPoolExecutor(_FETCHED_AT_ONCE) as pool:
        for count, outcome in enumerate(pool.map(lambda entry: entry.examined(settings), entries), start=1):
            settled = _settled(outcome, first)
            if settled is not None:
                left_out.append(settled)
            on_done(count, len(entries))
    return list(first.values()), left_out


def _path_of(entry: "_Entry") -> str:
    return entry.path


def _once(entries: Sequence["_Entry"]) -> tuple[list["_Entry"], list[DocumentOutcome]]:
    """Each path once, whichever sources hold it; left out where these say otherwise who may read the file."""
    readers: dict[str, set[Access]] = {}
    for entry in entries:
        readers.setdefault(entry.place, set()).add(entry.file.access)
    once: dict[str, _Entry] = {}
    contested: dict[str, DocumentOutcome] = {}
    for entry in entries:
        if len(readers[entry.place]) > 1:
            contested[entry.path] = _contested(entry.path, readers[entry.place])
        elif once.setdefault(entry.path, entry).place != entry.place:
            contested[entry.path] = _ambiguous(entry.path)
    return [entry for path, entry in once.items() if path not in contested], list(contested.values())


def _contested(path: str, readers: Iterable[Access]) -> DocumentOutcome:
    told = " and ".join(sorted(f"[{', '.join(access)}]" for access in readers))
    reason = f"several sources hold it, for different readers: {told}"
    return DocumentOutcome(path, "skipped", reason, "leave it out of all sources but one with an exclude pattern")


def _ambiguous(path: str) -> DocumentOutcome:
    """Two servers have a bucket of this name; a document is known by its path alone."""
    reason = "two sources hold different documents under this name"
    return DocumentOutcome(path, "skipped", reason, "leave it out of all sources but one with an exclude pattern")


def _settled(
    outcome: FoundFile | DocumentOutcome, first: dict[tuple[Digest, Access], FoundFile]
) -> DocumentOutcome | None:
    """Put a new file into `first`. The outcome of one that is left out, or that is there already."""
    if isinstance(outcome, DocumentOutcome):
        return outcome
    same = first.setdefault((outcome.digest, outcome.access), outcome)
    if same is outcome:
        return None
    reason, hint = f"the same bytes as {same.path}", "delete one of the two, or leave it"
    return DocumentOutcome(outcome.path, "duplicate", reason, hint, digest=outcome.digest)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A document of a source before anything is read of it."""

    path: str
    file: SourceFile
    source: AnySource

    @property
    def place(self) -> str:
        """The same for the same file, whichever source holds it: where it is, or its address."""
        location = self.file.location
        return self.source.place_of(self.file.path) if location is None else str(location)

    def examined(self, settings: LoadSettings) -> FoundFile | DocumentOutcome:
        """The document with its digest; the reason when that cannot be had.

        Raises SourceUnreachableError when the whole source disappeared.
        """
        try:
            if isinstance(self.source, RemoteSource):
                return self._fetched(self.source, settings)
            return self._found(settings)
        except DocumentError as error:
            if isinstance(self.source, Source):
                self.source.check_there()
            return DocumentOutcome(self.path, "failed", error.message, error.hint)

    def _found(self, settings: LoadSettings) -> FoundFile:
        location = self.file.location
        assert location is not None  # noqa: S101 - only remote sources have none
        digest = digest_file(location, self.path, settings)
        return FoundFile(
            path=self.path,
            source=self.source,
            location=location,
            name=self.path,
            digest=digest,
            key=_key(self.path, digest, settings),
            access=self.file.access,
            metadata=self.file.metadata,
        )

    def _fetched(self, source: RemoteSource, settings: LoadSettings) -> FoundFile:
        copy = source.fetch(self.file, max_bytes=settings.max_file_mb * _BYTES_PER_MB)
        name = source.prefix + copy.name
        return FoundFile(
            path=self.path,
            source=source,
            location=None,
            name=name,
            digest=copy.digest,
            key=_key(name, copy.digest, settings),
            access=self.file.access if copy.access is None else copy.access,
            metadata={**self.file.metadata, **copy.metadata},
            notes=copy.notes,
        )


def _key(name: str, digest: Digest, settings: LoadSettings) -> str:
    return digest_json([name, digest, loader_fingerprint(name, settings)])
