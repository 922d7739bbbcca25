"""What stands in place of what was taken out, the same for the same, and putting it back for who said it."""

import re
from collections.abc import Mapping
from typing import Final

_PLACEHOLDER: Final = re.compile(r"\[[^\[\]]*\]")
_WRITTEN: Final = re.compile(r"\[([^\[\]]*)_([1-9][0-9]{0,8})\]", re.ASCII)
_BRACKETS: Final = str.maketrans("", "", "[]")


def label_of(kind: str) -> str:
    """What a placeholder calls something of a kind: without brackets, so that its own are the only ones."""
    return kind.translate(_BRACKETS)


class Placeholders:
    """The numbered placeholders of one request: `[EMAIL_1]` is the same address wherever it stands in it.

    Belongs to one request, whose texts are looked at one after the other. Texts that arrive side by side, such as two
    answers to one question, get a `branch` each: what it numbers does not depend on which of them is faster.
    """

    __slots__ = ("_counts", "_numbers", "_root", "own", "taken")

    def __init__(self, root: "Placeholders | None" = None) -> None:
        self._root = root
        self._numbers: dict[tuple[str, str], int] = {}
        self._counts: dict[str, int] = {}
        self.taken: set[tuple[str, int]] = set() if root is None else root.taken
        """Labels and numbers that stand in the texts already."""
        self.own: dict[str, str] = {} if root is None else root.own
        """What the caller said, by its placeholder, where the policy allows that it is put back."""

    def branch(self) -> "Placeholders":
        """The same, to be gone on with for one text; nothing may be numbered here any more from then on."""
        return Placeholders(self)

    def avoid(self, text: str) -> None:
        """Give no number that stands in a text already, such as one of an earlier turn of a conversation."""
        if "_" in text:
            self.taken.update((label, int(number)) for label, number in _WRITTEN.findall(text))

    def number(self, label: str, text: str) -> int:
        """The number of a text among those with its label, from 1."""
        known = self.known(label, text)
        if known is None:
            known = self.count(label) + 1
            while (label, known) in self.taken:
                known += 1
            self._numbers[label, text] = self._counts[label] = known
        return known

    def known(self, label: str, text: str) -> int | None:
        """The number that a text has; None where it has none yet."""
        known = self._numbers.get((label, text))
        return self._root.known(label, text) if known is None and self._root is not None else known

    def count(self, label: str) -> int:
        """The highest number that was given with a label."""
        count = self._counts.get(label)
        if count is None:
            count = 0 if self._root is None else self._root.count(label)
        return count


class Restoring:
    """An answer that arrives, in which placeholders become what the caller had said. Belongs to one thread.

    A placeholder begins with `[`, ends with `]` and has none of them within; only what may become one of `own` is held
    back.
    """

    def __init__(self, own: Mapping[str, str]) -> None:
        self._own = own
        self._held = ""
        self._longest = max(map(len, own), default=0)

    def feed(self, text: str, *, last: bool = False) -> str:
        """Take the next piece; what of the answer can go out now."""
        if not self._own:
            return text
        text = self._held + text
        begun = text.rfind("[", max(0, len(text) - self._longest + 1))
        waits = not last and begun >= 0 and "]" not in text[begun:]
        upto = begun if waits else len(text)
        self._held = text[upto:]
        return _PLACEHOLDER.sub(lambda found: self._own.get(found[0], found[0]), text[:upto])
