"""Reading a regular expression in RE2's syntax, so that it can also be used on text that is still arriving.

Two things are made of an expression R:

- a bounded form, in which a repetition without an end stops at `MOST_REPEATS`, so that no match is longer than a
  number of characters that is known;
- an expression of its beginnings: it matches every text that is a proper beginning of something that R matches, or
  all of it where a condition on what follows is open. While such a text stands at the end of what has arrived, nothing
  can be said about it yet. (The set of the beginnings of a regular language is regular: Hopcroft, Motwani and Ullman,
  Introduction to Automata Theory, 3rd ed., exercise 4.2.6.) It does not count large repetitions, which would need
  large automata, and so matches a little more than the beginnings: that only makes a text wait longer, never wrong.
"""

import re
from dataclasses import dataclass, replace

from .._errors import PatternInvalidError

MOST_REPEATS = 64
"""How often `*`, `+` and `{3,}` repeat at most."""
MOST_CHARACTERS = 4096
"""Length of the longest match that a pattern may have."""
MOST_SOURCE = 20_000
_MOST_COUNTED = 40
"""Length in characters from which a repetition is not counted in the expression of the beginnings."""
_MOST_COUNT = 1000
"""The largest number that RE2 takes in braces."""
_DEEPEST = 20

_FLAGS = re.compile(r"\(\?([ims]+)\)")
_GROUP = re.compile(r"\((?:\?(?:P?<[A-Za-z_][A-Za-z0-9_]*>|([ims]*):))?")
_COUNT = re.compile(r"\{([0-9]{1,4})(?:(,)([0-9]{0,4}))?\}")
_CLASS = re.compile(r"\[\^?\]?(?:\[:\^?[a-z]+:\]|\\x\{[0-9A-Fa-f]{1,6}\}|\\[pP]\{\^?\w+\}|\\[^Q]|[^\]\\])*\]")
_ESCAPE = re.compile(
    r"\\(?:[dDwWsS]|[pP](?:\{\^?\w+\}|[A-Z])|x[0-9A-Fa-f]{2}|x\{[0-9A-Fa-f]{1,6}\}|[afnrtv]|[^A-Za-z0-9])", re.DOTALL
)
_ASSERTION = re.compile(r"\\[bBAz]|\^|\$")
_OF_TEXT = ("\\A", "\\z")
_OF_TEXT_OR_LINE = (*_OF_TEXT, "^", "$")


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression and what follows from it; all sources can stand inside larger ones."""

    source: str
    wider: str
    """The same without large counts: matches all that `source` matches, and more."""
    beginnings: str | None
    """None where there are none: for what matches only the empty text."""
    shortest: int
    longest: int
    sees_edges: bool = False
    """Whether it asks where the text begins or ends; where a line does is another question."""


_NOTHING = Expression("", "", None, 0, 0)


def read_expression(source: str) -> Expression:
    """Read an expression. Raises PatternInvalidError for what is wrong in it, or cannot be used on arriving text."""
    if len(source) > MOST_SOURCE:
        raise PatternInvalidError(source, f"it is longer than {MOST_SOURCE} characters")
    flags = _FLAGS.match(source)
    reader = _Reader(source, flags.end() if flags else 0, by_line=flags is not None and "m" in flags[1])
    read = reader.alternatives(0)
    if reader.at < len(source):
        raise PatternInvalidError(source, "a `)` closes nothing")
    if flags:
        read = _wrapped(read, f"(?{flags[1]}:")
    if not read.shortest:
        raise PatternInvalidError(source, "it matches the empty text", hint="let it need at least one character")
    if read.longest > MOST_CHARACTERS:
        raise PatternInvalidError(
            source,
            f"a match could have {read.longest} characters, and {MOST_CHARACTERS} are allowed",
            hint="write smaller numbers into its repetitions",
        )
    return replace(read, sees_edges=reader.sees_edges)


def followed_by(read: Expression, characters: int) -> Expression:
    """The expression with so many characters of any kind behind it, or the end of the text."""
    if not characters:
        return read
    rest = f"(?s:.{{0,{characters - 1}}})"
    return replace(read, beginnings=f"(?:{read.beginnings}|{read.wider}{rest})", longest=read.longest + characters)


class _Reader:
    """Reads from left to right; each method begins at `at` and leaves it behind what it has read."""

    def __init__(self, source: str, at: int, *, by_line: bool = False) -> None:
        self._source = source
        self._edges = _OF_TEXT if by_line else _OF_TEXT_OR_LINE
        self.at = at
        self.sees_edges = False

    def alternatives(self, depth: int) -> Expression:
        if depth > _DEEPEST:
            raise PatternInvalidError(self._source, "its groups stand too deep in each other")
        found = [self._sequence(depth)]
        while self._peek() == "|":
            self.at += 1
            found.append(self._sequence(depth))
        if len(found) == 1:
            return found[0]
        beginnings = [one.beginnings for one in found if one.beginnings is not None]
        return Expression(
            f"(?:{'|'.join(one.source for one in found)})",
            f"(?:{'|'.join(one.wider for one in found)})",
            f"(?:{'|'.join(beginnings)})" if beginnings else None,
            min(one.shortest for one in found),
            max(one.longest for one in found),
        )

    def _sequence(self, depth: int) -> Expression:
        items: list[Expression] = []
        while self._peek() not in {"", "|", ")"}:
            items.append(self._repeated(depth))
        read = _NOTHING
        for item in reversed(items):
            read = _joined(item, read)
        return read

    def _repeated(self, depth: int) -> Expression:
        item = self._item(depth)
        least, most = self._count()
        if (least, most) == (1, 1):
            return item
        lazy = "?" if self._peek() == "?" else ""
        self.at += len(lazy)
        if self._peek() in {"*", "+", "?"}:
            raise PatternInvalidError(self._source, "a repetition is repeated", hint="put the first one into `(?:…)`")
        counted = item.longest * most <= _MOST_COUNTED
        upto = str(most) if counted else ""
        again = f"{item.wider}{{0,{most - 1 if counted else ''}}}" if most > 1 else ""
        return Expression(
            f"(?:{item.source}{{{least},{most}}}{lazy})",
            f"(?:{item.wider}{{{least if counted else min(least, 1)},{upto}}})",
            None if item.beginnings is None or not most else f"(?:{again}{item.beginnings})",
            item.shortest * least,
            item.longest * most,
        )

    def _count(self) -> tuple[int, int]:
        sign = self._peek()
        bounds = {"*": (0, MOST_REPEATS), "+": (1, MOST_REPEATS), "?": (0, 1)}.get(sign)
        if bounds is not None:
            self.at += 1
            return bounds
        match = _COUNT.match(self._source, self.at) if sign == "{" else None
        if match is None:
            return 1, 1
        self.at = match.end()
        least = int(match[1])
        most = least if not match[2] else int(match[3]) if match[3] else max(least, MOST_REPEATS)
        if least > most or most > _MOST_COUNT:
            raise PatternInvalidError(self._source, f"it cannot repeat something `{match[0]}` times")
        return least, most

    def _item(self, depth: int) -> Expression:
        sign = self._peek()
        if sign == "(":
            return self._group(depth)
        if match := _ASSERTION.match(self._source, self.at):
            self.at = match.end()
            self.sees_edges = self.sees_edges or match[0] in self._edges
            return Expression(match[0], match[0], "", 0, 0)
        if sign == "[":
            return self._one(_CLASS.match(self._source, self.at), "a `[` is not closed")
        if sign == "\\":
            escape = self._source[self.at : self.at + 2]
            return self._one(_ESCAPE.match(self._source, self.at), f"`{escape}` cannot stand in it")
        if sign in {"*", "+", "?"}:
            raise PatternInvalidError(self._source, f"there is nothing that `{sign}` could repeat")
        self.at += 1
        # A brace that counts nothing stands for itself.
        source = "\\" + sign if sign in "{}]" else sign
        return Expression(source, source, "", 1, 1)

    def _one(self, match: "re.Match[str] | None", reason: str) -> Expression:
        if match is None:
            raise PatternInvalidError(self._source, reason, hint="write it in RE2's syntax")
        self.at = match.end()
        return Expression(match[0], match[0], "", 1, 1)

    def _group(self, depth: int) -> Expression:
        match = _GROUP.match(self._source, self.at)
        if match is None or (self._source.startswith("(?", self.at) and match.end() == self.at + 1):
            raise PatternInvalidError(
                self._source,
                f"a group that begins with `{self._source[self.at : self.at + 4]}` cannot stand here",
                hint="flags stand in front of everything, as in (?i); nothing can look ahead or behind, or back",
            )
        self.at = match.end()
        inner = self.alternatives(depth + 1)
        if self._peek() != ")":
            raise PatternInvalidError(self._source, "a `(` is not closed")
        self.at += 1
        return _wrapped(inner, f"(?{match[1] or ''}:")

    def _peek(self) -> str:
        return self._source[self.at : self.at + 1]


def _wrapped(inner: Expression, opening: str) -> Expression:
    beginnings = None if inner.beginnings is None else f"{opening}{inner.beginnings})"
    source, wider = f"{opening}{inner.source})", f"{opening}{inner.wider})"
    return replace(inner, source=source, wider=wider, beginnings=beginnings)


def _joined(first: Expression, rest: Expression) -> Expression:
    """One after the other; the beginnings are those of the first, or all of the first and a beginning of the rest."""
    later = None if rest.beginnings is None else f"{first.wider}{rest.beginnings}"
    found = [text for text in (first.beginnings, later) if text is not None]
    return Expression(
        first.source + rest.source,
        first.wider + rest.wider,
        f"(?:{'|'.join(found)})" if found else None,
        first.shortest + rest.shortest,
        first.longest + rest.longest,
    )
