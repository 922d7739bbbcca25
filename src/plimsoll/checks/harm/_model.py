"""How likely each kind of harm is in a text: linear heads over its words' n-grams and over its words' classes."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from plimsoll.kernel.digest import Json, canonical_json, digest_bytes, hex_part

from ..patterns import normalise
from ._errors import HarmFileError
from ._grams import BITS, grams
from ._tags import CLASSES, ROWS, Rows, anchored, distinct
from ._vocabulary import Vocabulary
from ._words import Lexicon, Tagged, lower, read_lexicon, spans

RARITY_UNIT: Final = 32
"""Rarities are kept as so many parts of one."""

_FORMAT: Final = "plimsoll-harm-2"
_ABOUT: Final = "about"
_PREFIX: Final = 8
_FILE: Final = "harm.safetensors"
_TYPES: Final = {
    "grams": "int8",
    "gram_rarity": "uint8",
    "tags": "int8",
    "tag_rarity": "uint8",
    "scales": "float32",
    "bias": "float32",
    "coarse": "uint8",
    "words": "uint8",
}
_WINDOW: Final = 16
"""Where a text is at its worst is said to so many classed words."""

Numbers = NDArray[np.float64]


class Seen(NamedTuple):
    """A text as the model sees it."""

    lowered: str
    """In normal form and lower case."""
    origins: list[int] | None
    """Where each of its characters stood in the text as it was given; None where each stands where it stood."""
    tagged: Tagged
    """Its words with a class."""
    words: list[str]
    """Its words, each once."""
    weights: Numbers
    """What the n-grams of its words add up to for each head that has some, and their squared rarities."""
    rows: Rows
    """The features of its classes, each once."""


@dataclass(frozen=True, slots=True, eq=False)
class HarmModel:
    """Linear heads over two sets of features, each of which has the length 1.

    With `g` the features of n-grams, each with its rarity `r = 1 + ln((1 + texts) / (1 + texts with it))`, and `t`
    those of classes: `score = bias + scales[0] * sum(grams[g]) / |r[g]| + scales[1] * sum(tags[t]) / |r[t]|`.
    Rarities are part of the weights. The first `grams.shape[1]` heads have weights of n-grams, the others only tags.
    """

    heads: tuple[str, ...]
    grams: NDArray[np.int8]
    """Shape (2 ** BITS, some of the heads)."""
    gram_rarity: NDArray[np.uint8]
    tags: NDArray[np.int8]
    """Shape (ROWS, heads)."""
    tag_rarity: NDArray[np.uint8]
    scales: NDArray[np.float32]
    """Shape (2, heads)."""
    bias: NDArray[np.float32]
    coarse: NDArray[np.uint8]
    """Shape (CLASSES,)."""
    words: NDArray[np.uint8]
    """The file of the lexicon."""
    digest: str = ""
    lexicon: Lexicon = field(init=False)
    _coarse: Rows = field(init=False, repr=False)
    _gram_squares: Numbers = field(init=False, repr=False)
    _of_tags: Numbers = field(init=False, repr=False)
    """The weights of classes and, in the last column, their squared rarities."""
    _vocabulary: Vocabulary = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lexicon", read_lexicon(self.words.tobytes()))
        object.__setattr__(self, "_coarse", self.coarse.astype(np.int64))
        squares = [(one / RARITY_UNIT) ** 2 for one in (self.gram_rarity, self.tag_rarity)]
        object.__setattr__(self, "_gram_squares", squares[0])
        object.__setattr__(self, "_of_tags", np.column_stack((self.tags, squares[1])).astype(np.float64))
        object.__setattr__(self, "_vocabulary", Vocabulary(self.lexicon, self._of_words))

    def see(self, text: str) -> Seen:
        """What the model knows of a text."""
        return seen(text, self._vocabulary, self._coarse)

    def scores(self, known: Seen) -> Numbers:
        """Of each head: ln(p / (1 - p)), with p how likely it is."""
        total = self.bias.astype(np.float64)
        if known.words:
            count = self.grams.shape[1]
            total[:count] += self.scales[0, :count] * known.weights[:-1] / math.sqrt(known.weights[-1])
        if len(known.rows):
            sums = self._of_tags.take(known.rows, axis=0).sum(axis=0)
            total += self.scales[1] * sums[:-1] / math.sqrt(sums[-1])
        return total

    def _of_words(self, words: Sequence[str]) -> Numbers:
        """Shape (words, heads with n-grams + 1): the sum of the weights of a word's n-grams, and squared rarities."""
        parts = [np.zeros((0, self.grams.shape[1] + 1))]
        for piece in grams(words):
            weights = self.grams.take(piece.characters, axis=0).astype(np.int64)
            weights *= piece.there[:, :, None]
            squares = self._gram_squares.take(piece.characters) * piece.there
            sums = np.add.reduceat(weights.sum(axis=0), piece.firsts, axis=0)
            lengths = np.add.reduceat(squares.sum(axis=0), piece.firsts)
            parts.append(np.column_stack((sums, lengths)))
        return np.concatenate(parts)

    def worst(self, known: Seen, heads: Sequence[str]) -> list[tuple[int, int]]:
        """Where a text is at its worst for each head, in characters as it was given; none if no word has a class."""
        tagged = known.tagged
        count = len(tagged.tags)
        if not count:
            return []
        found = anchored(tagged.tags, tagged.places, self._coarse)
        order = np.argsort(found.anchors, kind="stable")
        begins = np.searchsorted(found.anchors[order], np.arange(count))
        columns = [self.heads.index(head) for head in heads]
        weights = self.tags.take(found.rows[order], axis=0)[:, columns]
        sums = np.zeros((count + 1, len(columns)), np.int64)
        np.cumsum(np.add.reduceat(weights, begins, axis=0, dtype=np.int64), axis=0, out=sums[1:])
        width = min(_WINDOW, count)
        firsts = np.argmax(sums[width:] - sums[: len(sums) - width], axis=0)
        where = spans(known.lowered)
        first_words, last_words = tagged.places[firsts].tolist(), tagged.places[firsts + width - 1].tolist()
        found_spans = [(where[first][0], where[last][1]) for first, last in zip(first_words, last_words, strict=True)]
        origins = known.origins
        if origins is None:
            return found_spans
        return [(origins[start], origins[end - 1] + 1) for start, end in found_spans]


def seen(text: str, vocabulary: Vocabulary, coarse: Rows) -> Seen:
    """What a model with such a vocabulary knows of a text."""
    normal = normalise(text)
    found = vocabulary.read(lower(normal.text))
    rows = distinct(found.tagged.tags, found.tagged.places, coarse)
    return Seen(found.lowered, normal.origins, found.tagged, found.words, found.weights, rows)


def to_bytes(heads: tuple[str, ...], tables: Mapping[str, NDArray[np.generic]]) -> bytes:
    """The file of a model; the same model gives the same bytes."""
    kept = {name: np.ascontiguousarray(tables[name], kind) for name, kind in _TYPES.items()}
    said: dict[str, Json] = {"format": _FORMAT, "heads": list(heads)}
    return safetensors.numpy.save(kept, {_ABOUT: json.dumps({**said, "digest": _digest(kept, said)})})


def from_bytes(data: bytes) -> HarmModel:
    """The model in a file. Raises HarmFileError."""
    try:
        tables = safetensors.numpy.load(data)
        header = json.loads(data[_PREFIX : _PREFIX + int.from_bytes(data[:_PREFIX], "little")])
        said = json.loads(header["__metadata__"][_ABOUT])
        digest, form, heads = said.pop("digest"), said["format"], tuple(said["heads"])
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
        raise HarmFileError(f"this is not such a file ({type(error).__name__})") from error
    if form != _FORMAT or {name: str(table.dtype) for name, table in tables.items()} != _TYPES:
        raise HarmFileError("it is of another format")
    if digest != _digest(tables, said):
        raise HarmFileError("its digest is another than it says")
    shapes = (tables["gram_rarity"].shape, tables["tags"].shape, tables["coarse"].shape, tables["scales"].shape)
    if shapes != ((1 << BITS,), (ROWS, len(heads)), (CLASSES,), (2, len(heads))):
        raise HarmFileError("the shapes of its tables are not those of this version")
    return HarmModel(heads, **tables, digest=hex_part(digest))


def _digest(tables: Mapping[str, NDArray[np.generic]], said: Json) -> str:
    parts = [canonical_json(said)]
    for name in sorted(tables):
        parts += [f"{name} {tables[name].dtype} {tables[name].shape}".encode(), tables[name].tobytes()]
    return digest_bytes(b"\0".join(parts))


@cache
def builtin_model() -> HarmModel:
    """The model that comes with Plimsoll; `weights/CARD.md` says on what it was trained. Raises HarmFileError."""
    try:
        data = (files(__package__) / "weights" / _FILE).read_bytes()
    except OSError as error:
        raise HarmFileError("the file is not there") from error
    return from_bytes(data)
