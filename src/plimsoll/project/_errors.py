"""What can be wrong with a project as a whole, and with making a new one."""

from collections.abc import Sequence
from pathlib import Path

from plimsoll.kernel.errors import InvalidError, NotFoundError, UnavailableError

from ._mistakes import Mistake, did_you_mean, shown


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
