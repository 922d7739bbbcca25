"""Is a text longer than it may be."""

from collections.abc import Sequence

from .._errors import CheckOptionsError
from .._types import NO_CONTEXT, Context, Found
from ._versions import version_of

KINDS = ("characters", "lines")


class LengthCheck:
    """Finds what stands behind the last character, or the last line, that may be there.

    It counts from the beginning of a text, and so an answer that streams is held until its end.
    """

    words_only = True

    def __init__(self, characters: int | None, lines: int | None) -> None:
        if characters is None and lines is None:
            raise CheckOptionsError(
                "length", "it needs a limit", "write `options: {characters: 20000}`, or `lines`", "options"
            )
        self.name = "length"
        self.kinds = tuple(kind for kind, most in zip(KINDS, (characters, lines), strict=True) if most is not None)
        self.version = version_of(1, characters, lines)
        self._characters = characters
        self._lines = lines

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:  # noqa: ARG002  # it needs none
        """At most one finding of each kind; a line may end as on any system."""
        found = []
        if self._characters is not None and len(text) > self._characters:
            found.append(Found(self._characters, len(text), "characters", reason=f"more than {self._characters}"))
        if self._lines is not None and (start := _end_of_line(text, self._lines)) < len(text):
            found.append(Found(start, len(text), "lines", reason=f"more than {self._lines}"))
        return sorted(found, key=lambda one: one.start)


def _end_of_line(text: str, number: int) -> int:
    """The character behind the line of this number, from 1; the text's length where there are no more."""
    plain = text.replace("\r\n", " \n").replace("\r", "\n")
    at = -1
    for _ in range(number):
        at = plain.find("\n", at + 1)
        if at < 0:
            return len(text)
    return at + 1


def length(characters: int | None = None, lines: int | None = None) -> LengthCheck:
    """Looks whether a text is longer than it may be. Raises CheckOptionsError."""
    return LengthCheck(characters, lines)
