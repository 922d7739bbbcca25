"""Finding the files of a source folder, which may be hostile: links lead out of it or in circles, names are no text."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .._errors import PatternError, SourceMissingError, SourceUnusableError, convert_hint, printable
from .._sniff import kind_by_name, supported_suffixes
from .._types import Metadata
from ._errors import FactsInvalidError
from ._facts import EVERYBODY, Access
from ._globs import Matcher, compile_folder_globs, compile_globs
from ._names import RENAME, fault_of_name
from ._sidecars import FILE_FACTS, FOLDER_FACTS, Facts, Sidecars, describes_another
from ._types import Scan, Skipped, SourceFile

_DROPPINGS = frozenset({"thumbs.db", "desktop.ini", "__macosx", "icon\r"})
_DROPPING_STARTS = (".", "~$")
_DROPPING_ENDS = ("~", ".swp", ".tmp")

_RIGHTS = "check its owner and rights (ls -l), or leave it out with an exclude pattern"
_LINK = "copy the files into the source folder, or leave the link out with an exclude pattern"


def scan(
    root: Path,
    *,
    include: Sequence[str] = ("**/*",),
    exclude: Sequence[str] = (),
    access: Access = EVERYBODY,
    metadata: Metadata | None = None,
) -> Scan:
    """The files below the folder `root`, or the file `root` itself.

    `access` and `metadata` hold for all of them, but for what files beside them say (`_sidecars`).

    Patterns are relative to the root (`*.pdf` is its top level, `**/*.pdf` all levels); what they leave out is not
    mentioned, and neither are hidden files and the droppings of editors. A file is found under one path only; a link
    that leads out of the root is skipped.

    Raises SourceMissingError, SourceUnusableError, or PatternError.
    """
    included, excluded = compile_globs(include), compile_globs(exclude)
    pruned = compile_folder_globs(exclude)
    try:
        real = root.resolve(strict=True)
        status = real.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SourceMissingError(root) from error
    except (OSError, RuntimeError) as error:
        # A loop of links is a RuntimeError in Python 3.11 and 3.12, and an OSError later.
        raise SourceUnusableError(root, _reason(error)) from error
    facts = Facts(access, metadata or {})
    if stat.S_ISDIR(status.st_mode):
        walk = _Walk(real, included, lambda path: excluded(path) or pruned(path), Sidecars(real, facts))
        walk.everything()
        return walk.result()
    if not stat.S_ISREG(status.st_mode):
        raise SourceUnusableError(root, "it is neither a folder nor a regular file")
    return _single(root, real, status.st_size, facts)


def _single(root: Path, real: Path, size: int, facts: Facts) -> Scan:
    if fault := fault_of_name(root.name):
        return Scan((), (Skipped(printable(root.name), fault, RENAME),))
    if kind_by_name(root.name) is None:
        return Scan((), (_unsupported(root.name),))
    found = _with_facts(root.name, real, size, Sidecars(real.parent, facts))
    seen = root.parent.resolve() / root.name
    if seen != real and isinstance(found, SourceFile):
        there = _with_facts(root.name, seen, size, Sidecars(seen.parent, facts))
        found = _agreed(found, there)
    return Scan((found,), ()) if isinstance(found, SourceFile) else Scan((), (found,))


def _agreed(found: SourceFile, there: SourceFile | Skipped) -> SourceFile | Skipped:
    """A file that is reached through a link, unless other readers are told where the link is than where it leads to."""
    if isinstance(there, Skipped):
        return there
    if there.access == found.access:
        return found
    told = " and ".join(sorted(f"[{', '.join(access)}]" for access in (found.access, there.access)))
    reason = f"it is reached through a link, and has other readers where that leads to: {told}"
    return Skipped(found.path, reason, _LINK)


def _with_facts(path: str, real: Path, size: int, sidecars: Sidecars) -> SourceFile | Skipped:
    """The file with what stands beside it; skipped when that cannot be understood, so that nobody sees too much."""
    try:
        facts = sidecars.facts(str(real), path)
    except FactsInvalidError as error:
        return Skipped(path, error.message, error.hint)
    except PatternError as error:
        return Skipped(path, f"a pattern in {FOLDER_FACTS} means nothing: {error.message}", error.hint)
    return SourceFile(path, real, size, access=facts.access, metadata=facts.metadata)


def _unsupported(path: str) -> Skipped:
    suffix = Path(path).suffix
    reason = (
        f"files ending in {printable(suffix)} cannot be read"
        if suffix
        else "its name has no suffix that tells its kind"
    )
    return Skipped(path, reason, convert_hint(supported_suffixes()))


def _is_dropping(name: str) -> bool:
    lower = name.lower()
    return lower in _DROPPINGS or lower.startswith(_DROPPING_STARTS) or lower.endswith(_DROPPING_ENDS)


def _reason(error: OSError | RuntimeError) -> str:
    text = error.strerror if isinstance(error, OSError) else None
    return (text or "its links lead in a circle").lower()


_Waiting = tuple[Path, str, tuple[Path, ...]]


@dataclass(slots=True)
class _Walk:
    """One walk. Real folders come first and links after them, so that a file has its real path where it has one.

    Every real folder is read once, so the walk ends whatever the links do.
    """

    root: Path
    included: Matcher
    excluded: Matcher
    sidecars: Sidecars
    files: dict[str, SourceFile] = field(default_factory=dict)
    skipped: dict[str, Skipped] = field(default_factory=dict)
    # Where each real folder was read, so that none is read twice.
    folders: dict[Path, str] = field(default_factory=dict)
    places: dict[Path, str] = field(default_factory=dict)
    # Folders and links that wait: where, under which path, and the real folders on the way there.
    inner: list[_Waiting] = field(default_factory=list)
    pending: list[_Waiting] = field(default_factory=list)

    def result(self) -> Scan:
        files = tuple(self.files[path] for path in sorted(self.files))
        return Scan(files, tuple(self.skipped[path] for path in sorted(self.skipped)))

    def skip(self, path: str, reason: str, hint: str) -> None:
        shown = printable(path) if fault_of_name(path) else path
        self.skipped[shown] = Skipped(shown, reason, hint)

    def everything(self) -> None:
        self.inner.append((self.root, "", ()))
        self.real_folders()
        while self.pending:
            waiting, self.pending = self.pending, []
            for item in sorted(waiting, key=lambda item: item[1]):
                self.follow(*item)

    def real_folders(self) -> None:
        """Read the folders that wait, and theirs. Without recursion: a hostile tree is as deep as paths can be long."""
        while self.inner:
            self.folder(*self.inner.pop())

    def folder(self, real: Path, path: str, above: tuple[Path, ...]) -> None:
        """The entries of one folder; `above` are the real folders on the way to it."""
        self.folders[real] = path
        try:
            with os.scandir(real) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            if not path:
                raise SourceUnusableError(self.root, _reason(error)) from error
            self.skip(path, f"the folder cannot be read: {_reason(error)}", _RIGHTS)
            return
        for entry in entries:
            self.entry(entry, f"{path}/{entry.name}" if path else entry.name, (*above, real))

    def entry(self, entry: os.DirEntry[str], path: str, above: tuple[Path, ...]) -> None:
        if _is_dropping(entry.name) or self.excluded(path):
            return
        if fault := fault_of_name(entry.name):
            self.skip(path, fault, RENAME)
            return
        try:
            if entry.is_symlink():
                self.pending.append((Path(entry.path), path, above))
            elif entry.is_dir():
                self.inner.append((Path(entry.path), path, above))
            else:
                self.file(Path(entry.path), path, entry.stat())
        except OSError as error:
            self.skip(path, f"it cannot be read: {_reason(error)}", _RIGHTS)

    def file(self, real: Path, path: str, status: os.stat_result) -> None:
        if not self.included(path):
            return
        if not stat.S_ISREG(status.st_mode):
            self.skip(path, "it is not a regular file", "leave it out with an exclude pattern")
        elif describes_another(path):
            self.beside(real, path)
        elif kind_by_name(path) is None:
            self.skipped[path] = _unsupported(path)
        elif real in self.places:
            self.skip(path, f"it is the same file as {self.places[real]}", _LINK)
        else:
            self.places[real] = path
            self.add(path, real, status.st_size)

    def add(self, path: str, real: Path, size: int) -> None:
        found = _with_facts(path, real, size, self.sidecars)
        seen = f"{self.root}/{path}"
        if seen != str(real) and isinstance(found, SourceFile):
            found = _agreed(found, _with_facts(path, Path(seen), size, self.sidecars))
        if isinstance(found, SourceFile):
            self.files[path] = found
        else:
            self.skipped[path] = found

    def beside(self, real: Path, path: str) -> None:
        """A file that says something about another one, which should be there."""
        if not real.with_name(real.name[: -len(FILE_FACTS)]).is_file():
            self.skip(path, "it describes a file that is not there", "delete it, or put the file beside it")

    def follow(self, link: Path, path: str, above: tuple[Path, ...]) -> None:
        try:
            self.link(link, path, above)
        except FileNotFoundError:
            self.skip(path, "it is a link to something that is not there", _LINK)
        except (OSError, RuntimeError) as error:
            self.skip(path, f"it is a link that cannot be followed: {_reason(error)}", _LINK)

    def link(self, link: Path, path: str, above: tuple[Path, ...]) -> None:
        real = link.resolve(strict=True)
        status = real.stat()
        if not real.is_relative_to(self.root):
            self.skip(path, "it is a link that leads out of the source folder", _LINK)
        elif not stat.S_ISDIR(status.st_mode):
            self.file(real, path, status)
        elif real in above:
            self.skip(path, "it is a link to a folder that it lies in (a loop)", _LINK)
        elif real in self.folders:
            self.skip(path, f"it is a link to the folder {self.folders[real] or '.'}, which is read already", _LINK)
        else:
            self.inner.append((real, path, above))
            self.real_folders()
