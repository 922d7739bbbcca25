"""What can be wrong in a project, with a project as a whole, and with making a new one.

And how values and names are shown in sentences about that.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from plimsoll.kernel.errors import InvalidError, NotFoundError, UnavailableError
from plimsoll.kernel.words import nearest

_SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong, where it stands, and what would be right."""

    file: str
    """Path inside the project, with slashes."""
    line: int
    """From 1; 0 where the whole file or folder is meant."""
    what: str
    """What is wrong, as a sentence without a full stop."""
    instead: str
    """What would be right; may be empty."""

    @property
    def place(self) -> str:
        """Where it stands, as `file:line`, which editors and terminals turn into a link."""
        return f"{self.file}:{self.line}" if self.line else self.file


def shown(value: object) -> str:
    """A value of a file as it may be printed: quoted, cut, without control characters."""
    if isinstance(value, str):
        cut = value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…"
        return json.dumps(cut, ensure_ascii=not cut.isprintable())
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    if value is None:
        return "empty"
    return "a list" if isinstance(value, list | tuple) else "a group of keys"


def shown_name(name: str) -> str:
    """A key or a file name as it may be printed: as it is, or quoted where it has characters that do not print."""
    return name if name.isprintable() and len(name) <= _SHOWN_CHARACTERS else shown(name)


def did_you_mean(name: str, known: Iterable[str], *, all_of_them: str) -> str:
    """`did you mean …?` where something near is known, and everything that is known: `all_of_them: a, b, c`."""
    names = list(known)
    near = nearest(name, names)
    listed = f"{all_of_them}: {', '.join(map(shown_name, names))}" if names else f"{all_of_them}: none"
    return f"did you mean `{shown_name(near)}`? {listed}" if near else listed


class ProjectInvalidError(InvalidError):
    """A project has mistakes; `mistakes` holds all of them, by file and line."""

    code = "project_invalid"

    def __init__(self, root: Path, mistakes: Sequence[Mistake]) -> None:
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        super().__init__(
            f"{count} in the project {root}",
            hint=f"correct what is listed, beginning with {mistakes[0].place}",
        )
        self.root = root
        self.mistakes = tuple(mistakes)


class ProjectMissingError(InvalidError):
    """A folder (and for a search every folder above it) has no `plimsoll.yaml`."""

    code = "project_missing"

    def __init__(self, folder: Path, *, near: str = "") -> None:
        found = f"; there is {shown(near)}" if near else ""
        super().__init__(
            f"there is no plimsoll.yaml in {folder}{found}",
            hint=f"rename {shown(near)} to plimsoll.yaml"
            if near
            else "make one with `plimsoll init documents my-app`, change to its folder, or name it with -C",
        )


class TemplateUnknownError(NotFoundError):
    """There is no template of this name."""

    code = "template_unknown"

    def __init__(self, template: str, known: Sequence[str]) -> None:
        super().__init__(
            f"there is no project template {shown(template)}",
            hint=did_you_mean(template, known, all_of_them="templates"),
        )


class AppNameError(InvalidError):
    """An application cannot be called this."""

    code = "app_name"

    def __init__(self, name: str, rule: str) -> None:
        super().__init__(f"an application cannot be called {shown(name)}", hint=f"choose {rule}")


class TemplateConflictError(InvalidError):
    """Writing a template would replace files; nothing was written."""

    code = "template_conflict"

    def __init__(self, target: Path, files: Sequence[Path]) -> None:
        names = ", ".join(file.as_posix() for file in files)
        super().__init__(
            f"{target} already has {names}; nothing was written",
            hint="choose a new folder, or move these files away (a .gitignore that ignores .plimsoll/ may stay)",
        )
        self.files = tuple(files)


class TemplateNotWrittenError(UnavailableError):
    """A file of a template could not be written."""

    code = "template_not_written"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} could not be written: {reason}", hint="check the folder's rights and its disk")
