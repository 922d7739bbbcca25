"""The fitted numbers of the reader: one file beside the code, read when they are first needed.

`weights/CARD.md` says what they were fitted on, and `tools/train_reader.py` makes them again.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from plimsoll.kernel.digest import digest_bytes

from .linear import Linear
from .ranking import Network

FILE: Final = Path(__file__).parent / "weights" / "reader.safetensors"
_PARTS: Final = ("refusal", "summaries", "verdicts")


@dataclass(frozen=True, slots=True)
class Weights:
    """Everything that was fitted."""

    spans: Network
    """Chooses the stretch of a quotation that answers."""
    refusal: Linear
    """Whether the passages answer at all."""
    summaries: Linear
    """How much an utterance belongs into a summary."""
    verdicts: Linear
    """Yes, no or maybe."""
    digest: str = ""
    """Of the file that they were read from."""


def to_bytes(weights: Weights) -> bytes:
    """The file of these weights (safetensors); the same weights give the same bytes."""
    tables = {f"spans.{name}": array for name, array in weights.spans.arrays().items()}
    for part in _PARTS:
        linear: Linear = getattr(weights, part)
        tables.update({f"{part}.{name}": array for name, array in linear.arrays().items()})
    return safetensors.numpy.save({name: np.ascontiguousarray(array, np.float16) for name, array in tables.items()})


def from_bytes(data: bytes) -> Weights:
    """The weights of a file. Raises SafetensorError or KeyError where it is not one of ours."""
    tables = safetensors.numpy.load(data)
    linears = {part: Linear.of(_part(tables, part)) for part in _PARTS}
    return Weights(spans=Network.of(_part(tables, "spans")), digest=digest_bytes(data), **linears)


def _part(tables: Mapping[str, NDArray[np.float32]], part: str) -> dict[str, NDArray[np.float32]]:
    return {name.removeprefix(f"{part}."): array for name, array in tables.items() if name.startswith(f"{part}.")}


@functools.lru_cache(maxsize=1)
def load_weights() -> Weights:
    """The weights that this release was published with."""
    return from_bytes(FILE.read_bytes())
