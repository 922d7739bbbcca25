"""New projects: the templates, and writing one into a folder."""

import os
import re
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from ._errors import AppNameError, TemplateConflictError, TemplateNotWrittenError, TemplateUnknownError
from ._fields import NAME_PATTERN, NAME_RULE

_NAMES = ("rag", "documents", "chat", "gateway")
_APP_NAME = b"__app_name__"
_IGNORE_FILE = ".gitignore"
_IGNORED = "# The records of this installation: versions, releases, traces, indexes.\n.plimsoll/\n"
_SAMPLE = "skellan-quay"
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


def template_names() -> tuple[str, ...]:
    """The templates, the one for a first try in front."""
    return _NAMES


def project_name(folder: Path) -> str:
    """A name for the application in a folder, made from the folder's own: `My Contracts` gives `my-contracts`."""
    return _NOT_IN_NAMES.sub("-", folder.absolute().name.lower()).strip("-")[:63].rstrip("-") or "app"


def write_sample(target: Path) -> tuple[Path, ...]:
    """Write the sample company's project into the folder `target`. Raises as `write_template` does."""
    return _write_new(target, _walk(resources.files(__package__) / "samples" / _SAMPLE, PurePosixPath()))


def sample_file(path: str) -> bytes:
    """One file of the sample company's project, as it is written."""
    return (resources.files(__package__) / "samples" / _SAMPLE / path).read_bytes()


def write_template(template: str, target: Path, *, name: str) -> tuple[Path, ...]:
    """Write a new project called `name` into the folder `target`, and say which files were written.

    Raises TemplateUnknownError, AppNameError, TemplateConflictError if a file is there already (then nothing is
    written), and TemplateNotWrittenError.
    """
    if template not in _NAMES:
        raise TemplateUnknownError(template, _NAMES)
    if not re.fullmatch(NAME_PATTERN, name):
        raise AppNameError(name, NAME_RULE)
    return _write_new(target, _files(template, name, target))


def _write_new(target: Path, contents: Mapping[PurePosixPath, bytes]) -> tuple[Path, ...]:
    files = {target / path: content for path, content in contents.items()}
    taken = [path.relative_to(target) for path in files if os.path.lexists(path)]
    if taken:
        raise TemplateConflictError(target, taken)
    for path, content in files.items():
        _write(path, content)
    return tuple(files)


def _files(template: str, name: str, target: Path) -> dict[PurePosixPath, bytes]:
    """The content of each file of a template, by its path in the new project."""
    folder = resources.files(__package__) / "templates" / template
    found = sorted(_walk(folder, PurePosixPath()).items())
    files = {path: content.replace(_APP_NAME, name.encode()) for path, content in found}
    if not _ignores_already(target / _IGNORE_FILE):
        files[PurePosixPath(_IGNORE_FILE)] = _IGNORED.encode()
    return files


def _walk(folder: Traversable, path: PurePosixPath) -> dict[PurePosixPath, bytes]:
    found: dict[PurePosixPath, bytes] = {}
    for item in folder.iterdir():
        if item.is_dir():
            found |= _walk(item, path / item.name)
        else:
            found[path / item.name] = item.read_bytes()
    return found


def _ignores_already(path: Path) -> bool:
    """Whether a `.gitignore` that is there already says what ours would say."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    return any(line.strip().strip("/") == ".plimsoll" for line in lines)


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise TemplateNotWrittenError(path, error.strerror or str(error)) from error
