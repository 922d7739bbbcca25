"""Looking for many patterns at once, in a whole text or in one that is still arriving, with the same result.

All patterns together are one automaton (a `Set` of RE2) that says in one pass which of them match at all; only those
are then searched for their places. A second automaton says, for a text that is still arriving, where the first place is
from which more text could still change something.

Why pieces make no difference. Let R be a pattern (with the characters that its judge wants to see behind it) and `d`
the first place from which the text up to its present end is a beginning of R. A match of R in the complete text that
begins before `d` has ended already: if it had not, the text from its first character to the present end would be a
beginning of R, and `d` would not be the first. The same holds for a later `d` that lies as far back from the end as the
longest match can reach. So everything that begins before `d` is decided, and nothing that
comes later changes it. The next search goes on from there, with enough text in front for conditions on what stands
before.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .._errors import PatternInvalidError, ScanFailedError
from ._hits import Hit, judged
from ._normal import normalise
from ._syntax import followed_by, read_expression
from ._types import BEFORE, Pattern
from ._whole import hits_in_ascii

if TYPE_CHECKING:
    import re2  # type: ignore[import-untyped]  # it brings no types

_MEMORY_BYTES = 64 << 20
_BYTES_A_CHARACTER = 4
_CONTEXT_BYTES = (BEFORE + 1) * _BYTES_A_CHARACTER
_TRIM_BYTES = 2048
_CONTINUATION, _CONTINUATION_MASK = 0x80, 0xC0


class Scanner:
    """Patterns, compiled. Immutable, and safe to use from several threads.

    `longest` is the length in characters of the longest text that can be held back. Several patterns may have the same
    expression, a source, and different judges: `searches` has one entry for each source, and `owners` the patterns that
    it belongs to. Raises PatternInvalidError.
    """

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        import re2

        self.patterns = tuple(patterns)
        read = [followed_by(read_expression(one.source), one.after) for one in self.patterns]
        self.longest = max((one.longest for one in read), default=0) + 1
        self._sees_edges = any(one.sees_edges for one in read)
        options = re2.Options()
        options.max_mem = _MEMORY_BYTES
        options.log_errors = False
        sources = list(dict.fromkeys(one.source for one in read))
        self.searches = [_search(_compiled(source, options)) for source in sources]
        self._source_of = [sources.index(one.source) for one in read]
        self.owners = [[n for n, one in enumerate(self._source_of) if one == number] for number in range(len(sources))]
        beginnings = "|".join(str(one.beginnings) for one in read)
        self._open = _compiled(f"(?:{beginnings})\\z", options) if read else None
        self._together = re2.Set.SearchSet(options)
        for source in sources:
            self._together.Add(source)
        # Matches every text: an answer without it is no answer, such as one for which the automaton had no memory.
        self._always: int = self._together.Add("")
        self._together.Compile()
        self.matching(b"")

    def whole(self, text: str) -> list[Hit]:
        """Everything in a text, in its order. Raises ScanFailedError."""
        return hits_in_ascii(self, text) if text.isascii() else Scan(self).feed(text, last=True)

    def is_clean(self, text: str) -> bool:
        """Whether it is sure at once that nothing is in a text; False where a closer look is needed."""
        return text.isascii() and self._together.Match(text.encode()) == [self._always]

    def are_clean(self, texts: Sequence[str]) -> bool:
        """Whether it is sure at once that nothing is in any of these texts; False where a closer look is needed.

        They are looked at as one text of several lines. What is found in one of them is found there too: a pattern sees
        what stands next to a match only by whether it belongs to a word or ends a line, and in both a line break is the
        same as the end of a text. Where a pattern asks for the ends of the text themselves, nothing is sure.
        """
        return not self._sees_edges and self.is_clean("\n".join(texts))

    def matching(self, data: bytes) -> list[int]:
        """The patterns that match somewhere. Raises ScanFailedError when the engine gives no answer."""
        return [pattern for source in self.sources_in(data) for pattern in self.owners[source]]

    def sources_in(self, data: bytes) -> list[int]:
        """The sources that match somewhere. Raises ScanFailedError when the engine gives no answer."""
        found: list[int] = self._together.Match(data)
        if self._always not in found:
            raise ScanFailedError
        found.remove(self._always)
        return found

    def open_from(self, data: bytes) -> int:
        """The first byte from which more text could still make or change a match.

        It never lies further back than the longest match reaches, with one character for a condition behind it.
        """
        found = self._open.search(data) if self._open is not None else None
        start = found.start() if found is not None else len(data)
        furthest = len(data) - self.longest
        if start < furthest and not data[furthest:].isascii():
            furthest = len(data) - _BYTES_A_CHARACTER * self.longest
        return start if start >= furthest else _next_character(data, furthest)

    def search(self, pattern: int, data: bytes, at: int) -> tuple[int, int] | None:
        """The first match of one pattern from a byte on, as bytes."""
        found = self.searches[self._source_of[pattern]](data, at, len(data))
        return None if found[0] < 0 else found


class Scan:
    """One text, while it arrives.

    `decided` is the character of the text (as given) from which on something can still be found: all findings that
    begin before it were told. Belongs to one thread.
    """

    __slots__ = ("_base", "_data", "_done", "_given", "_next", "_origins", "_scanner", "decided")

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self.decided = 0
        self._given = 0
        # The end of the text in normal form, in UTF-8; `_done` of its bytes are decided, `_base` were cut off in front.
        self._data = b""
        self._done = 0
        self._base = 0
        # Where each undecided character in normal form stood; None where they stand in a row from `decided`.
        self._origins: list[int] | None = None
        # For patterns that matched: the byte, counted from the beginning of the text, from which they go on.
        self._next: dict[int, int] = {}

    def feed(self, text: str, *, last: bool = False) -> list[Hit]:
        """Take the next piece; returns what is found and can no longer change, in order. Raises ScanFailedError.

        With the `last` piece everything is decided.
        """
        if last and not self._given and text.isascii():
            self._given = self.decided = len(text)
            return hits_in_ascii(self._scanner, text)
        normal, origins = normalise(text)
        if origins is not None or self._origins is not None:
            self._remember(len(normal), origins)
        self._given += len(text)
        self._data = data = self._data + normal.encode() if self._data else normal.encode()
        # Nothing before `_done` can change any more; what stands directly in front is there for conditions on it.
        context = max(0, self._done - _BYTES_A_CHARACTER)
        recent = data[context:] if context else data
        upto = len(data) if last else max(self._done, context + self._scanner.open_from(recent))
        hits: list[Hit] = []
        if upto > self._done:
            patterns = self._scanner.matching(recent)
            if patterns:
                hits = sorted(hit for pattern in patterns for hit in self._hits_of(pattern, data, upto))
        self._move_on(data, upto)
        return hits

    def _remember(self, length: int, origins: list[int] | None) -> None:
        if self._origins is None:
            self._origins = list(range(self.decided, self._given))
        self._origins.extend(self._given + origin for origin in (range(length) if origins is None else origins))

    def _hits_of(self, pattern: int, data: bytes, upto: int) -> Iterator[Hit]:
        """Matches of one pattern that begin before `upto`; after a refused one from its next character on."""
        one = self._scanner.patterns[pattern]
        at = max(self._done, self._next.get(pattern, 0) - self._base)
        known, characters = self._done, 0
        while at < upto and (span := self._scanner.search(pattern, data, at)) is not None and span[0] < upto:
            start, end = span
            score = one.score
            if one.judge is not None or one.cut is not None:
                score, end = _judged_bytes(one, data, start, end)
            if score:
                first = characters + _characters(data[known:start])
                known, characters = end, first + _characters(data[start:end])
                yield Hit(self._origin(first), self._origin(characters - 1) + 1, pattern, score)
                at = end
            else:
                at = _next_character(data, start)
        self._next[pattern] = at + self._base

    def _origin(self, character: int) -> int:
        """Where an undecided character in normal form stood in the text as given."""
        return self.decided + character if self._origins is None else self._origins[character]

    def _move_on(self, data: bytes, upto: int) -> None:
        characters = _characters(data[self._done : upto])
        self._done = upto
        if self._origins is None:
            self.decided += characters
        else:
            self._origins = self._origins[characters:]
            self.decided = self._origins[0] if self._origins else self._given
            if len(self._origins) == self._given - self.decided:
                self._origins = None
        cut = upto - _CONTEXT_BYTES
        if cut > _TRIM_BYTES:
            cut = _next_character(data, cut)
            self._data = data[cut:]
            self._base += cut
            self._done -= cut


def _compiled(source: str, options: "re2.Options") -> "re2._Regexp":
    import re2

    try:
        # Bytes, so that places are bytes; characters are counted only where something is found.
        return re2.compile(source.encode(), options)
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0] if error.args else ""
        text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise PatternInvalidError(source, text or "RE2 does not take it") from error


def _search(compiled: "re2._Regexp") -> Callable[[bytes, int, int], tuple[int, int]]:
    """How to ask for the first match between two places of bytes; (-1, -1) where there is none.

    The object of a match costs more than looking for it, so the engine itself is asked where it can be reached.
    """
    import re2

    match: Any = getattr(getattr(compiled, "_regexp", None), "Match", None)
    unanchored: Any = getattr(getattr(re2, "_Anchor", None), "UNANCHORED", None)
    if match is not None and unanchored is not None:
        return lambda data, at, to: match(unanchored, data, at, to)[0]

    def search(data: bytes, at: int, to: int) -> tuple[int, int]:
        found = compiled.search(data, at, to)
        return (-1, -1) if found is None else found.span()

    return search


def _judged_bytes(one: Pattern, data: bytes, start: int, end: int) -> tuple[float, int]:
    """How sure a match is, and where it ends."""
    match = data[start:end].decode()
    before = data[max(0, start - BEFORE * _BYTES_A_CHARACTER) : start].decode(errors="ignore")[-BEFORE:]
    behind = data[end : end + one.after * _BYTES_A_CHARACTER].decode(errors="ignore")
    score, length = judged(one, match, before, behind)
    return score, end if length == len(match) else start + len(match[:length].encode())


def _characters(data: bytes) -> int:
    return len(data) if data.isascii() else len(data.decode())


def _next_character(data: bytes, at: int) -> int:
    at += 1
    while at < len(data) and data[at] & _CONTINUATION_MASK == _CONTINUATION:
        at += 1
    return at
