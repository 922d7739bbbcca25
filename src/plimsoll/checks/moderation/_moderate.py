"""OpenAI's moderation object of a text."""

from collections.abc import Mapping
from dataclasses import dataclass

from ._scores import highest, judged

FLAGGED_FROM = 0.5
"""Score from which a category counts as flagged."""


@dataclass(frozen=True, slots=True)
class Moderation:
    """What a text was found to be; both mappings have every category."""

    flagged: bool
    categories: Mapping[str, bool]
    scores: Mapping[str, float]
    """From 0 to 1. A wider category is never less sure than a narrower one in it."""


def moderate(text: str) -> Moderation:
    """Which categories a text falls under. Raises ScanFailedError, which must not be taken for harmless."""
    scores = highest(text, list(judged(text)))
    flags = {category: score >= FLAGGED_FROM for category, score in scores.items()}
    return Moderation(any(flags.values()), flags, scores)
