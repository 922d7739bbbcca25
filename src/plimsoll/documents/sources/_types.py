"""What a source holds."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from .._types import Metadata
from ._facts import EVERYBODY, Access


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A document of a source that can be loaded."""

    path: str
    """The name of the document: relative to the root, with `/`; the address, for one of a list."""
    location: Path | None
    """Where to read it, links already followed; None for one that has to be fetched."""
    size: int
    """Bytes when it was found; 0 where that is not known before it is fetched."""
    version: str = ""
    """Changes whenever the content may have changed; empty where only asking for it can tell."""
    access: Access = EVERYBODY
    metadata: Metadata = field(default_factory=dict)
    """What the source says about it. A `title` stands above the one in the file."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something in the source that is not loaded, and why."""

    path: str
    """Relative to the root; bytes that are no text are shown as escapes."""
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class Scan:
    """What a source holds, both lists in the order of their paths."""

    files: tuple[SourceFile, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class Fetched:
    """The content of a document that was fetched."""

    data: bytes
    version: str
    """To be shown when it is asked for again."""
    name: str
    """The path, with a suffix where only the media type tells the kind of file."""
    access: Access | None = None
    """Who may read it, where the content came with its own answer to that."""
    metadata: Metadata = field(default_factory=dict)
    """What came with the content, to be put above what the source says."""


class Remote(Protocol):
    """A source whose documents are not files of this machine."""

    def scan(self) -> Scan:
        """What it holds. Raises SourceUnreachableError."""
        ...

    def fetch(self, file: SourceFile, *, known: str, max_bytes: int) -> Fetched | None:
        """The content of a file; None when it is still of the version `known` (empty when none is known).

        Raises FactsInvalidError, FileTooLargeError, or FetchError: its leaf ServerFailedError when another try may
        help.
        """
        ...
