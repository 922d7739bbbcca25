"""Reading a stream in a task of its own."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from plimsoll.kernel.errors import PlimsollError

from .._types import ChatEvent

_AHEAD = 64
"""Events that are read before anybody asks for them."""


class Pump:
    """Reads a stream from the moment it is made, a little ahead of its reader.

    A generator is opened, read and closed by one task, because what is inside of it (timeouts, say) may belong to that
    task.
    """

    def __init__(
        self, source: AsyncGenerator[ChatEvent], speaks: Callable[[ChatEvent], bool], on_speech: Callable[[], None]
    ) -> None:
        self.failed: PlimsollError | None = None
        """Why the stream broke off, if it did."""
        self._source = source
        self._speaks = speaks
        self._on_speech = on_speech
        self._read: asyncio.Queue[ChatEvent | Exception] = asyncio.Queue(_AHEAD)
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def __anext__(self) -> ChatEvent:
        """The next event. Raises what the stream raises, and StopAsyncIteration at its end."""
        item = await self._read.get()
        if isinstance(item, Exception):
            raise item
        return item

    async def aclose(self) -> None:
        """Close the stream, also when nobody read it to its end."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        spoke = False
        try:
            async with aclosing(self._source):
                async for event in self._source:
                    await self._read.put(event)
                    if not spoke and self._speaks(event):
                        spoke = True
                        self._on_speech()
            await self._read.put(StopAsyncIteration())
        except PlimsollError as error:
            self.failed = error
            await self._read.put(error)
        except Exception as error:  # noqa: BLE001  # it is raised where the stream is read
            await self._read.put(error)
