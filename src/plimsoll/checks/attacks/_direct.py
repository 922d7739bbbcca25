"""Checks of what a person wrote: does it try to take over, or to free the model from its limits."""

from collections.abc import Sequence
from typing import Final

from .._types import NO_CONTEXT, Context, Found
from ..patterns import Normal, PatternCheck, normalise
from ._facts import NARROW, Known, known
from ._views import origin, views
from ._weights import HEADS, Weights, load_weights

ENCODED: Final = "encoded"


class AttackCheck:
    """Patterns and a model together: the more speaks for an attack, the higher the score of what was found.

    The score is a probability. A finding stands where a pattern matched; where none did, at the stretch that the model
    finds worst. Text in an encoding or in disguise is looked at once more as what it says.
    Reads its weights when it is first asked. Immutable, and safe to use from several threads.
    """

    by_sentence = True

    def __init__(
        self, name: str, patterns: PatternCheck, *, head: str, kind: str, least: float, kinds: tuple[str, ...] = ()
    ) -> None:
        self.name = name
        own = (*dict.fromkeys((*patterns.kinds, kind, ENCODED)),)
        self.kinds = kinds or own
        self._patterns, self._head, self._kind, self._least = patterns, head, kind, least

    @property
    def version(self) -> str:
        """Of the patterns and of the weights."""
        return f"{self._patterns.version}-{load_weights().version}"

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:  # noqa: ARG002  # the text says it
        """What it finds with a score of at least `least`, in the order of the text. Raises NgramsFileError."""
        weights = load_weights()
        normal = normalise(text)
        if not normal.text.strip():
            return []
        found = self._of_text(text, normal, weights)
        for view in views(text, normal):
            score = self._score(known(view.text, weights.model, self._patterns), weights)
            if score >= self._least:
                found.append(Found(view.start, view.end, ENCODED, score, "says this in an encoding or in disguise"))
        return sorted((one for one in found if one.kind in self.kinds), key=lambda one: (one.start, one.end))

    def score(self, text: str) -> float:
        """How much speaks for an attack, 0 to 1, however little."""
        weights = load_weights()
        normal = normalise(text)
        texts = [normal.text, *(view.text for view in views(text, normal))]
        return max(self._score(known(one, weights.model, self._patterns), weights) for one in texts)

    def _of_text(self, text: str, normal: Normal, weights: Weights) -> list[Found]:
        told = known(text, weights.model, self._patterns)
        score = self._score(told, weights)
        if score < self._least:
            return []
        if told.hits:
            return [Found(hit.start, hit.end, hit.kind, score, "worded like an attack") for hit in told.hits]
        start, end = self._worst(told)
        return [Found(origin(normal, start), origin(normal, end - 1) + 1, self._kind, score, "reads like an attack")]

    def _score(self, told: Known, weights: Weights) -> float:
        return weights.calibrations[self._head].score(told.facts)

    def _worst(self, told: Known) -> tuple[int, int]:
        """The stretch of a text that the model finds worst, in characters of its normal form."""
        windows = told.reading.windows(*NARROW)
        best = int(windows.scores[:, HEADS.index(self._head)].argmax())
        return int(windows.starts[best]), int(windows.ends[best])
