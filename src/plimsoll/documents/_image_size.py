"""How many pixels an image claims to have, read from its header before anything is decoded."""

import struct
from collections.abc import Iterator
from itertools import islice

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
_TIFF = {b"II*\x00": "<", b"MM\x00*": ">"}

# JPEG markers (ITU-T T.81, table B.1): start of frame, and those without a length.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
_LEAD, _SCAN, _END = 0xFF, 0xDA, 0xD9

# TIFF 6.0, section 8: tags and the two integer types that sizes may have.
_WIDTH, _LENGTH = 256, 257
_TYPES = {3: "H", 4: "I"}


def image_sizes(data: bytes, *, most: int) -> list[tuple[int, int]]:
    """Width and height in pixels of each page (PNG and JPEG have one), at most `most` of them.

    Raises ValueError when the header is damaged or of another kind.
    """
    try:
        return list(islice(_sizes(data), most))
    except (struct.error, IndexError) as error:
        msg = "its header is cut off"
        raise ValueError(msg) from error


def _sizes(data: bytes) -> Iterator[tuple[int, int]]:
    if data.startswith(_PNG):
        yield _png(data)
    elif data.startswith(_JPEG):
        yield _jpeg(data)
    elif data[:4] in _TIFF:
        yield from _tiff(data, _TIFF[data[:4]])
    else:
        msg = "it does not begin like a PNG, JPEG or TIFF image"
        raise ValueError(msg)


def _png(data: bytes) -> tuple[int, int]:
    if data[12:16] != b"IHDR":
        msg = "its first part is not a PNG header"
        raise ValueError(msg)
    width, height = struct.unpack_from(">II", data, 16)
    return _checked(width, height)


def _jpeg(data: bytes) -> tuple[int, int]:
    at = 2
    while True:
        marker = data[at + 1]
        if data[at] != _LEAD or marker in {_SCAN, _END}:
            msg = "it has no JPEG frame"
            raise ValueError(msg)
        if marker == _LEAD:
            at += 1
        elif marker in _BARE:
            at += 2
        elif marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return _checked(width, height)
        else:
            (length,) = struct.unpack_from(">H", data, at + 2)
            at += 2 + length


def _tiff(data: bytes, order: str) -> Iterator[tuple[int, int]]:
    (at,) = struct.unpack_from(f"{order}I", data, 4)
    seen: set[int] = set()
    while at:
        if at in seen:
            msg = "its pages point back at each other"
            raise ValueError(msg)
        seen.add(at)
        (entries,) = struct.unpack_from(f"{order}H", data, at)
        yield _tiff_size(data, order, range(at + 2, at + 2 + 12 * entries, 12))
        (at,) = struct.unpack_from(f"{order}I", data, at + 2 + 12 * entries)


def _tiff_size(data: bytes, order: str, places: range) -> tuple[int, int]:
    """The size of a page. One that is told twice, or in an odd way, may be read otherwise by other programs."""
    found: dict[int, int] = {}
    for at in places:
        tag, kind, count = struct.unpack_from(f"{order}HHI", data, at)
        if tag not in {_WIDTH, _LENGTH}:
            continue
        if tag in found or kind not in _TYPES or count != 1:
            msg = "its header gives a size twice, or in an odd way"
            raise ValueError(msg)
        (found[tag],) = struct.unpack_from(f"{order}{_TYPES[kind]}", data, at + 8)
    return _checked(found.get(_WIDTH, 0), found.get(_LENGTH, 0))


def _checked(width: int, height: int) -> tuple[int, int]:
    if not width or not height:
        msg = "its header gives no size"
        raise ValueError(msg)
    return width, height
