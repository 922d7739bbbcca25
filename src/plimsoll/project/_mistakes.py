"""One thing that is wrong in a project, and how values and names are shown in such sentences."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

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
