"""The event loop in which checks ask: one thread for all of them, however many wait."""

import asyncio
import concurrent.futures
import contextvars
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from plimsoll.http import is_public

from ._errors import CheckTimeoutError, OutsideClosedError, PrivateAddressError

T = TypeVar("T")

PUBLIC_ONLY: Final = contextvars.ContextVar("plimsoll_public_only", default=False)
"""Whether names that are looked up now may only stand for machines of the public internet."""
_LOOKUPS: Final = 64
"""Names that are looked up at the same time: one that takes long must not keep the others waiting."""
_GRACE_S: Final = 1.0


class OutsideLoop:
    """Runs what checks ask in one thread, which begins with the first of them and ends with `close`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def run(self, check: str, work: Callable[[], Awaitable[T]], timeout_s: float) -> T:
        """What comes of `work()`, which is cancelled when it takes longer than `timeout_s`.

        Any number of threads may wait at the same time. Raises CheckTimeoutError, OutsideClosedError, and what the
        work raises.
        """
        with self._lock:
            # Under the lock, so that whatever is handed over comes before the end, and is cancelled by it.
            loop = self._started()
            future = asyncio.run_coroutine_threadsafe(_within(work, timeout_s), loop)
        try:
            return future.result(timeout_s + _GRACE_S)
        except TimeoutError:
            raise CheckTimeoutError(check, timeout_s) from None
        except concurrent.futures.CancelledError:
            raise OutsideClosedError from None
        finally:
            future.cancel()

    def close(self, last: Callable[[], Awaitable[None]] | None = None) -> None:
        """End the thread, after `last` was done in it; what still runs is cancelled. Nothing can be asked after it."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
            self._is_closed = True
        if loop is None or thread is None:
            return
        if last is not None:
            asyncio.run_coroutine_threadsafe(_within(last, _GRACE_S), loop).exception(2 * _GRACE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._is_closed:
            raise OutsideClosedError
        if self._loop is None:
            self._loop = loop = _GuardedLoop()
            self._thread = threading.Thread(target=_serve, args=(loop,), name="plimsoll-outside", daemon=True)
            self._thread.start()
        return self._loop


class _GuardedLoop(asyncio.SelectorEventLoop):
    """Looks at every address that a name stands for before it is connected to.

    The connection goes to that very address: a name that means another machine a moment later leads nowhere.
    """

    async def getaddrinfo(self, host: Any, port: Any, **how: Any) -> list[Any]:
        found = await super().getaddrinfo(host, port, **how)
        if not PUBLIC_ONLY.get():
            return found
        allowed = [one for one in found if is_public(str(one[4][0]))]
        if not allowed:
            raise PrivateAddressError(str(host))
        return allowed


def check_host(url: str) -> None:
    """Raise PrivateAddressError where an address names a private machine by its number.

    Names are looked at when they are looked up.
    """
    host = urlsplit(url).hostname or ""
    try:
        public = is_public(host)
    except ValueError:
        return
    if not public:
        raise PrivateAddressError(host)


async def _within(work: Callable[[], Awaitable[T]], timeout_s: float) -> T:
    async with asyncio.timeout(timeout_s):
        return await work()


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    lookups = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="plimsoll-lookup")
    loop.set_default_executor(lookups)
    try:
        loop.run_forever()
        loop.run_until_complete(_cancel_all(asyncio.all_tasks(loop)))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        # Nobody waits for a name that is still being looked up.
        lookups.shutdown(wait=False, cancel_futures=True)
        loop.close()


async def _cancel_all(tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
