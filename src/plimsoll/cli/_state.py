"""What the commands of one run share: the output, the project, the platform."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from plimsoll.kernel.errors import InvalidError, UnavailableError

from ._output import Output

if TYPE_CHECKING:
    from plimsoll.access import Right
    from plimsoll.bootstrap import Platform
    from plimsoll.project import Project

F = TypeVar("F", bound=Callable[..., Any])


class FolderGoneError(InvalidError):
    """The current folder was deleted."""

    code = "folder_gone"

    def __init__(self) -> None:
        super().__init__("the current folder does not exist any more", hint="change to your project's folder with cd")


@dataclass(slots=True)
class State:
    """Made once for each run of the command line."""

    output: Output = field(default_factory=Output)
    start: Path | None = None

    def project_root(self) -> Path:
        """The project folder. Raises InvalidError when there is none."""
        from plimsoll.project import find_project

        try:
            start = self.start or Path.cwd()
        except FileNotFoundError:
            raise FolderGoneError from None
        return find_project(start)

    def project(self) -> "Project":
        """The project, read from its folder. Raises ProjectInvalidError with every mistake."""
        from plimsoll.project import load_project

        return load_project(self.project_root())

    @contextmanager
    def platform(self, root: Path, needs: "Right | None" = None) -> "Iterator[Platform]":
        """The records and engines of a project folder, closed at the end.

        `needs` is the right without which this command shows nothing. Raises DeniedError.
        """
        from plimsoll.bootstrap import open_platform
        from plimsoll.settings import read_settings

        platform = open_platform(read_settings(root), root)
        self.output.named = platform.named
        try:
            if needs is not None:
                platform.require(needs)
            yield platform
            self._leave_checkpoint(platform)
        finally:
            # Names can still be looked up: what is printed comes last.
            platform.close()

    def _leave_checkpoint(self, platform: "Platform") -> None:
        """An anchor that does not answer holds nothing up: the next checkpoint covers this one too."""
        try:
            platform.leave_checkpoint()
        except UnavailableError as error:
            self.output.note(f"{error.message}; {error.hint}")


def may(platform: "Platform", right: "Right") -> bool:
    """Whether who acts has a right; while nobody was made an actor yet, everybody may look."""
    return platform.may(right)


def json_option(function: F) -> F:
    """Adds `--json` to a command."""

    @functools.wraps(function)
    def wrapper(*args: Any, as_json: bool, **kwargs: Any) -> Any:
        state = click.get_current_context().find_object(State)
        assert state is not None  # noqa: S101  # main() made it
        state.output.json |= as_json
        return function(state, *args, **kwargs)

    option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object for programs.")
    return cast("F", option(wrapper))
