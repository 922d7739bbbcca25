"""The values of a diff."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from plimsoll.kernel.digest import Json

from ._shown import quoted

What = Literal["added", "removed", "changed", "moved"]

_PLAIN = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class Named:
    """The element of a list whose field `key` is `name`, wherever in the list it stands."""

    key: str
    name: str


Step = str | int | Named
"""From a value to one inside it: the key of a mapping, the place in a list from 0, or a named element of a list."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not as it was.

    `before` and `after` are the values at `path` in the two contents. What was added has no `before`, what was removed
    no `after`. Of something `moved` they are its places in the list, from 1, or its two names.
    """

    path: tuple[Step, ...]
    what: What
    before: Json
    after: Json
    sentence: str
    """What a person reads: `threshold of answer_contains: at least 0.80 → 0.75`."""
    loosens: bool = False
    """Whether a safety or quality rule holds less than before."""

    @property
    def place(self) -> str:
        """The path as text: `checks[check=pii].threshold`. Empty for the content as a whole."""
        return path_text(self.path)

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        return {
            "path": self.place,
            "what": self.what,
            "before": self.before,
            "after": self.after,
            "sentence": self.sentence,
            "loosens": self.loosens,
        }


@dataclass(frozen=True, slots=True)
class Count:
    """How many elements of a long list are new, gone, different, elsewhere, and the same."""

    noun: str
    """In the plural, such as `documents`."""
    added: int
    removed: int
    changed: int
    moved: int
    same: int
    unlisted: int = 0
    """How many of the changes stand in no `Change`, because there were too many."""

    @property
    def sentence(self) -> str:
        """What a person reads: `rows: 2 added, 1 removed, 27 the same`."""
        words = [
            (self.added, "added"),
            (self.removed, "removed"),
            (self.changed, "changed"),
            (self.moved, "renamed" if self.noun == "documents" else "moved"),
            (self.same, "the same"),
        ]
        if self.noun == "segments":
            words = [(self.same, "shared"), (self.added, "new"), (self.removed, "gone"), (self.moved, "moved")]
        return f"{self.noun}: " + (", ".join(f"{count:,} {word}" for count, word in words if count) or "none")

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        return {
            "of": self.noun,
            "added": self.added,
            "removed": self.removed,
            "changed": self.changed,
            "moved": self.moved,
            "same": self.same,
            "unlisted": self.unlisted,
        }


@dataclass(frozen=True, slots=True)
class TextDiff:
    """A text that people wrote, before and after, as a unified diff without file names."""

    path: tuple[Step, ...]
    lines: tuple[str, ...]
    """Each begins with `@@`, a space, `-` or `+`."""
    unlisted: int = 0
    """Lines of the diff that are not shown, because there were too many."""

    @property
    def place(self) -> str:
        """The path as text."""
        return path_text(self.path)

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        return {"path": self.place, "lines": list(self.lines), "unlisted": self.unlisted}


@dataclass(frozen=True, slots=True)
class VersionDiff:
    """Everything that differs between two contents of one kind; empty exactly when they are the same content."""

    kind: str
    changes: tuple[Change, ...] = ()
    """In the order of the content."""
    counts: tuple[Count, ...] = ()
    """Of the documents of a source, the rows of a dataset, the segments of an index."""
    texts: tuple[TextDiff, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing differs."""
        return not self.changes

    @property
    def loosening(self) -> tuple[Change, ...]:
        """The changes after which a safety or quality rule holds less than before."""
        return tuple(change for change in self.changes if change.loosens)

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        return {
            "kind": self.kind,
            "changes": [change.to_json() for change in self.changes],
            "counts": [count.to_json() for count in self.counts],
            "texts": [text.to_json() for text in self.texts],
        }


def path_text(path: Sequence[Step]) -> str:
    """A path as text; names that could be misread are quoted."""
    return "".join(_step_text(step) for step in path).removeprefix(".")


def _step_text(step: Step) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if isinstance(step, Named):
        return f"[{step.key}={step.name if _PLAIN.fullmatch(step.name) else quoted(step.name)}]"
    return f".{step}" if _PLAIN.fullmatch(step) else f"[{quoted(step)}]"
