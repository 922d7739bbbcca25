"""Ending an `await` from outside, and nothing else that the task does."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar

T = TypeVar("T")
Reason = Literal["deadline", "first_token", "hedge"]


class InterruptedWaitError(Exception):
    """The wait was ended from outside; `reason` says by what."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Wait:
    """The waits of one call, which timers may end.

    - Only what is awaited between `begin` and `end` is ended. (`asyncio.timeout` cannot be held open across the `yield`
      of a generator: it would end whatever the reader of the stream waits for meanwhile.)
    - What comes between two waits ends the next one before it begins.
    - A deadline ends every wait from then on; another reason ends one.
    - When the task itself is cancelled at the same moment, that counts.
    """

    __slots__ = ("_before", "_fired", "_over", "_reason", "_task")

    def __init__(self) -> None:
        self._task: asyncio.Task[object] | None = None
        self._before = 0
        self._reason: Reason | None = None
        self._over = False
        self._fired = False

    def interrupt(self, reason: Reason) -> None:
        """End the wait that goes on, or the next one. Called by the event loop or another task."""
        self._over = self._over or reason == "deadline"
        self._reason = self._reason or reason
        if self._task is not None and not self._fired:
            self._fired = True
            self._task.cancel()

    def forget(self, reason: Reason) -> None:
        """Take back a reason that has not ended a wait yet."""
        if self._reason == reason:
            self._reason = None

    async def of(self, make: Callable[[], Awaitable[T]]) -> T:
        """What is waited for. Raises InterruptedWaitError, and what the awaitable raises."""
        self.begin()
        try:
            result = await make()
        except BaseException as error:
            if self.ended_by(error):
                raise self.told() from None
            raise
        self.end()
        return result

    def begin(self) -> None:
        """What the task awaits from here on may be ended. Raises InterruptedWaitError when that is due already."""
        if self._reason is not None or self._over:
            raise self.told()
        self._task = task = asyncio.current_task()
        # A coroutine runs in a task.
        self._before = task.cancelling()  # type: ignore[union-attr]

    def end(self) -> None:
        """The await gave a result. Raises InterruptedWaitError when it was ended in the same moment."""
        if self._fired:
            self.ended_by(None)
            raise self.told()
        self._task = None

    def ended_by(self, error: BaseException | None) -> bool:
        """The await raised `error`: whether only because it was ended, so that `told` is what to raise instead."""
        task, fired = self._task, self._fired
        self._task, self._fired = None, False
        if task is None or not fired:
            return False
        alone = task.uncancel() <= self._before
        return alone and isinstance(error, asyncio.CancelledError)

    def told(self) -> InterruptedWaitError:
        """Why the wait was ended; it is told once."""
        reason, self._reason = self._reason, None
        return InterruptedWaitError("deadline" if self._over or reason is None else reason)


class Deadlines:
    """The ends of all calls of a route: one timer for all of them, because each call has the same time."""

    __slots__ = ("_clock", "_due", "_loop", "_total_s")

    def __init__(self, total_s: float, clock: Callable[[], float]) -> None:
        self._total_s = total_s
        self._clock = clock
        # In the order in which they began, which is the order in which they end.
        self._due: dict[Wait, float] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        """Where a timer runs."""

    def add(self, wait: Wait, began: float) -> None:
        """Interrupt a wait when its call has had its time."""
        self._due[wait] = began + self._total_s
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            loop.call_later(max(0.0, began + self._total_s - self._clock()), self._end_late)

    def remove(self, wait: Wait) -> None:
        """The call has ended."""
        self._due.pop(wait, None)

    def _end_late(self) -> None:
        while self._due:
            wait, due = next(iter(self._due.items()))
            left_s = due - self._clock()
            if left_s > 0 and self._loop is not None:
                self._loop.call_later(left_s, self._end_late)
                return
            del self._due[wait]
            wait.interrupt("deadline")
        self._loop = None
