"""What each token of a text is: a small network over the rows of the tokens around it."""

from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files
from typing import Any, Final, cast

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from plimsoll.kernel.digest import digest_bytes, hex_part

from ._errors import TaggerFormatError
from ._features import FEATURES, ROWS, Flags, Keys, rows_of
from ._tokens import Tokens

LABELS: Final = (
    "",
    "person",
    "location",
    "address",
    "organization",
    "date_time",
    "age",
    "nationality",
    "title",
    "id_number",
)
"""What a token can belong to; nothing is first."""

REACH: Final = 2
"""Tokens on each side that each of the two layers looks at."""

_WIDTH: Final = 2 * REACH + 1
_MIDDLE: Final = 128
_LAYERS: Final = frozenset({"near", "near_bias", "far", "far_bias", "out", "out_bias"})

Numbers = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Tagger:
    """The weights."""

    table: NDArray[np.int8]
    """Shape (ROWS, units): what each row stands for, in steps of `steps`."""
    steps: Numbers
    """Shape (units,)."""
    near: Numbers
    """The first layer, shape (2 * REACH + 1, units, first units)."""
    near_bias: Numbers
    far: Numbers
    """The second layer, shape (2 * REACH + 1, first units, second units)."""
    far_bias: Numbers
    out: Numbers
    """Shape (second units, labels)."""
    out_bias: Numbers
    keys: Keys
    """The words of the lists, see `keys_of`, in ascending order."""
    flags: Flags
    """Which lists have each of these words."""
    lanes: NDArray[np.uint64] = field(init=False, repr=False)
    """The table with four numbers of 16 bits in each of 64, all above 0: rows of it are added up without a carry."""

    wide: tuple[Numbers, Numbers] = field(init=False, repr=False)
    """The weights of both layers with all places of a window beside each other."""

    def __post_init__(self) -> None:
        raised = np.ascontiguousarray(self.table.astype(np.int16) + _MIDDLE).view(np.uint64)
        object.__setattr__(self, "lanes", raised)
        object.__setattr__(self, "wide", (_beside(self.near), _beside(self.far)))

    def chances(self, tokens: Tokens) -> Numbers:
        """How sure each label is for each token, shape (labels, tokens); the columns add up to 1.

        Each layer is `max(0, x @ weights + bias)` over a window; the last one is a softmax.
        """
        rows = rows_of(tokens, self.keys, self.flags)
        sums = np.add.reduce(self.lanes.take(rows, axis=0), axis=0).view(np.uint16)
        vectors = (sums - np.float32(FEATURES * _MIDDLE)) * self.steps
        hidden = _layer(_layer(vectors, self.wide[0], self.near_bias), self.wide[1], self.far_bias)
        # Labels first: sums over them are then sums of rows, which numpy does many times faster.
        scores = self.out.T @ hidden.T
        scores += self.out_bias[:, None]
        scores -= scores.max(axis=0)
        chances: Numbers = np.exp(scores, out=scores)
        chances /= chances.sum(axis=0)
        return chances

    def to_bytes(self) -> bytes:
        """The file (safetensors), layers with 16 bits a number; the same weights are the same bytes."""
        told = {each.name: np.ascontiguousarray(getattr(self, each.name)) for each in fields(self) if each.init}
        return safetensors.numpy.save(
            {name: one.astype("<f2") if name in _LAYERS else one for name, one in told.items()}
        )


def read_tagger(data: bytes) -> Tagger:
    """The weights in a file that `to_bytes` wrote. Raises TaggerFormatError."""
    try:
        tables = safetensors.numpy.load(data)
        wide = {name: one.astype(np.float32) if name in _LAYERS else one for name, one in tables.items()}
        read = Tagger(**cast("dict[str, Any]", wide))
        units, first, second = read.table.shape[1], read.near.shape[2], read.far.shape[2]
    except (safetensors.SafetensorError, TypeError, ValueError, IndexError) as error:
        raise TaggerFormatError(str(error)) from error
    shapes = {
        "table": (ROWS, units),
        "steps": (units,),
        "near": (_WIDTH, units, first),
        "near_bias": (first,),
        "far": (_WIDTH, first, second),
        "far_bias": (second,),
        "out": (second, len(LABELS)),
        "out_bias": (len(LABELS),),
        "flags": read.keys.shape,
    }
    if not len(read.keys) or any(getattr(read, name).shape != shape for name, shape in shapes.items()):
        raise TaggerFormatError(f"they are not for the {ROWS} rows of {FEATURES} features that this version knows")
    if not all(np.isfinite(one).all() for one in tables.values()):
        raise TaggerFormatError("a weight is no finite number")
    return read


@cache
def builtin_tagger() -> tuple[Tagger, str]:
    """The weights that come with Plimsoll, and their digest. Raises TaggerFormatError where they were changed.

    `weights/CARD.md` says on what they were trained.
    """
    folder = files(__package__) / "weights"
    data = (folder / "tagger.safetensors").read_bytes()
    digest = hex_part(digest_bytes(data))
    if (folder / "tagger.sha256").read_text("ascii").split()[0] != digest:
        raise TaggerFormatError("they are not those that their digest names")
    return read_tagger(data), digest


def _beside(weights: Numbers) -> Numbers:
    wide: Numbers = np.ascontiguousarray(weights.transpose(1, 0, 2).reshape(weights.shape[1], -1), np.float32)
    return wide


def _layer(rows: Numbers, weights: Numbers, bias: Numbers) -> Numbers:
    """`max(0, window @ weights + bias)` for the window around each row; outside there are zeros.

    All rows are multiplied by the weights of all places at once, and what belongs together is added up afterwards: no
    window is ever copied.
    """
    count, units = rows.shape
    padded = np.zeros((count + 2 * REACH, units), np.float32)
    padded[REACH : REACH + count] = rows
    width = len(bias)
    parts = padded @ weights
    total = parts[:count, :width] + bias
    for place in range(1, _WIDTH):
        total += parts[place : place + count, place * width : (place + 1) * width]
    np.maximum(total, 0, out=total)
    return total
