"""Networks with one hidden layer, several of them averaged: small enough for numpy to take about a millisecond."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_CLIP: Final = 4.0
"""Features further from the mean than so many deviations count as so far."""


@dataclass(frozen=True, slots=True)
class Network:
    """`members` networks with `hidden` units each; each has a straight path from the features beside the layer."""

    mean: NDArray[np.float32]
    """Of each feature."""
    scale: NDArray[np.float32]
    """The deviation of each feature."""
    hidden: NDArray[np.float32]
    """Shape (members, features, hidden)."""
    bias: NDArray[np.float32]
    """Shape (members, hidden)."""
    output: NDArray[np.float32]
    """Shape (members, hidden)."""
    straight: NDArray[np.float32]
    """Shape (members, features)."""

    def scores(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """The mean score of the members for each row: higher is better, and only differences mean a thing."""
        inputs = scaled(rows, self.mean, self.scale)
        total = np.zeros(len(rows), dtype=np.float32)
        for hidden, bias, output, straight in zip(self.hidden, self.bias, self.output, self.straight, strict=True):
            total += np.maximum(inputs @ hidden + bias, 0) @ output + inputs @ straight
        mean: NDArray[np.float32] = (total / len(self.hidden)).astype(np.float32)
        return mean

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """Its parts by name."""
        names = ("mean", "scale", "hidden", "bias", "output", "straight")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[np.float32]]) -> "Network":
        """The network of these parts."""
        return cls(**{name: np.asarray(array, dtype=np.float32) for name, array in arrays.items()})


def scaled(rows: NDArray[np.float32], mean: NDArray[np.float32], scale: NDArray[np.float32]) -> NDArray[np.float32]:
    """Features as the layers take them."""
    clipped: NDArray[np.float32] = np.clip((rows - mean) / scale, -_CLIP, _CLIP).astype(np.float32)
    return clipped
