"""Which share of a sentence answers: a few networks with one hidden layer, averaged."""

from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from plimsoll.kernel.errors import InvalidError

from ..._types import Numbers
from ._facts import FACTS

_MOST_DEVIATIONS: Final = 5.0
"""Facts further from their mean count as so far."""

Weights = NDArray[np.float32]


class NarrowerFormatError(InvalidError):
    """The file of a narrower cannot be used."""

    code = "narrower_format"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the weights that narrow hits to sentences cannot be read: {reason}",
            hint="make them again with tools/train_narrower.py, or take those that come with Plimsoll",
        )


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """`members` networks over the facts of a sentence, see `FACTS`."""

    mean: Weights
    """Of each fact."""
    scale: Weights
    """The deviation of each fact."""
    hidden: Weights
    """Shape (members, facts, units)."""
    bias: Weights
    """Shape (members, units)."""
    output: Weights
    """Shape (members, units)."""
    threshold: Weights
    """Shape (members,)."""

    def shares(self, facts: Numbers) -> Numbers:
        """For each sentence the share of its characters that is expected to answer, 0 to 1.

        The mean over the members of `1 / (1 + exp(-(tanh(facts @ hidden + bias) @ output + threshold)))`.
        """
        rows = self.scaled(facts)
        total = np.zeros(len(rows))
        for hidden, bias, output, threshold in zip(self.hidden, self.bias, self.output, self.threshold, strict=True):
            total += 1 / (1 + np.exp(-(np.tanh(rows @ hidden + bias) @ output + threshold)))
        return total / len(self.hidden)

    def scaled(self, facts: Numbers) -> Numbers:
        """Facts as the layers take them."""
        rows: Numbers = np.clip((facts - self.mean) / self.scale, -_MOST_DEVIATIONS, _MOST_DEVIATIONS)
        return rows

    def to_bytes(self) -> bytes:
        """The file (safetensors); the same weights are the same bytes."""
        return safetensors.numpy.save(
            {each.name: np.ascontiguousarray(getattr(self, each.name), "<f4") for each in fields(self)}
        )


def read_narrower(data: bytes) -> Network:
    """The weights in a file that `to_bytes` wrote. Raises NarrowerFormatError."""
    try:
        tables = safetensors.numpy.load(data)
        read = Network(**tables)
        members, facts, units = read.hidden.shape
    except (safetensors.SafetensorError, TypeError, ValueError) as error:
        raise NarrowerFormatError(str(error)) from error
    shapes = ((facts,), (facts,), (members, facts, units), (members, units), (members, units), (members,))
    if facts != len(FACTS) or not members or tuple(getattr(read, each.name).shape for each in fields(read)) != shapes:
        raise NarrowerFormatError(f"they are not for the {len(FACTS)} facts that this version knows")
    if not all(np.isfinite(table).all() for table in tables.values()) or not (read.scale > 0).all():
        raise NarrowerFormatError("a weight is no finite number, or a scale is not above 0")
    return read


@cache
def builtin_narrower() -> Network:
    """The weights that come with Plimsoll; `weights/CARD.md` says on what they were trained."""
    return read_narrower((files(__package__) / "weights" / "narrower.safetensors").read_bytes())
