"""What can be wrong with a dataset."""

from dataclasses import dataclass
from pathlib import Path

from plimsoll.kernel.errors import InvalidError, NotFoundError


@dataclass(frozen=True, slots=True)
class RowMistake:
    """One thing that is wrong in a file of rows."""

    line: int
    """From 1."""
    what: str
    """What is wrong, as a sentence without a full stop."""
    instead: str
    """What would be right; may be empty."""


class DatasetInvalidError(InvalidError):
    """A file of rows has mistakes; `mistakes` holds all of them in the order of their lines."""

    code = "dataset_invalid"

    def __init__(self, path: Path, mistakes: tuple[RowMistake, ...]) -> None:
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        first = mistakes[0]
        super().__init__(
            f"{count} in {path}, the first in line {first.line}: {first.what}",
            hint=first.instead or "correct the lines that are named",
        )
        self.path = path
        self.mistakes = mistakes


class DatasetMissingError(NotFoundError):
    """The file of rows is not there, or cannot be read."""

    code = "dataset_missing"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be read: {reason}", hint="check the path and the rights of the file")


class RowInvalidError(InvalidError):
    """A stored row does not have the shape of a row."""

    code = "row_invalid"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"this is not a row of a dataset: {reason}",
            hint="read rows from a file with `read_rows`, which names every mistake",
        )
