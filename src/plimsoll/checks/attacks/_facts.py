"""What is known of a text before it is judged: what the model says of it, and which patterns match."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from .._latest import Latest
from .._types import Found
from ..patterns import PatternCheck, normalise
from ._weights import HEADS

if TYPE_CHECKING:
    from ..ngrams import NgramModel, Reading

WIDE: Final = (60, 20)
NARROW: Final = (20, 10)
"""Stretches that are looked at by themselves: so many words, one every so many words."""


class Known(NamedTuple):
    """What is known of a text."""

    facts: dict[str, float]
    """By name: `HEAD` what a head says of the whole, `HEAD_wide` and `HEAD_narrow` how much more it says of the worst
    stretch, `length` ln(words / 20) of texts with more, `pattern_KIND` the score of the surest pattern of a kind."""
    hits: Sequence[Found]
    """Matches of patterns."""
    reading: "Reading"


_readings: "Latest[Reading]" = Latest()


def known(text: str, model: "NgramModel", patterns: PatternCheck) -> Known:
    """What is known of a text; the checks of this room share what the model reads."""
    reading = _readings.of(text, lambda text: model.read(normalise(text).text))
    whole = reading.scores().tolist()
    facts = dict(zip(HEADS, whole, strict=True))
    facts["length"] = math.log(max(1, len(reading.starts) / NARROW[0]))
    for name, (width, step) in (("wide", WIDE), ("narrow", NARROW)):
        if len(reading.starts) > width:
            best = reading.windows(width, step).scores.max(axis=0).tolist()
            facts.update({f"{head}_{name}": max(0.0, best[at] - whole[at]) for at, head in enumerate(HEADS)})
    hits = patterns.find(text)
    for hit in hits:
        name = f"pattern_{hit.kind}"
        facts[name] = max(facts.get(name, 0.0), hit.score)
    return Known(facts, hits, reading)
