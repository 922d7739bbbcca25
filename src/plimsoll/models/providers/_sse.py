"""The body of an answer, cut out of a byte stream that arrives in any pieces: server-sent events, or one JSON object.

Follows the WHATWG HTML standard, section 9.2.6 (lines end in LF, CR LF or CR; comments; several `data` lines), with one
kindness: an event that the server forgot to end with a blank line is still given when the stream ends.
"""

from typing import Final

_BOM: Final = b"\xef\xbb\xbf"
_CR: Final = b"\r"
_LF: Final = b"\n"


class BodyTooLargeError(Exception):
    """An event, or a whole body that is no stream of events, is longer than allowed."""


class SseDecoder:
    """Turns pieces of bytes into the data of whole events; what it holds never exceeds `max_event_bytes`."""

    def __init__(self, *, max_event_bytes: int) -> None:
        self._limit = max_event_bytes
        self._line = bytearray()
        self._data: list[bytes] = []
        self._held = 0
        self._after_cr = False
        self._first_line = True

    def feed(self, piece: bytes) -> list[str]:
        """Data of the events that end in this piece. Raises BodyTooLargeError."""
        events: list[str] = []
        for part in piece.splitlines(keepends=True):
            # splitlines of bytes cuts at LF, CR and CR LF only, as the standard does.
            if self._after_cr and part == _LF:
                self._after_cr = False
                continue
            self._after_cr = part.endswith(_CR)
            self._line += part.rstrip(b"\r\n")
            if len(self._line) + self._held > self._limit:
                raise BodyTooLargeError
            if part.endswith((_LF, _CR)):
                events.extend(self._end_line())
        return events

    def close(self) -> list[str]:
        """Data of an event that was not ended."""
        return [*self._end_line(), *self._end_event()]

    def _end_line(self) -> list[str]:
        line = bytes(self._line)
        self._line.clear()
        if self._first_line:
            line, self._first_line = line.removeprefix(_BOM), False
        if not line:
            return self._end_event()
        name, _, value = line.partition(b":")
        if name == b"data":
            value = value.removeprefix(b" ")
            self._data.append(value)
            self._held += len(value) + 1
        return []

    def _end_event(self) -> list[str]:
        if not self._data:
            return []
        event = b"\n".join(self._data).decode("utf-8", "replace")
        self._data, self._held = [], 0
        return [event]


class BodyDecoder:
    """Like `SseDecoder`, but a body that starts with `{` is one JSON object, from a server that does not stream.

    The content type is not asked: servers and proxies in between are too often wrong about it.
    """

    def __init__(self, *, max_event_bytes: int, max_body_bytes: int) -> None:
        self._events = SseDecoder(max_event_bytes=max_event_bytes)
        self._limit = max_body_bytes
        self._opening = bytearray()
        self._is_json: bool | None = None

    def feed(self, piece: bytes) -> list[str]:
        """What became complete with this piece. Raises BodyTooLargeError."""
        if self._is_json is False:
            return self._events.feed(piece)
        self._opening += piece
        if len(self._opening) > self._limit:
            raise BodyTooLargeError
        start = self._opening.lstrip()[:1]
        if self._is_json or not start:
            return []
        self._is_json = start == b"{"
        return [] if self._is_json else self._events.feed(bytes(self._opening))

    def close(self) -> list[str]:
        """What was not complete when the stream ended: the JSON object, or an event that was not ended."""
        if self._is_json is False:
            return self._events.close()
        return [self._opening.decode("utf-8", "replace")] if self._is_json else []
