"""What each token of a text is: a small network over the rows of the tokens around it."""

import math
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
from ._features import FEATURES, LAYOUTS_FROM, LAYOUTS_TO, ROWS, Flags, Keys, layout_rows, own_rows
from ._kept import LONGEST, Kept
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
_BLOCK: Final = 32
"""Tokens that are multiplied together."""
_ROUNDING: Final = 1e-3
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
    _lanes: NDArray[np.uint64] = field(init=False, repr=False)
    """The table with four numbers of 16 bits in each of 64, all above 0: rows of it are added up without a carry."""
    _layouts: Numbers = field(init=False, repr=False)
    """The rows of the table for layouts, as numbers to calculate with."""
    _near: Numbers = field(init=False, repr=False)
    """The first layer for rows of the table as they are, all places of its window below each other."""
    _far: Numbers = field(init=False, repr=False)
    _kept: list[Kept] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        units = self.table.shape[1]
        raised = np.ascontiguousarray(self.table.astype(np.int16) + _MIDDLE).view(np.uint64)
        near = np.ascontiguousarray((self.near * self.steps[:, None]).reshape(-1, self.near.shape[2]), np.float32)
        object.__setattr__(self, "_lanes", raised)
        object.__setattr__(self, "_layouts", self.table[LAYOUTS_FROM:LAYOUTS_TO].astype(np.float32))
        object.__setattr__(self, "_near", near)
        object.__setattr__(self, "_far", np.ascontiguousarray(self.far.reshape(-1, self.far.shape[2]), np.float32))
        object.__setattr__(self, "_kept", [Kept(units)])

    def chances(self, tokens: Tokens) -> Numbers:
        """How sure each label is for each token, shape (labels, tokens); the columns add up to 1."""
        return softmax(self.scores(tokens))

    def scores(self, tokens: Tokens) -> Numbers:
        """What `chances` are the softmax of. Each layer is `max(0, x @ weights + bias)` over a window."""
        count = len(tokens.starts)
        rows = np.zeros((-(-count // _BLOCK) * _BLOCK + 2 * REACH, self.table.shape[1]), np.float32)
        around = self._layouts.take(layout_rows(tokens) - LAYOUTS_FROM, axis=0)
        np.add(self._own(tokens), around, out=rows[REACH : REACH + count])
        hidden = _layer(_layer(rows, count, self._near, self.near_bias), count, self._far, self.far_bias)
        # Labels first: sums over them are then sums of rows, which numpy does many times faster.
        scores: Numbers = self.out.T @ hidden[REACH : REACH + count].T
        scores += self.out_bias[:, None]
        return scores

    def _own(self, tokens: Tokens) -> Numbers:
        """The sum of the rows of each token but that of its layout, in steps, shape (tokens, units)."""
        kept = self._kept[0]
        marks = tokens.marks()
        places, missing = kept.find(marks)
        values = kept.values.take(places, axis=0)
        if len(missing):
            rows = own_rows(tokens, missing, self.keys, self.flags)
            sums = np.add.reduce(self._lanes.take(rows, axis=0), axis=0).view(np.uint16)
            made = sums - np.float32((FEATURES - 1) * _MIDDLE)
            values[missing] = made
            short = (tokens.ends.take(missing) - tokens.starts.take(missing) <= LONGEST).nonzero()[0]
            if not kept.add(marks.take(missing.take(short)), made.take(short, axis=0)):
                self._kept[0] = Kept(self.table.shape[1])
        return values

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


def likely(scores: Numbers, least: float) -> tuple[list[int], list[int], list[float]]:
    """Tokens that are at least so likely to be something, what they then most likely are, and how likely something.

    `least` is at most one half. Most tokens are nothing so clearly that their chances need not be computed.
    """
    found: list[int] = []
    others = scores[1:].max(axis=0)
    others += math.log(len(LABELS) - 1) + _ROUNDING
    places = (others >= scores[0]).nonzero()[0]
    if not len(places):
        return found, found, []
    chances = softmax(scores.take(places, axis=1))
    sure = 1 - chances[0]
    are = (sure >= least).nonzero()[0]
    labels = chances[1:].argmax(axis=0) + 1
    return places.take(are).tolist(), labels.take(are).tolist(), sure.take(are).tolist()


def softmax(scores: Numbers) -> Numbers:
    """Chances from scores, shape (labels, tokens); takes the place of the scores."""
    scores -= scores.max(axis=0)
    chances: Numbers = np.exp(scores, out=scores)
    chances /= chances.sum(axis=0)
    return chances


def _layer(rows: Numbers, count: int, weights: Numbers, bias: Numbers) -> Numbers:
    """`max(0, window @ weights + bias)` for the window around each of `count` rows.

    Before and behind them stand zeros, in what is given and in what is returned. They are multiplied in blocks that are
    small enough for one thread: for larger ones the library underneath takes several, which only wait for each other.
    """
    units, size = rows.shape[1], rows.itemsize
    blocks = (len(rows) - 2 * REACH) // _BLOCK
    shape, strides = (blocks, _BLOCK, _WIDTH * units), (_BLOCK * units * size, units * size, size)
    windows: Numbers = np.ndarray(shape, np.float32, rows, 0, strides).copy()
    found = np.zeros((len(rows), len(bias)), np.float32)
    inner = found[REACH : len(rows) - REACH]
    np.matmul(windows, weights, out=inner.reshape(blocks, _BLOCK, len(bias)))
    inner += bias
    np.maximum(inner, 0, out=inner)
    inner[count:] = 0
    return found
