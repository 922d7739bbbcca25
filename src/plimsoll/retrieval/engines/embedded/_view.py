"""A view: which documents of which parts are a snapshot, and what must be written so that there can be one."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from plimsoll.kernel.digest import Digest, hex_part

from ._part import KEY_BYTES, Part

_DIGEST_BYTES = 32
_CHECK_BYTES = 16
_FORMAT = 3

Places = NDArray[np.uint32]
"""Numbers of documents in a part, or of parts in a view."""


class _Wire(msgspec.Struct, array_like=True):
    format: int
    dimension: int
    parts: list[str]
    segments: bytes
    """The digests of all segments."""
    sizes: bytes
    """How many documents each segment has."""
    part_of: bytes
    """For each document of each segment the number of its part."""
    place_of: bytes
    """And its number there."""
    signs: bool


@dataclass(frozen=True, slots=True)
class View:
    """Where the documents of a snapshot are, in the order of its segments."""

    dimension: int
    parts: tuple[str, ...]
    """Names of the folders of parts."""
    segments: tuple[bytes, ...]
    sizes: Places
    part_of: Places
    place_of: Places
    signs: bool = False
    """Whether signs alone find what is near, see `_vector_search`."""

    def encode(self) -> bytes:
        """The bytes that are kept: a check, and the rest."""
        kept = msgspec.msgpack.encode(
            _Wire(
                format=_FORMAT,
                dimension=self.dimension,
                parts=list(self.parts),
                segments=b"".join(self.segments),
                sizes=self.sizes.astype("<u4").tobytes(),
                part_of=self.part_of.astype("<u4").tobytes(),
                place_of=self.place_of.astype("<u4").tobytes(),
                signs=self.signs,
            )
        )
        return _check(kept) + kept

    def documents(self, part: int) -> Places:
        """The documents of a part that belong to the snapshot, ascending."""
        return np.sort(self.place_of[self.part_of == part])


def read_view(path: Path) -> View | None:
    """The view in a file; None when it is missing, damaged or of another format."""
    try:
        data = path.read_bytes()
        check, kept = data[:_CHECK_BYTES], data[_CHECK_BYTES:]
        if check != _check(kept):
            return None
        wire = msgspec.msgpack.decode(kept, type=_Wire)
        segments = [wire.segments[at : at + _DIGEST_BYTES] for at in range(0, len(wire.segments), _DIGEST_BYTES)]
        arrays = [np.frombuffer(data, "<u4").astype(np.uint32) for data in (wire.sizes, wire.part_of, wire.place_of)]
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    sizes, part_of, place_of = arrays
    fits = len(segments) == len(sizes) and len(part_of) == len(place_of) == int(sizes.sum())
    if wire.format != _FORMAT or not fits or (len(part_of) and int(part_of.max()) >= len(wire.parts)):
        return None
    return View(wire.dimension, tuple(wire.parts), tuple(segments), sizes, part_of, place_of, wire.signs)


def _check(kept: bytes) -> bytes:
    """So that a view whose bytes were changed is not believed: it says which documents may be found."""
    return blake2b(kept, digest_size=_CHECK_BYTES).digest()


def segment_bytes(digest: Digest) -> bytes:
    """A segment's digest as it stands in a view."""
    return bytes.fromhex(hex_part(digest))


class KnownDocuments:
    """What is written already: documents by their segments, and by what they are."""

    def __init__(self, view: View | None, parts: Mapping[str, Part]) -> None:
        self._segments = dict(_segments(view)) if view else {}
        self._keys: dict[bytes, tuple[str, int]] = {}
        for name, part in parts.items():
            keys = part.keys
            self._keys |= {keys[at : at + KEY_BYTES]: (name, at // KEY_BYTES) for at in range(0, len(keys), KEY_BYTES)}

    def of_segment(self, segment: bytes) -> list[tuple[str, int]] | None:
        """Where the documents of a segment are; None where that is not known."""
        return self._segments.get(segment)

    def of_key(self, key: bytes) -> tuple[str, int] | None:
        """Where a document is."""
        return self._keys.get(key)


def _segments(view: View) -> Iterator[tuple[bytes, list[tuple[str, int]]]]:
    places = [(view.parts[part], int(place)) for part, place in zip(view.part_of, view.place_of, strict=True)]
    ends = np.cumsum(view.sizes)
    for segment, end, size in zip(view.segments, ends, view.sizes, strict=True):
        yield segment, places[int(end) - int(size) : int(end)]


def make_view(dimension: int, placed: Iterable[tuple[bytes, list[tuple[str, int]]]]) -> View:
    """The view of some segments, given where each document of each segment is."""
    segments = list(placed)
    names = sorted({name for _, places in segments for name, _ in places})
    number = {name: place for place, name in enumerate(names)}
    every = [place for _, places in segments for place in places]
    return View(
        dimension=dimension,
        parts=tuple(names),
        segments=tuple(segment for segment, _ in segments),
        sizes=np.array([len(places) for _, places in segments], np.uint32),
        part_of=np.array([number[name] for name, _ in every], np.uint32),
        place_of=np.array([place for _, place in every], np.uint32),
    )
