"""What is known of a text before it is judged: what the model says of it, and which patterns match."""

import math
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from .._latest import Latest
from .._types import Found
from ..detectors import injection as patterns_of
from ..patterns import Normal, PatternCheck, normalise
from ._views import View, views
from ._weights import HEADS, load_weights

if TYPE_CHECKING:
    from ..ngrams import NgramModel, Reading

WIDE: Final = (60, 20)
NARROW: Final = (20, 10)
"""Stretches that are looked at by themselves: so many words, one every so many words."""
_STRETCHES: Final = tuple(tuple(f"{head}_{name}" for head in HEADS) for name in ("wide", "narrow", "part"))


class Known(NamedTuple):
    """What is known of a text."""

    facts: dict[str, float]
    """By name: `HEAD` what a head says of the whole, `HEAD_wide`, `HEAD_narrow` and `HEAD_part` how much more it says
    of the worst stretch and of the worst sentence or line, `length` ln(words / 20) of texts with more, `pattern_KIND`
    the score of the surest pattern of a kind."""
    hits: Sequence[Found]
    """Matches of patterns."""
    reading: "Reading"


class Told(NamedTuple):
    """Everything that is asked of a text, whatever it is asked for."""

    normal: Normal
    known: Known
    views: Sequence[tuple[View, Known]]
    """The same of what it says in disguise."""


def known(text: str, model: "NgramModel", patterns: PatternCheck) -> Known:
    """What is known of a text."""
    return _known(text, normalise(text), model, patterns)


@cache
def patterns() -> PatternCheck:
    """All patterns of attacks."""
    return patterns_of(())


_told: "Latest[Told]" = Latest()


def told(text: str) -> Told:
    """The same with the weights of this release, of the text and of its views. Raises NgramsFileError.

    The checks of this room share it.
    """
    return _told.of(text, _tell)


def _tell(text: str) -> Told:
    model, normal = load_weights().model, normalise(text)
    others = [(view, known(view.text, model, patterns())) for view in views(text, normal)]
    return Told(normal, _known(text, normal, model, patterns()), others)


def _known(text: str, normal: Normal, model: "NgramModel", patterns: PatternCheck) -> Known:
    reading = model.read(normal.text)
    whole = reading.scores().tolist()
    facts = dict(zip(HEADS, whole, strict=True))
    facts["length"] = math.log(max(1, reading.count / NARROW[0]))
    for names, best in zip(_STRETCHES, reading.best(WIDE, NARROW), strict=True):
        if best is not None:
            above = (max(0.0, one - everything) for one, everything in zip(best, whole, strict=True))
            facts.update(zip(names, above, strict=True))
    hits = patterns.find(text)
    for hit in hits:
        name = f"pattern_{hit.kind}"
        facts[name] = max(facts.get(name, 0.0), hit.score)
    return Known(facts, hits, reading)
