"""Checks of what a person wrote: does it try to take over, or to free the model from its limits."""

from collections.abc import Sequence
from typing import Final

from .._types import NO_CONTEXT, Context, Found
from ._facts import NARROW, Known, Told, patterns, told
from ._views import origin
from ._weights import HEADS, load_weights

ENCODED: Final = "encoded"


class AttackCheck:
    """Patterns and a model together: the more speaks for an attack, the higher the score of what was found.

    The score is a probability. A finding stands where a pattern matched; where none did, at the stretch that the model
    finds worst. Text in an encoding or in disguise is looked at once more as what it says.
    Reads its weights when it is first asked. Immutable, and safe to use from several threads.
    """

    by_sentence = True

    def __init__(self, name: str, *, head: str, kind: str, least: float, kinds: tuple[str, ...]) -> None:
        self.name = name
        self.kinds = kinds
        self._head, self._kind, self._least = head, kind, least

    @property
    def version(self) -> str:
        """Of the patterns and of the weights."""
        return f"{patterns().version}-{load_weights().version}"

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:  # noqa: ARG002  # the text says it
        """What it finds with a score of at least `least`, in the order of the text. Raises NgramsFileError."""
        all_of_it = told(text)
        found = self._of_text(all_of_it)
        for view, known in all_of_it.views:
            score = self._score(known)
            if score >= self._least:
                found.append(Found(view.start, view.end, ENCODED, score, "says this in an encoding or in disguise"))
        return sorted((one for one in found if one.kind in self.kinds), key=lambda one: (one.start, one.end))

    def score(self, text: str) -> float:
        """How much speaks for an attack, 0 to 1, however little."""
        all_of_it = told(text)
        return max(self._score(one) for one in (all_of_it.known, *(known for _, known in all_of_it.views)))

    def _of_text(self, all_of_it: Told) -> list[Found]:
        known, normal = all_of_it.known, all_of_it.normal
        score = self._score(known)
        if score < self._least or not known.reading.count:
            return []
        hits = [hit for hit in known.hits if hit.kind in self.kinds]
        if hits:
            return [Found(hit.start, hit.end, hit.kind, score, "worded like an attack") for hit in hits]
        start, end = self._worst(known)
        return [Found(origin(normal, start), origin(normal, end - 1) + 1, self._kind, score, "reads like an attack")]

    def _score(self, known: Known) -> float:
        return load_weights().calibrations[self._head].score(known.facts)

    def _worst(self, known: Known) -> tuple[int, int]:
        """The stretch of a text that the model finds worst, in characters of its normal form."""
        windows = known.reading.windows(*NARROW)
        best = int(windows.scores[:, HEADS.index(self._head)].argmax())
        starts, ends = known.reading.spans
        return int(starts[windows.firsts[best]]), int(ends[windows.lasts[best] - 1])
