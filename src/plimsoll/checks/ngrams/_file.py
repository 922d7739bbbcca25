"""The file of a model: safetensors, with a digest of what it holds."""

import json
import re
from collections.abc import Mapping
from typing import Final

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from plimsoll.kernel.digest import Json, canonical_json, digest_bytes, hex_part

from ._errors import NgramsFileError
from ._model import NgramModel

_FORMAT: Final = "plimsoll-ngrams-2"
_ABOUT: Final = "about"
_MOST_HEADS: Final = 3
_PREFIX: Final = 8
"""Bytes of the length of the header."""
_TYPES: Final = {"signs": "uint8", "weights": "int8", "scale": "float32", "bias": "float32"}


def to_bytes(model: NgramModel) -> bytes:
    """The file of a model; the same model gives the same bytes."""
    tables = {name: np.ascontiguousarray(getattr(model, name), kind) for name, kind in _TYPES.items()}
    said: dict[str, Json] = {"format": _FORMAT, "heads": list(model.heads), "notes": dict(model.notes)}
    # One entry only: safetensors writes several in any order.
    return safetensors.numpy.save(tables, {_ABOUT: json.dumps({**said, "digest": _digest(tables, said)})})


def from_bytes(name: str, data: bytes) -> NgramModel:
    """The model in a file; `name` is said in errors. Raises NgramsFileError."""
    try:
        tables = safetensors.numpy.load(data)
        header = json.loads(data[_PREFIX : _PREFIX + int.from_bytes(data[:_PREFIX], "little")])
        said = json.loads(header["__metadata__"][_ABOUT])
        digest = said.pop("digest")
        heads, notes, form = tuple(said["heads"]), dict(said["notes"]), said["format"]
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
        raise NgramsFileError(name, f"this is not such a file ({type(error).__name__})") from error
    if form != _FORMAT:
        raise NgramsFileError(name, f"they are of the format {form!r}, not {_FORMAT!r}")
    if digest != _digest(tables, said):
        raise NgramsFileError(name, "their digest is another than the file says")
    _check(name, tables, heads)
    return NgramModel(heads, **tables, digest=hex_part(digest), notes=notes)


def _check(name: str, tables: Mapping[str, NDArray[np.generic]], heads: tuple[str, ...]) -> None:
    if {key: str(table.dtype) for key, table in tables.items()} != _TYPES:
        raise NgramsFileError(name, "a table is missing, or is of another type")
    weights, scale, bias = tables["weights"], tables["scale"], tables["bias"]
    buckets = len(weights)
    shapes = (weights.shape, tables["signs"].shape, scale.shape, bias.shape)
    if shapes != ((buckets, len(heads)), (buckets,), (len(heads),), (len(heads),)):
        raise NgramsFileError(name, "the shapes of its tables do not belong together")
    if not 0 < len(heads) <= _MOST_HEADS or re.fullmatch("10+", f"{buckets:b}") is None:
        raise NgramsFileError(name, "there must be one to three heads, and a power of two of places")
    if not all(bool(np.isfinite(tables[key].astype(np.float64)).all()) for key in ("scale", "bias")):
        raise NgramsFileError(name, "a number in it is not finite")


def _digest(tables: Mapping[str, NDArray[np.generic]], said: Json) -> str:
    parts = [canonical_json(said)]
    for name in sorted(tables):
        table = tables[name]
        parts += [f"{name} {table.dtype} {table.shape}".encode(), table.tobytes()]
    return digest_bytes(b"\0".join(parts))
