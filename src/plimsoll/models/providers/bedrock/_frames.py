"""Amazon's binary event stream (`application/vnd.amazon.eventstream`), cut out of bytes that arrive in any pieces.

A frame is: its length and that of its headers (4 bytes each), the CRC-32 of these eight bytes, headers, payload, and
the CRC-32 of everything before. Source: "Event stream encoding" in the Smithy specification.
"""

import struct
import zlib
from dataclasses import dataclass
from typing import Final

_PRELUDE: Final = struct.Struct("!II")
_WORD: Final = struct.Struct("!I")
_LENGTH: Final = struct.Struct("!H")
_PRELUDE_BYTES: Final = 12
_OVERHEAD: Final = 16
_STRING: Final = 7
_SIZED: Final = frozenset({6, _STRING})
_FIXED_BYTES: Final = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}


class FrameError(Exception):
    """A frame is damaged, or longer than allowed; `args[0]` says which."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message: its headers that are text, and its payload."""

    headers: dict[str, str]
    payload: bytes


class FrameDecoder:
    """Turns pieces of bytes into whole frames. What it holds never exceeds `most_bytes` and one piece."""

    def __init__(self, *, most_bytes: int) -> None:
        self._most = most_bytes
        self._held = bytearray()

    @property
    def is_empty(self) -> bool:
        """Whether no frame is begun."""
        return not self._held

    def feed(self, piece: bytes) -> list[Frame]:
        """Frames that end in this piece. Raises FrameError."""
        held = self._held
        held += piece
        frames: list[Frame] = []
        start = 0
        while len(held) - start >= _PRELUDE_BYTES:
            total, headers = self._lengths(start)
            if len(held) - start < total:
                break
            frames.append(_frame(bytes(held[start : start + total]), headers))
            start += total
        del held[:start]
        return frames

    def _lengths(self, start: int) -> tuple[int, int]:
        total, headers = _PRELUDE.unpack_from(self._held, start)
        if zlib.crc32(self._held[start : start + _PRELUDE.size]) != _WORD.unpack_from(self._held, start + 8)[0]:
            raise FrameError("the head of a frame is damaged")
        if total > self._most:
            raise FrameError("a frame is longer than allowed")
        if total < headers + _OVERHEAD:
            raise FrameError("the lengths in a frame contradict each other")
        return total, headers


def _frame(raw: bytes, headers: int) -> Frame:
    if zlib.crc32(raw[:-4]) != _WORD.unpack_from(raw, len(raw) - 4)[0]:
        raise FrameError("a frame is damaged")
    end = _PRELUDE_BYTES + headers
    return Frame(_headers(raw[_PRELUDE_BYTES:end]), raw[end:-4])


def _headers(raw: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    try:
        while at < len(raw):
            name_end = at + 1 + raw[at]
            name, kind = raw[at + 1 : name_end].decode(), raw[name_end]
            at = name_end + 1
            if kind in _SIZED:
                size = _LENGTH.unpack_from(raw, at)[0]
                at += _LENGTH.size
            else:
                size = _FIXED_BYTES[kind]
            if at + size > len(raw):
                raise FrameError("the headers of a frame are cut short")
            if kind == _STRING:
                found[name] = raw[at : at + size].decode()
            at += size
    except (IndexError, KeyError, struct.error, UnicodeDecodeError):
        raise FrameError("the headers of a frame are not in their form") from None
    return found
