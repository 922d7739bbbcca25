"""Work that takes long, in a thread of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import Final, TypeVar

from plimsoll.checks.outside.requests import inquiring
from plimsoll.guardrails.requests import waiting
from plimsoll.models import Body

from ._asker import Asker

LARGE_BYTES: Final = 65_536
"""From this size on a text is large: looking through one takes as long as a whole request else does."""
_THREADS: Final = 2
"""More would not be faster: the engine of the patterns runs beside Python, and what follows on a finding does not."""
_WAITING_THREADS: Final = 64
"""For checks that ask somebody else: hardly any work is done in these, so there may be many."""
T = TypeVar("T")
Given = TypeVar("Given")


async def beside(work: Callable[[Given], T], given: Given, *, size_bytes: int, asker: Asker, waits: bool = False) -> T:
    """`work(given)`: at once where little is given, else in a thread while the event loop goes on.

    All large work of a process shares a few threads, and waits for them in its order. Work that `waits` for somebody
    else has many of its own. When the caller goes away, so does `asker`, which makes the work end soon: this returns
    only when nothing runs any more. Raises what the work raises.
    """
    if not waits and size_bytes < LARGE_BYTES:
        return work(given)
    job = _waiting_threads().submit(_asked, asker, work, given) if waits else _threads().submit(work, given)
    ended = asyncio.wrap_future(job)
    try:
        return await asyncio.shield(ended)
    except asyncio.CancelledError:
        asker.leave()
        if not job.cancel():
            await _rest(ended)
        raise


def said_bytes(body: Body) -> int:
    """About how much a whole answer says: in its texts, and in the arguments of its calls."""
    size = 0
    for choice in body["choices"]:
        message = choice["message"]
        size += len(message.get("content") or "") + len(message.get("reasoning_content") or "")
        for call in message.get("tool_calls") or ():
            size += len((call.get("function") or {}).get("arguments") or "")
    return size


async def _rest(ended: "asyncio.Future[T]") -> None:
    """Until work that was told to leave has left, however often the caller is told to go."""
    while not ended.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([ended])
    if not ended.cancelled():
        ended.exception()


def _asked(asker: Asker, work: Callable[[Given], T], given: Given) -> T:
    with waiting(asker.waiter()), inquiring(asker.inquiry):
        return work(given)


@cache
def _waiting_threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_WAITING_THREADS, thread_name_prefix="plimsoll-waiting")


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="plimsoll-large")
