"""Writes GGUF files, version 3: the format of llama.cpp (docs/gguf.md in the ggml repository)."""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_UINT32, _INT32, _FLOAT32, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9
_ALIGNMENT = 32
_F32 = 0

Value = str | bool | int | float | Sequence[str] | Sequence[int]


def write_gguf(path: Path, facts: Mapping[str, Value], tensors: Mapping[str, NDArray[np.float32]]) -> None:
    """One file with these facts and tensors. A tensor's shape is that of the array: rows first."""
    head = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(facts))]
    head.extend(_text(name) + _typed(value) for name, value in facts.items())
    offset = 0
    for name, array in tensors.items():
        shape = tuple(reversed(array.shape))
        head.append(_text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, _F32, offset))
        offset += _padded(array.nbytes)
    written = b"".join(head)
    with path.open("wb") as file:
        file.write(written.ljust(_padded(len(written)), b"\x00"))
        for array in tensors.values():
            file.write(array.astype("<f4").tobytes().ljust(_padded(array.nbytes), b"\x00"))


def _padded(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def _typed(value: Value) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", _STRING) + _text(value)
    if isinstance(value, bool):
        return struct.pack("<I?", _BOOL, value)
    if isinstance(value, int):
        return struct.pack("<II", _UINT32, value)
    if isinstance(value, float):
        return struct.pack("<If", _FLOAT32, value)
    kind = _STRING if isinstance(value[0], str) else _INT32
    items = (_text(item) if isinstance(item, str) else struct.pack("<i", item) for item in value)
    return struct.pack("<IIQ", _ARRAY, kind, len(value)) + b"".join(items)
