"""A check of data: does a passage or the result of a tool hold an instruction that does not belong into data.

The text is cut into sentences and lines. Of each is known what the model says of it, and how it stands in the text:
on a line of its own, of other words than the rest, a sentence in a table. Neighbours that are likely are one finding.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .._types import NO_CONTEXT, Context, Found
from ..patterns import Normal, PatternCheck, normalise
from ._views import origin, views
from ._weights import DIRECT, HEADS, INSTRUCTION, Weights, load_weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..ngrams import NgramModel

KIND: Final = "instruction"
ENCODED: Final = "encoded"
# A part ends with its line or with the full stop of a sentence; without either, after some characters.
_END: Final = re.compile(r"\n|[.!?:;][\"')\]]*(?=[ \t\n]|$)")
_LONGEST: Final = 400
_FEWEST_WORDS: Final = 2
_FENCE: Final = "```"
_WORD_SHARE: Final = 0.5
_MANY_BARS: Final = 3
_SHORT: Final = 3


@dataclass(frozen=True, slots=True)
class Parts:
    """The sentences and lines of a text, and the facts of each."""

    spans: Sequence[tuple[int, int]]
    """Characters in normal form."""
    names: tuple[str, ...]
    facts: "NDArray[np.float64]"
    """Shape (parts, names)."""


FACTS: Final = (
    *("instruction", "direct", "instruction_above", "strange", "own_line", "first", "last", "in_table", "asks"),
    *("before_code", "in_code", "words", "pattern"),
)
"""Of a part.

instruction, direct  what the heads say of it
instruction_above    how much more than of the whole text
strange              share of its words that stand nowhere else in the text
own_line             whether nothing else stands on its line; first, last: whether it is the first or last of the text
in_table             whether it has no bars although most of the text has
asks                 whether it ends with a question mark
before_code, in_code whether a block of code follows it; whether it stands in one
words                ln(1 + number of words); pattern: the score of the surest pattern of attacks in it
"""


def parted(text: str, model: "NgramModel", hits: Sequence[Found] = ()) -> Parts:
    """The parts of a text in normal form; those with fewer than two words are left out."""
    import numpy as np

    reading = model.read(text)
    spans = [(start, end) for start, end in _spans(text)]
    starts, _ = reading.spans
    firsts = np.searchsorted(starts, [start for start, _ in spans])
    lasts = np.searchsorted(starts, [end for _, end in spans])
    kept = np.flatnonzero(lasts - firsts >= _FEWEST_WORDS)
    spans = [spans[place] for place in kept]
    firsts, lasts = firsts[kept], lasts[kept]
    if not spans:
        return Parts([], FACTS, np.zeros((0, len(FACTS))))
    scores, whole = reading.between(firsts, lasts), reading.scores()
    instruction, direct = scores[:, HEADS.index(INSTRUCTION)], scores[:, HEADS.index(DIRECT)]
    _, inverse, counts = np.unique(reading.keys, return_inverse=True, return_counts=True)
    alone = np.concatenate([[0], np.cumsum(counts[inverse] == 1)])
    lines = _lines(text, spans)
    columns = (
        instruction,
        direct,
        instruction - whole[HEADS.index(INSTRUCTION)],
        (alone[lasts] - alone[firsts]) / (lasts - firsts),
        lines[:, 0],
        np.arange(len(spans)) == 0,
        np.arange(len(spans)) == len(spans) - 1,
        lines[:, 1],
        lines[:, 2],
        lines[:, 3],
        lines[:, 4],
        np.log1p(lasts - firsts),
        _matched(spans, hits),
    )
    return Parts(spans, FACTS, np.column_stack(columns).astype(np.float64))


def _spans(text: str) -> list[tuple[int, int]]:
    """First and last character of each part; a long one in pieces."""
    found, start = [], 0
    for end in (*(match.end() for match in _END.finditer(text)), len(text)):
        while end - start > _LONGEST:
            found.append((start, start + _LONGEST))
            start += _LONGEST
        if end > start:
            found.append((start, end))
            start = end
    return found


def _lines(text: str, spans: Sequence[tuple[int, int]]) -> "NDArray[np.float64]":
    """Of each part: on a line of its own, a sentence in a table, a question, before code, in code."""
    import numpy as np

    table = text.count("|") > _MANY_BARS * (1 + text.count("\n"))
    rows, within = [], False
    for start, end in spans:
        said = text[start:end]
        stripped = said.strip()
        own = (start == 0 or text[start - 1] == "\n") and (
            end == len(text) or text[end - 1] == "\n" or text[end] == "\n"
        )
        follows = text[end : end + 8].lstrip().startswith(_FENCE)
        rows.append((own, table and "|" not in said, stripped.endswith("?"), follows and not within, within))
        if said.count(_FENCE) % 2:
            within = not within
    return np.array(rows, np.float64)


def _matched(spans: Sequence[tuple[int, int]], hits: Sequence[Found]) -> "NDArray[np.float64]":
    import numpy as np

    found = np.zeros(len(spans))
    starts = [start for start, _ in spans]
    for hit in hits:
        first = max(0, int(np.searchsorted(starts, hit.start, side="right")) - 1)
        found[first] = max(found[first], hit.score)
    return found


class IndirectCheck:
    """Looks for instructions in data. The score is a probability for a sentence.

    Reads its weights when it is first asked. Immutable, and safe to use from several threads.
    """

    by_sentence = False

    def __init__(self, patterns: PatternCheck, *, least: float) -> None:
        self.name = "indirect_injection"
        self.kinds = (KIND, ENCODED)
        self._patterns, self._least = patterns, least

    @property
    def version(self) -> str:
        """Of the patterns and of the weights."""
        return f"{self._patterns.version}-{load_weights().version}"

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:  # noqa: ARG002  # data speaks for itself
        """What it finds with a score of at least `least`, in the order of the text. Raises NgramsFileError."""
        weights = load_weights()
        normal = normalise(text)
        found = self._of_text(normal, weights)
        for view in views(text, normal):
            score = max(
                (score for _, _, score in judged(normalise(view.text).text, weights, self._patterns)), default=0
            )
            if score >= self._least:
                found.append(Found(view.start, view.end, ENCODED, score, "says this in an encoding or in disguise"))
        return sorted(found, key=lambda one: (one.start, one.end))

    def score(self, text: str) -> float:
        """How much speaks for an instruction somewhere in a text, 0 to 1, however little."""
        weights = load_weights()
        normal = normalise(text)
        texts = [normal.text, *(normalise(view.text).text for view in views(text, normal))]
        return max((score for one in texts for *_, score in judged(one, weights, self._patterns)), default=0.0)

    def _of_text(self, normal: Normal, weights: Weights) -> list[Found]:
        likely = [one for one in judged(normal.text, weights, self._patterns) if one[2] >= self._least]
        found = []
        for start, end, score in joined(normal.text, likely):
            first, last = origin(normal, start), origin(normal, end - 1) + 1
            found.append(Found(first, last, KIND, score, "an instruction, in a place for data"))
        return found


def judged(text: str, weights: Weights, patterns: PatternCheck) -> list[tuple[int, int, float]]:
    """The parts of a text in normal form, and how likely each is an instruction."""
    parts = parted(text, weights.model, patterns.find(text))
    scores = weights.calibrations[INSTRUCTION].scores(parts.names, parts.facts)
    return [(start, end, score) for (start, end), score in zip(parts.spans, scores, strict=True)]


def joined(text: str, likely: Sequence[tuple[int, int, float]]) -> list[tuple[int, int, float]]:
    """Neighbours as one, without space around; with the block of code that follows."""
    found: list[tuple[int, int, float]] = []
    for start, last, score in likely:
        end = _code_end(text, last)
        if found and not text[found[-1][1] : start].strip():
            found[-1] = (found[-1][0], max(found[-1][1], end), max(found[-1][2], score))
        else:
            found.append((start, end, score))
    return [_stripped(text, *one) for one in found]


def _code_end(text: str, end: int) -> int:
    """Where the block of code ends that follows, or `end` where none does."""
    fence = text.find(_FENCE, end, end + 8)
    if fence < 0 or text[end:fence].strip():
        return end
    close = text.find(_FENCE, fence + len(_FENCE))
    return end if close < 0 else close + len(_FENCE)


def _stripped(text: str, start: int, end: int, score: float) -> tuple[int, int, float]:
    said = text[start:end]
    return start + len(said) - len(said.lstrip()), end - len(said) + len(said.rstrip()), score
