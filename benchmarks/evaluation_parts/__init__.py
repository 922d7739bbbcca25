"""Parts of `benchmarks/evaluation.py`, and which of them measures which set."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says."""

    set: str
    data_root: Path
    split: str
    repetitions: int | None
    """How often a simulation is repeated; None for as often as the claim says."""


class Measured(NamedTuple):
    """What a part found."""

    n: int
    """Rows, pairs, or repetitions."""
    metrics: dict[str, Any]


Measure = Callable[[Given], Measured]

PARTS: dict[str, tuple[str, str]] = {
    "llmbar": ("judging", "llmbar"),
    "financebench": ("judging", "financebench"),
    "simulation": ("simulation", "measure"),
    "speed": ("speed", "measure"),
}
"""Of each set the module beside this one, and the function in it: `Given -> Measured`."""
