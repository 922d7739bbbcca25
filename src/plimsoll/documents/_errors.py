"""What can go wrong when files are found and read.

Every leaf names the file in one sentence and says what to do. All of them can be pickled, because loaders run in worker
processes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from plimsoll.kernel.errors import IntegrityError, InvalidError, PlimsollError


def printable(name: str) -> str:
    """`name` without anything that a terminal or a log would obey; undecodable bytes are shown as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in name)


def _revive(kind: type[PlimsollError], message: str, hint: str) -> PlimsollError:
    error = kind.__new__(kind, message)
    PlimsollError.__init__(error, message, hint=hint)
    return error


class DocumentError(InvalidError):
    """A file or folder that cannot be read. Root of all errors of this room.

    `permanent` says whether the same bytes under the same settings will fail in the same way again: then the failure
    may be cached. A limit of the settings is never permanent: it is checked in no time and can be raised.
    """

    code = "document"
    permanent: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)

    def __reduce__(self) -> tuple[object, ...]:
        # Exception's own way calls the leaf with the message as its first argument.
        return _revive, (type(self), self.message, self.hint)


class StoredDocumentError(IntegrityError):
    """Bytes from a cache are not an encoded document."""

    code = "stored_document"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"a stored document cannot be read back: {reason}",
            hint="delete the cache entry and load the file again",
        )

    def __reduce__(self) -> tuple[object, ...]:
        return _revive, (type(self), self.message, self.hint)


class SourceMissingError(DocumentError):
    """The folder or file that should be scanned is not there."""

    code = "source_missing"

    def __init__(self, root: Path) -> None:
        super().__init__(
            f"there is no folder or file {printable(str(root))}",
            hint="check the path; a relative path starts at the project folder",
        )


class SourceUnusableError(DocumentError):
    """The source is there and cannot be scanned."""

    code = "source_unusable"

    def __init__(self, root: Path, reason: str) -> None:
        super().__init__(
            f"{printable(str(root))} cannot be scanned: {reason}",
            hint="name a folder or a regular file that this user may read",
        )


class PatternError(DocumentError):
    """An include or exclude pattern means nothing."""

    code = "source_pattern"

    def __init__(self, pattern: str, reason: str) -> None:
        super().__init__(
            f"the file pattern {printable(pattern)!r} {reason}",
            hint="write it relative to the source folder, for example `**/*.pdf` or `drafts/**`",
        )


class EmptyFileError(DocumentError):
    """A file of 0 bytes."""

    code = "document_empty"
    permanent = True

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{printable(name)} is empty (0 bytes)",
            hint="copy the file again, or leave it out with an exclude pattern",
        )


class NoTextError(DocumentError):
    """Nothing in the file can be read as text."""

    code = "document_no_text"
    permanent = True

    def __init__(self, name: str, *, detail: str = "") -> None:
        super().__init__(
            f"no text was found in {printable(name)}" + (f": {detail}" if detail else ""),
            hint="check that the file shows text; for scans, set load.ocr to auto and check load.ocr_languages",
        )


class UnsupportedError(DocumentError):
    """A kind of file that no loader reads."""

    code = "document_unsupported"
    permanent = True

    def __init__(self, name: str, suffixes: tuple[str, ...]) -> None:
        super().__init__(f"{printable(name)} is of a kind that cannot be read", hint=convert_hint(suffixes))


def convert_hint(suffixes: tuple[str, ...]) -> str:
    """What to do with a file of an unsupported kind."""
    return f"convert it to one of {' '.join(suffixes)}, or leave it out with an exclude pattern"


class WrongSuffixError(DocumentError):
    """The bytes are of another kind than the name says."""

    code = "document_wrong_suffix"
    permanent = True

    def __init__(self, name: str, *, found: str, suffix: str) -> None:
        super().__init__(
            f"{printable(name)} is not what its name says: it holds {found}",
            hint=f"rename it to end in {suffix}",
        )


class NotTextError(DocumentError):
    """Bytes that are no text in any known encoding."""

    code = "document_not_text"
    permanent = True

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{printable(name)} holds binary data and not text",
            hint="save it as UTF-8 text, or leave it out with an exclude pattern",
        )


class BrokenFileError(DocumentError):
    """A damaged file, or one that only pretends to be of its kind."""

    code = "document_broken"
    permanent = True

    def __init__(self, name: str, *, kind: str, reason: str) -> None:
        super().__init__(
            f"{printable(name)} is not a readable {kind}: {printable(reason)}",
            hint="open it in its own program and save it again, or copy it again from where it came",
        )


@contextmanager
def broken_unless_readable(name: str, kind: str) -> Iterator[None]:
    """Whatever a library raises on a hostile file becomes a BrokenFileError; document errors pass."""
    try:
        yield
    except (DocumentError, MemoryError):
        raise
    except Exception as error:
        # Libraries raise anything at all on bytes that were made to break them.
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise BrokenFileError(name, kind=kind, reason=reason) from error


class EncryptedError(DocumentError):
    """A file that needs a password."""

    code = "document_encrypted"
    permanent = True

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{printable(name)} is protected by a password",
            hint="remove the password (open the file, and save it without one) and load it again",
        )


class OldOfficeError(DocumentError):
    """An OLE container under the name of an office file: one of an old program, or a protected new one."""

    code = "document_old_office"
    permanent = True

    def __init__(self, name: str) -> None:
        suffix = Path(name).suffix.lower()
        super().__init__(
            f"{printable(name)} is a file of an old office program, or is protected by a password",
            hint=f"open it in an office program and save it as {printable(suffix)} without a password",
        )


class FileTooLargeError(DocumentError):
    """More bytes than the settings allow."""

    code = "document_too_large"

    def __init__(self, name: str, *, size_bytes: int, limit_mb: int) -> None:
        super().__init__(
            f"{printable(name)} has {size_bytes / 1e6:,.1f} MB, and the limit is {limit_mb:,} MB",
            hint="raise load.max_file_mb, or split the file",
        )


class TooManyPagesError(DocumentError):
    """More pages than the settings allow."""

    code = "document_too_many_pages"

    def __init__(self, name: str, *, pages: int, limit: int) -> None:
        super().__init__(
            f"{printable(name)} has {pages:,} pages, and the limit is {limit:,}",
            hint="raise load.max_pages, or split the file",
        )


class UnpackedTooLargeError(DocumentError):
    """A small file that grows beyond all measure when it is unpacked (a zip bomb, or the like)."""

    code = "document_unpacked_too_large"
    permanent = True

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"{printable(name)} was not unpacked: {reason}",
            hint="if you trust the file, open it and save it again in smaller parts; if not, delete it",
        )


class MemoryExceededError(DocumentError):
    """Reading the file takes more memory than it may."""

    code = "document_memory"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"reading {printable(name)} takes more memory than one file may have",
            hint="split the file, or leave it out with an exclude pattern",
        )


class ImageTooLargeError(DocumentError):
    """More pixels than can be recognised."""

    code = "document_image_too_large"
    permanent = True

    def __init__(self, name: str, *, width: int, height: int, limit_megapixels: int) -> None:
        super().__init__(
            f"{printable(name)} has {width:,} x {height:,} pixels, and the limit is {limit_megapixels} megapixels",
            hint="scale the image down; 300 dots per inch are enough for text",
        )


class OcrAbsentError(DocumentError):
    """Text has to be recognised, and there is nothing to do it with."""

    code = "ocr_absent"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{printable(name)} has to be recognised by OCR, and tesseract is not installed",
            hint="install it: apt-get install tesseract-ocr",
        )


class OcrOffError(DocumentError):
    """Text has to be recognised, and the settings forbid it."""

    code = "ocr_off"
    permanent = True

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{printable(name)} has to be recognised by OCR, and OCR is switched off",
            hint="set load.ocr to auto, or leave the file out with an exclude pattern",
        )


class OcrLanguageError(DocumentError):
    """A language of the settings is not installed."""

    code = "ocr_language"

    def __init__(self, language: str, installed: tuple[str, ...]) -> None:
        shown = printable(language)
        super().__init__(
            f"the OCR language {shown!r} is not installed (installed: {' '.join(installed) or 'none'})",
            hint=f"apt-get install tesseract-ocr-{shown.replace('_', '-')}, or change load.ocr_languages",
        )


class OcrFailedError(DocumentError):
    """Tesseract ended with an error."""

    code = "ocr_failed"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"the OCR of {printable(name)} failed: {printable(reason)}",
            hint="check that the image opens in a viewer, and that `tesseract --version` works",
        )


class OcrTimeoutError(DocumentError):
    """Tesseract took too long."""

    code = "ocr_timeout"

    def __init__(self, name: str, timeout_s: float) -> None:
        super().__init__(
            f"the OCR of {printable(name)} did not end within {timeout_s:g} s",
            hint="load it again when the machine is less busy, or raise load.ocr_timeout_s",
        )


class OcrFileTimeoutError(DocumentError):
    """The pages before took all the time that a file has."""

    code = "ocr_file_timeout"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the pages before {printable(name)} took all the time that the OCR of a file has",
            hint="split the file, or load it again when the machine is less busy",
        )


class VanishedError(DocumentError):
    """The file was there when the folder was scanned, and is gone."""

    code = "document_vanished"

    def __init__(self, name: str) -> None:
        super().__init__(f"{printable(name)} vanished before it was read", hint="run the same command again")


class ChangedError(DocumentError):
    """The file is not the one that was scanned."""

    code = "document_changed"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{printable(name)} changed while it was being read",
            hint="wait until nobody writes to it and run the same command again",
        )


class UnreadableError(DocumentError):
    """The operating system refuses to hand the file out."""

    code = "document_unreadable"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"{printable(name)} cannot be read: {reason}",
            hint="check the file's owner and rights (ls -l)",
        )
