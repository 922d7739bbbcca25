"""One answer as far as it has come: bytes in, status, headers and body out. It does no I/O."""

from collections.abc import Mapping
from typing import Final

import httptools

_FINAL: Final = 200
_SWITCHING: Final = 101
_STATUSES: Final = range(100, 600)
_MOST_HEADERS: Final = 256
_VERSIONS: Final = frozenset({"1.1", "1.0"})


class MalformedAnswerError(Exception):
    """These bytes are no answer. It never leaves this room; `args[0]` says why, without any of the bytes."""


class Answer:
    """Takes the bytes of one answer in any pieces.

    What comes after its end is not read; a connection on which that happened is not used again.
    """

    __slots__ = (
        "_is_bodiless",
        "_limit",
        "_parser",
        "_problem",
        "_silent",
        "fields",
        "is_complete",
        "keeps_alive",
        "pieces",
        "status",
        "unread",
    )

    def __init__(self, *, is_bodiless: bool, max_header_bytes: int) -> None:
        self._is_bodiless = is_bodiless
        self._limit = max_header_bytes
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._problem = ""
        self._silent = 0
        self.fields: list[tuple[bytes, bytes]] = []
        """The headers, as they came."""
        self.status = 0
        """0 until the head is whole."""
        self.is_complete = False
        self.keeps_alive = False
        """Whether the connection can carry another exchange; known when the answer is complete."""
        self.pieces: list[bytes] = []
        """Pieces of the body that nobody took yet."""
        self.unread = 0
        """Their bytes."""

    @property
    def is_untouched(self) -> bool:
        """Whether not one byte has come yet."""
        return not self.status and not self._silent

    def feed(self, data: bytes) -> None:
        """More bytes. Raises MalformedAnswerError."""
        parser = self._parser
        if parser is None:
            self.keeps_alive = False
            return
        self._silent += len(data)
        try:
            parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._problem = "it switches to another protocol"
        except httptools.HttpParserError as error:
            # The words are the parser's own, never the server's.
            self._problem = self._problem or f"{error}"
            self.keeps_alive = False
        if self.is_complete:
            return
        if self._problem:
            raise MalformedAnswerError(self._problem)
        if self._silent > self._limit:
            raise MalformedAnswerError(f"more than {self._limit} bytes came that are no part of the body")

    def end(self) -> None:
        """The server will send no more: some answers end with their connection."""
        if self.status and not self.is_complete and self._ends_with_connection():
            self._complete(keeps_alive=False)

    def take(self) -> bytes:
        """What of the body came since the last call."""
        pieces = self.pieces
        piece = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self.unread = 0
        return piece

    def headers(self) -> Mapping[str, str]:
        """Names in lower case; values of a repeated name are joined."""
        values: dict[str, list[str]] = {}
        for name, value in self.fields:
            values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        return {name: ", ".join(parts) for name, parts in values.items()}

    def declared_bytes(self) -> int:
        """The length of the body where the server says it, else 0."""
        length = self.headers().get("content-length", "")
        return int(length) if length.isdecimal() and length.isascii() else 0

    def on_status(self, status: bytes) -> None:
        """Called by the parser: the words after the number, or a part of them."""
        if len(status) > self._limit:
            self._problem = self._problem or "its status line is too long"

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser for a header, and for a trailer, which is not kept."""
        if self.status or self.is_complete:
            return
        self.fields.append((name, value))

    def on_headers_complete(self) -> None:
        """Called by the parser when a head is whole, also that of an interim answer."""
        parser = self._parser
        if parser is None or self._problem:
            return
        status = parser.get_status_code()
        self._problem = self._head_problem(status, parser.get_http_version())
        if self._problem or status < _FINAL:
            self.fields = []
            return
        self.status = status
        self._silent = 0
        if self._is_bodiless:
            self._complete(keeps_alive=parser.should_keep_alive())

    def on_body(self, body: bytes) -> None:
        """Called by the parser for a piece of the body."""
        if self.is_complete:
            self.keeps_alive = False
            return
        self.pieces.append(body)
        self.unread += len(body)
        self._silent = 0

    def on_message_begin(self) -> None:
        """Called by the parser: a second answer on the same connection belongs to nobody."""
        if self.is_complete:
            self.keeps_alive = False

    def on_message_complete(self) -> None:
        """Called by the parser when the body ended by its own length."""
        if self.status and self._parser is not None:
            self._complete(keeps_alive=self._parser.should_keep_alive())

    def _complete(self, *, keeps_alive: bool) -> None:
        self.is_complete = True
        self.keeps_alive = keeps_alive and not self._problem
        self._parser = None  # it holds this object: without the cycle both go at once

    def _head_problem(self, status: int, version: str) -> str:
        if version not in _VERSIONS:
            return "it is not HTTP/1.1"
        if status not in _STATUSES or status == _SWITCHING:
            return "its status is none that was asked for"
        if len(self.fields) > _MOST_HEADERS:
            return "it has too many headers"
        # What came is never shorter than its headers but for a space each, and seldom long enough to be added up.
        longest = self._silent + len(self.fields)
        if longest > self._limit and sum(len(name) + len(value) + 4 for name, value in self.fields) > self._limit:
            return f"its headers have more than {self._limit} bytes"
        return ""

    def _ends_with_connection(self) -> bool:
        headers = self.headers()
        coding = headers.get("transfer-encoding")
        if coding is not None:
            return coding.rpartition(",")[2].strip().lower() != "chunked"
        return "content-length" not in headers
