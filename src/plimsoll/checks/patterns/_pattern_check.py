"""A check that is made of patterns."""

from collections.abc import Iterable, Sequence

from plimsoll.kernel.digest import Json, digest_json, hex_part

from .._errors import ScanFailedError
from .._types import NO_CONTEXT, Context, Found
from ._hits import FAILED, Hit
from ._scanner import Scanner
from ._types import Pattern

_VERSION_LENGTH = 8


class PatternCheck:
    """A check whose findings are matches of patterns; of matches that overlap the surest counts, then the longest.

    Immutable, and safe to use from several threads. Raises PatternInvalidError.
    """

    def __init__(self, name: str, patterns: Iterable[Pattern]) -> None:
        self.name = name
        self.patterns = tuple(patterns)
        self.kinds = tuple(dict.fromkeys(pattern.kind for pattern in self.patterns))
        self._scanner = Scanner(self.patterns)
        said: Json = [[one.kind, one.source, one.score, one.after] for one in self.patterns]
        self.version = hex_part(digest_json(said))[:_VERSION_LENGTH]

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:  # noqa: ARG002  # patterns need none
        """What it finds in a whole text, in the order of the text; nothing overlaps. Raises ScanFailedError."""
        hits = self._scanner.whole(text)
        if any(hit.score == FAILED for hit in hits):
            raise ScanFailedError
        if len(hits) > 1:
            hits = list(apart(hits))
        return [Found(hit.start, hit.end, self.patterns[hit.pattern].kind, hit.score) for hit in hits]


def apart(hits: Iterable[Hit]) -> Iterable[Hit]:
    """Of hits in the order of the text, the best one of each group that hangs together."""
    best: Hit | None = None
    end = 0
    for hit in hits:
        if best is not None and hit.start >= end:
            yield best
            best = None
        best = hit if best is None else max(best, hit, key=_rank)
        end = max(end, hit.end)
    if best is not None:
        yield best


def _rank(hit: Hit) -> tuple[float, int, int]:
    """Surest first, then longest, then in the order of the patterns."""
    return hit.score, hit.end - hit.start, -hit.pattern
