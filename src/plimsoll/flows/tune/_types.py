"""What is tried, and what it is worth."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_A_FIFTH: Final = math.log(1.2)
_NOTHING: Final = 1_000

Value = str | int | float | bool | None
Settings = Mapping[str, Value]
"""Settings by their place in the file, such as `chunk.size`; those that are not named stay as they are."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with the 95 % interval of its bootstrap over questions (Efron, 1979; 2,000 resamples, percentiles)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Figures:
    """How well a way to search finds what it should, over some questions. All from 0 to 1, higher is better.

    What is found counts as far as a reader is given it: the first ten hits, and of these no more than 8,000 characters;
    so larger chunks do not win by being larger.
    """

    questions: int
    ndcg: Interval
    """Normalised discounted cumulative gain (Järvelin and Kekäläinen, 2002) with a gain of 1 for what is relevant."""
    recall: Interval
    """Share of what is relevant that was found."""
    mrr: Interval
    """The mean of one over the rank of the first relevant hit (Voorhees, 1999)."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One trial: settings, how well they find, and what they cost."""

    settings: Settings
    figures: Figures
    scores: tuple[float, ...]
    """The nDCG of each question, in the order of the questions."""
    p50_ms: float
    """Half of the searches took longer."""
    index_bytes: int
    chunks: int
    embedding_s: float
    """Time to embed all chunks once on this machine, as measured on those that were embedded here."""
    number: int = -1
    """Which trial it was; -1 for the settings as they are."""


def dominates(one: Measured, other: Measured) -> bool:
    """Whether `one` is nowhere worse and somewhere better in quality, latency, size and cost of embedding."""
    ours, theirs = _costs(one), _costs(other)
    return all(a <= b for a, b in zip(ours, theirs, strict=True)) and ours != theirs


def pareto(found: "list[Measured]") -> "list[Measured]":
    """Those that no other one dominates, best quality first; of trials of the same settings the first."""
    different = {tuple(sorted(one.settings.items())): one for one in reversed(found)}.values()
    front = [one for one in different if not any(dominates(other, one) for other in different)]
    return sorted(front, key=lambda one: (-one.figures.ndcg.value, one.p50_ms, one.number))


def _costs(one: Measured) -> tuple[float, ...]:
    return (-one.figures.ndcg.value, _coarse(one.p50_ms), _coarse(one.index_bytes), _coarse(one.embedding_s))


def _coarse(cost: float) -> int:
    """Costs that differ by less than a fifth count as the same: a clock on a busy machine says no more."""
    return round(math.log(cost) / _A_FIFTH) if cost > 0 else -_NOTHING
