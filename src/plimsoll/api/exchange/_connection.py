"""Ends work for a client that is not there any more."""

import asyncio
from types import TracebackType

from starlette.types import Receive

from .._errors import ClientGoneError

_PATIENCE_S = 0.02
"""Work that is done sooner needs no watch: most answers of a fast upstream cost no task for it."""


class WhileConnected:
    """Cancels its body as soon as the client disconnects, and raises ClientGoneError instead.

    The whole request body must have been read before. The cancellation comes once, as with `asyncio.timeout`, so that
    the code which is stopped can still await while it cleans up. The first moments are not watched.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._gone = False
        self._watcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            msg = "outside a task there is nothing to cancel"
            raise RuntimeError(msg)
        self._task = task
        self._timer = loop.call_later(_PATIENCE_S, self._begin)

    def _begin(self) -> None:
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
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        if self._gone:
            self._task.uncancel()
            raise ClientGoneError from error
