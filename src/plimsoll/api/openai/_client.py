"""Ends work for a client that is not there any more."""

import asyncio
from types import TracebackType

from starlette.types import Receive

from .._errors import ClientGoneError


class WhileConnected:
    """Cancels its body as soon as the client disconnects, and raises ClientGoneError instead.

    The whole request body must have been read before. The cancellation comes once, as with `asyncio.timeout`, so that
    the code which is stopped can still await while it cleans up.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._gone = False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            msg = "outside a task there is nothing to cancel"
            raise RuntimeError(msg)
        self._task = task
        self._watcher = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        self._task.cancel()

    async def __aexit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        # Nothing may be awaited here: a cancellation that came in between would hit code outside the body.
        self._watcher.cancel()
        if self._gone:
            self._task.uncancel()
            raise ClientGoneError from error
