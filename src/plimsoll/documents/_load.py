"""Loading one file: limits first, then its loader, then the checks that hold for every kind."""

import hashlib
import os
import stat
from collections.abc import Iterator
from functools import cache
from importlib import import_module, metadata
from pathlib import Path, PurePosixPath
from typing import Protocol, cast

from plimsoll.kernel.digest import Digest, Json, digest_bytes, digest_json, hex_part

from ._assemble import assemble
from ._errors import (
    ChangedError,
    EmptyFileError,
    FileTooLargeError,
    MemoryExceededError,
    NoTextError,
    UnreadableError,
    UnsupportedError,
    VanishedError,
    printable,
)
from ._ocr import VERSION as OCR_VERSION
from ._ocr import ocr_available
from ._sniff import Loader, kind_by_name, kind_of, supported_suffixes
from ._types import Document, Extract, LoadSettings

_READ_BYTES = 1 << 20
_BYTES_PER_MB = 1_000_000
_FINGERPRINT_LENGTH = 16

# Raise it when joining pages or cleaning text, which all loaders share, gives another text.
_ROOM_VERSION = 2

_LIBRARIES: dict[Loader, tuple[str, ...]] = {
    "csv": ("charset-normalizer",),
    "docx": ("lxml",),
    "email": ("charset-normalizer",),
    "html": ("charset-normalizer", "selectolax"),
    "image": (),
    "json": ("charset-normalizer",),
    "markdown": ("charset-normalizer",),
    "pdf": ("pypdfium2",),
    "pptx": ("lxml",),
    "text": ("charset-normalizer",),
    "xlsx": ("lxml", "openpyxl"),
}
_EVERY_LIBRARY = ("py3langid",)
_MAY_NEED_OCR: frozenset[Loader] = frozenset({"email", "image", "pdf"})


class _LoaderModule(Protocol):
    """What every module in `loaders/` has."""

    VERSION: int

    def read(self, data: bytes, name: str, settings: LoadSettings, /) -> Extract: ...


def load(data: bytes, name: str, settings: LoadSettings) -> Document:
    """The document in `data`; `name` (a path relative to its source) decides the loader and appears in messages.

    Raises leaves of DocumentError, and nothing else, whatever the bytes are.
    """
    if not data:
        raise EmptyFileError(name)
    _check_size(len(data), name, settings)
    kind = kind_of(data, name)
    try:
        extract = _loader(kind.loader).read(data, name, settings)
        if not any(page.text.strip() for page in extract.pages):
            raise NoTextError(name, detail="; ".join(extract.notes[:3]))
        return assemble(extract, title=PurePosixPath(name).stem, media_type=kind.media_type)
    except MemoryError as error:
        raise MemoryExceededError(name) from error


def load_file(path: Path, name: str, settings: LoadSettings, *, expected: Digest | None = None) -> Document:
    """The document in the file at `path`, which is read once. Can be sent to a worker process.

    `name` is what messages call it. With `expected`, the content address at the time of scanning, another content is an
    error. Raises leaves of DocumentError: VanishedError, ChangedError, UnreadableError, and those of `load`.
    """
    data = _read_file(path, name, settings)
    if expected is not None and digest_bytes(data) != expected:
        raise ChangedError(name)
    return load(data, name, settings)


def digest_file(path: Path, name: str, settings: LoadSettings) -> Digest:
    """The content address of the file at `path`. Raises leaves of DocumentError, as `load_file` does."""
    # Several are looked at at once, so none is read as a whole.
    state = hashlib.sha256()
    for piece in _pieces(path, name, settings, _READ_BYTES):
        state.update(piece)
    return f"sha256:{state.hexdigest()}"


def loader_fingerprint(name: str, settings: LoadSettings) -> str:
    """A short string that changes whenever the same bytes under this name could give another document or error.

    Beside versions and settings it depends on the name, which decides the loader, may be the title, and stands in
    messages. Limits are left out: what they refuse is never cached (see DocumentError.permanent).
    Raises UnsupportedError for a name that no loader reads.
    """
    kind = kind_by_name(name)
    if kind is None:
        raise UnsupportedError(name, supported_suffixes())
    # What is attached to an e-mail may be of any kind.
    loaders = sorted(_LIBRARIES) if kind.loader == "email" else [kind.loader]
    facts: dict[str, Json] = {
        "room": _ROOM_VERSION,
        "loaders": {loader: _loader_facts(loader) for loader in loaders},
        "libraries": {library: _library_version(library) for library in _EVERY_LIBRARY},
        "ocr": _ocr_facts(settings) if kind.loader in _MAY_NEED_OCR else None,
        "name": printable(name),
    }
    return f"{kind.loader}-{hex_part(digest_json(facts))[:_FINGERPRINT_LENGTH]}"


def _loader_facts(loader: Loader) -> Json:
    libraries: dict[str, Json] = {library: _library_version(library) for library in _LIBRARIES[loader]}
    return {"version": _loader(loader).VERSION, "libraries": libraries}


def _ocr_facts(settings: LoadSettings) -> Json:
    if settings.ocr == "off":
        return "off"
    languages = list(settings.ocr_languages)
    return {"version": OCR_VERSION, "tesseract": ocr_available() or "absent", "languages": languages}


@cache
def _library_version(library: str) -> str:
    return metadata.version(library)


def _loader(loader: Loader) -> _LoaderModule:
    # Each brings its library with it, so only the one that is needed is imported.
    return cast("_LoaderModule", import_module(f".loaders.{loader}", __package__))


def _read_file(path: Path, name: str, settings: LoadSettings) -> bytes:
    return b"".join(_pieces(path, name, settings, settings.max_file_mb * _BYTES_PER_MB + 1))


def _pieces(path: Path, name: str, settings: LoadSettings, piece_bytes: int) -> Iterator[bytes]:
    """The content in pieces of a size; it is only to be used when all of them came."""
    size = 0
    try:
        # Without O_NONBLOCK, a FIFO that took the file's place would stop the process here.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            before = os.fstat(handle)
            if not stat.S_ISREG(before.st_mode):
                raise UnreadableError(name, "it is not a regular file")
            _check_size(before.st_size, name, settings)
            while piece := file.read(piece_bytes):
                size += len(piece)
                _check_size(size, name, settings)
                yield piece
            after = os.fstat(handle)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise VanishedError(name) from error
    except OSError as error:
        raise UnreadableError(name, error.strerror or str(error)) from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or size != after.st_size:
        raise ChangedError(name)


def _check_size(size_bytes: int, name: str, settings: LoadSettings) -> None:
    if size_bytes > settings.max_file_mb * _BYTES_PER_MB:
        raise FileTooLargeError(name, size_bytes=size_bytes, limit_mb=settings.max_file_mb)
