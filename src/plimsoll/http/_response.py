"""The answer to one request, and its way back to the pool."""

import functools
from collections.abc import Callable, Mapping

from ._answer import Answer
from ._connection import Connection
from ._errors import BrokenConnectionError, ResponseTooLargeError
from ._request import Origin

GiveBack = Callable[[Origin, Connection], None]


class Response:
    """An answer whose head is here. One task reads it; whoever got it calls `release` in the end, in any case."""

    __slots__ = ("_answer", "_connection", "_give_back", "_origin", "status")

    def __init__(self, answer: Answer, connection: Connection, origin: Origin, give_back: GiveBack) -> None:
        self.status: int = answer.status
        """Such as 200."""
        self._answer = answer
        self._connection: Connection | None = connection
        self._origin = origin
        self._give_back = give_back

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in lower case; values of a repeated name are joined with a comma."""
        return self._answer.headers()

    async def piece(self) -> bytes:
        """What of the body arrived since the last call, waiting for some; empty at the end. Raises ExchangeError."""
        answer = self._answer
        if not answer.is_complete:
            connection = self._connection
            if connection is None or answer.pieces:
                self._check(connection)
            else:
                try:
                    await connection.progress()
                except BaseException:
                    self.release()
                    raise
        piece = answer.take()
        if answer.is_complete:
            self.release()
        elif self._connection is not None:
            self._connection.taken()
        return piece

    async def read(self, most_bytes: int) -> bytes:
        """The whole body. Raises ResponseTooLargeError above `most_bytes`, and otherwise ExchangeError."""
        answer = self._answer
        if answer.is_complete and answer.unread <= most_bytes:
            # It came with its head, as short answers do.
            body = answer.take()
            self.release()
            return body
        if not answer.is_complete and answer.declared_bytes() > most_bytes:
            raise self._too_large(most_bytes)
        pieces: list[bytes] = []
        held = 0
        while not answer.is_complete or answer.pieces:
            piece = await self.piece()
            held += len(piece)
            if held > most_bytes:
                raise self._too_large(most_bytes)
            pieces.append(piece)
        self.release()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def release(self) -> None:
        """Give the connection back: kept when the body was read to its end, else closed. Calling it again is fine."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._give_back(self._origin, connection)

    def end_soon(self, within_s: float = 1.0) -> None:
        """Nothing more is needed, and the end of the body is about to come: wait for it in the background.

        The connection is kept when it comes within this time, else closed. In this way the last bytes of a stream cost
        neither the reader a wait nor the next request a new connection.
        """
        connection = self._connection
        if connection is None or self._answer.is_complete:
            self.release()
            return
        self._connection = None
        connection.end_soon(within_s, functools.partial(self._give_back, self._origin, connection))

    def _check(self, connection: Connection | None) -> None:
        """Whether what is here already may be read."""
        if connection is None:
            if not self._answer.pieces:
                raise BrokenConnectionError(self._origin.name, "the answer was released before it was whole")
            return
        try:
            connection.check_total()
        except BaseException:
            self.release()
            raise

    def _too_large(self, most_bytes: int) -> ResponseTooLargeError:
        self.release()
        return ResponseTooLargeError(self._origin.name, most_bytes)
