"""The body of an answer, cut out of a byte stream that arrives in any pieces: server-sent events, or one JSON object.

Follows the WHATWG HTML standard, section 9.2.6 (lines end in LF, CR LF or CR; comments; several `data` lines), with one
kindness: an event that the server forgot to end with a blank line is still given when the stream ends.
"""

from typing import Final

_BOM: Final = b"\xef\xbb\xbf"
_CR: Final = b"\r"
_LF: Final = b"\n"
_CRLF: Final = b"\r\n"
_BLANK: Final = b"\n\n"
_DATA: Final = b"data:"


class BodyTooLargeError(Exception):
    """An event, or a whole body that is no stream of events, is longer than allowed."""


class SseDecoder:
    """Turns pieces of bytes into the data of whole events.

    An event, with the lines that are not data, has at most `max_event_bytes`; no more is held between two pieces.
    """

    def __init__(self, *, max_event_bytes: int) -> None:
        self._limit = max_event_bytes
        self._held = bytearray()
        self._after_cr = False
        self._is_first = True

    def feed(self, piece: bytes) -> list[bytes]:
        """Data of the events that end in this piece. Raises BodyTooLargeError."""
        if self._after_cr or _CR in piece:
            piece = self._with_plain_ends(piece)
        held = self._held
        if not held and piece.endswith(_BLANK):
            # The usual case: whole events, and nothing else.
            return self._events(piece[:-2])
        # A blank line may begin with the last byte that was held.
        searched = max(len(held) - 1, 0)
        held += piece
        end = held.rfind(_BLANK, searched)
        if end < 0:
            whole: list[bytes] = []
        else:
            whole = self._events(bytes(held[:end]))
            del held[: end + 2]
        if len(held) > self._limit + 1:
            raise BodyTooLargeError
        return whole

    def close(self) -> list[bytes]:
        """Data of an event that was not ended."""
        held = bytes(self._held)
        self._held.clear()
        return self._events(held) if held else []

    def _with_plain_ends(self, piece: bytes) -> bytes:
        """Every end of a line as LF. A CR at the end of a piece may be the first half of one end."""
        if self._after_cr and piece.startswith(_LF):
            piece = piece[1:]
            self._after_cr = False
        if piece:
            self._after_cr = piece.endswith(_CR)
        return piece.replace(_CRLF, _LF).replace(_CR, _LF)

    def _events(self, whole: bytes) -> list[bytes]:
        if self._is_first:
            self._is_first = False
            whole = whole.removeprefix(_BOM)
        events: list[bytes] = []
        limit = self._limit
        for block in whole.split(_BLANK):
            if len(block) > limit:
                raise BodyTooLargeError
            if block.startswith(_DATA) and _LF not in block:
                events.append(block[6:] if block.startswith(b" ", 5) else block[5:])
            elif block:
                events.extend(_data_lines(block))
        return events


def _data_lines(block: bytes) -> list[bytes]:
    """The data of one event with other lines: none or one."""
    data: list[bytes] = []
    for line in block.split(_LF):
        name, _, value = line.partition(b":")
        if name == b"data":
            data.append(value.removeprefix(b" "))
    return [_LF.join(data)] if data else []


class BodyDecoder:
    """Like `SseDecoder`, but a body that starts with `{` is one JSON object, from a server that does not stream.

    The content type is not asked: servers and proxies in between are too often wrong about it.
    """

    def __init__(self, *, max_event_bytes: int, max_body_bytes: int) -> None:
        self._events = SseDecoder(max_event_bytes=max_event_bytes)
        self._limit = max_body_bytes
        self._opening = bytearray()
        self._is_json: bool | None = None

    def feed(self, piece: bytes) -> list[bytes]:
        """What became complete with this piece. Raises BodyTooLargeError."""
        if self._is_json is False:
            return self._events.feed(piece)
        self._opening += piece
        if self._is_json is None and (start := self._opening.lstrip()[:1]):
            self._is_json = start == b"{"
            if not self._is_json:
                return self._events.feed(bytes(self._opening))
        if len(self._opening) > self._limit:
            raise BodyTooLargeError
        return []

    def close(self) -> list[bytes]:
        """What was not complete when the stream ended: the JSON object, or an event that was not ended."""
        if self._is_json is False:
            return self._events.close()
        return [bytes(self._opening)] if self._is_json else []
