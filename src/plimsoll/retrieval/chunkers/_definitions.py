"""What a text of code defines, and where: by the look of its lines, without a parser for each language."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_NAME = r"([A-Za-z_~]\w{0,80}(?:(?:::|\.)~?\w{1,80}){0,8})"
_KEYWORD = re.compile(
    r"(?:^|\s)(?:class|struct|enum|union|trait|interface|record|object|module|mod|namespace|protocol|fn|func|function"
    r"|def|sub|macro_rules!|impl(?:<[^\n]{0,80}?>)?|type|service|message)\s+(?:<[^>\n]{0,80}>\s*)?(?:\([^)\n]{0,80}\)\s*)?"
    + _NAME
)
_FOR = re.compile(rf"\bimpl\b[^{{\n]{{0,200}}?\sfor\s+{_NAME}")
_CALLED = re.compile(rf"\s*+(?:[\w:<>,&*\[\]~@]++\s++)++[*&]{{0,3}}+{_NAME}\(")
"""`int Harbour::admit(Boat boat) {` and `public void run() {`: words, and then a name right before a bracket."""
_STATEMENT = re.compile(
    r"\s*(?:return|if|else|elif|for|while|switch|match|new|throw|raise|await|yield|case|assert|using|import|from"
    r"|include|let|var|const|in|not|and|or|with|print|echo|delete|goto)\b"
)
_COMMENT = re.compile(r"\s*(?://|#(?!define)|\*|/\*|--|;)")
_OPENS = ("{", "(", ",", ")")
_FORMAL = "{:;(),"
_LINE_CHARACTERS = 400
_CODE_SHARE = 0.02
_FEWEST = 2
_MOST_SCOPES = 4


@dataclass(frozen=True, slots=True)
class Definition:
    """A line that gives something a name."""

    start: int
    """First character of its line."""
    indent: int
    line: str
    """Without what surrounds it."""
    names: tuple[str, ...]


def definitions(text: str) -> list[Definition]:
    """The lines that look like definitions, in order."""
    return list(_found(text))


def is_code(text: str, found: Sequence[Definition]) -> bool:
    """Whether many lines define something, and end as code does: prose says `class struggle` too."""
    formal = sum(_line_at(text, one.start)[-1:] in _FORMAL for one in found)
    return formal >= max(_FEWEST, _CODE_SHARE * (text.count("\n") + 1)) and 2 * formal >= len(found)


class Scopes:
    """Which definitions enclose a place: those above it that are less and less indented.

    Places are asked in ascending order.
    """

    def __init__(self, text: str, found: Sequence[Definition]) -> None:
        self._text = text
        self._left = list(reversed(found))
        self._open: list[Definition] = []

    def around(self, place: int) -> list[str]:
        """The lines of the definitions around a place, outermost first, at most the four innermost."""
        while self._left and self._left[-1].start < place:
            one = self._left.pop()
            while self._open and self._open[-1].indent >= one.indent:
                self._open.pop()
            self._open.append(one)
        indent = self._indent(place)
        return [one.line for one in self._open if one.indent < indent][-_MOST_SCOPES:]

    def _indent(self, place: int) -> int:
        """Of the first line from a place on that has anything in it."""
        start = self._text.rfind("\n", max(0, place - _LINE_CHARACTERS), place) + 1 or place
        while start < len(self._text):
            line = _line_at(self._text, start)
            if line.strip():
                return _indent(line)
            end = self._text.find("\n", start)
            if end < 0:
                break
            start = end + 1
        return 0


def names_between(found: Sequence[Definition], start: int, end: int) -> list[str]:
    """What is defined in a stretch, each name once."""
    first, last = (bisect_left(found, place, key=lambda one: one.start) for place in (start, end))
    return list(dict.fromkeys(name for one in found[first:last] for name in one.names))


def _found(text: str) -> Iterator[Definition]:
    start = 0
    for line in text.split("\n"):
        if 0 < len(line) <= _LINE_CHARACTERS and not _COMMENT.match(line) and (names := _names(line)):
            yield Definition(start, _indent(line), line.strip().rstrip("{:;( "), names)
        start += len(line) + 1


def _names(line: str) -> tuple[str, ...]:
    named = [*_KEYWORD.findall(line), *_FOR.findall(line)]
    if not named and line.rstrip().endswith(_OPENS) and not _STATEMENT.match(line):
        called = _CALLED.match(line)
        named = [called[1]] if called else []
    # `Harbour::admit` is also known by its own name, and by that of what it belongs to.
    parts = (part for name in named for part in (name, *re.split(r"::|\.", name)))
    return tuple(dict.fromkeys(part for part in parts if len(part) > 1))


def _line_at(text: str, start: int) -> str:
    """The line that begins at a place, cut where it is too long to matter."""
    return text[start : start + _LINE_CHARACTERS].split("\n", 1)[0].rstrip()


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
