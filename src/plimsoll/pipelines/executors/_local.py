"""Work in local processes, one item at a time each, so that a hostile input can only end its own process."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import wait as wait_for_sentinel
from typing import Generic, TypeVar

from pebble import ProcessExpired, ProcessPool

from plimsoll.kernel.errors import PlimsollError

from .._errors import StageCrashedError, StageTimeoutError

T = TypeVar("T")
R = TypeVar("R")

_AHEAD_PER_WORKER = 4


@dataclass(frozen=True, slots=True)
class Done(Generic[T, R]):
    """An item, and what became of it."""

    item: T
    result: R


@dataclass(frozen=True, slots=True)
class Failed(Generic[T]):
    """An item, and why there is no result."""

    item: T
    error: PlimsollError


Outcome = Done[T, R] | Failed[T]


def map_isolated(
    function: Callable[[T], R],
    items: Iterable[T],
    *,
    workers: int,
    timeout_s: float,
    describe: Callable[[T], str],
) -> Iterator[Outcome[T, R]]:
    """Apply a picklable function to each item in `workers` processes; outcomes come as they are ready.

    An expected error (PlimsollError) of one item, a crash of its process or a timeout becomes that item's Failed; the
    other items go on. Any other exception is a fault of ours and is raised. Processes end with this one, even when it
    is killed.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPool(max_workers=workers, context=context, initializer=_end_with_parent) as pool:
        stop: Callable[[], None] = pool.stop
        try:
            yield from _run(pool, function, iter(items), (workers * _AHEAD_PER_WORKER, timeout_s, describe))
        except BaseException:
            stop()
            raise


def _run(
    pool: ProcessPool,
    function: Callable[[T], R],
    items: Iterator[T],
    limits: tuple[int, float, Callable[[T], str]],
) -> Iterator[Outcome[T, R]]:
    ahead, timeout_s, describe = limits
    waiting: dict[Future[R], T] = {}
    while True:
        for item in islice(items, ahead - len(waiting)):
            waiting[pool.schedule(function, args=[item], timeout=timeout_s)] = item
        if not waiting:
            return
        for future in wait(waiting, return_when=FIRST_COMPLETED).done:
            item = waiting.pop(future)
            yield _outcome(future, item, timeout_s, describe)


def _outcome(future: "Future[R]", item: T, timeout_s: float, describe: Callable[[T], str]) -> Outcome[T, R]:
    try:
        return Done(item, future.result())
    except PlimsollError as error:
        return Failed(item, error)
    except TimeoutError:
        return Failed(item, StageTimeoutError(describe(item), timeout_s))
    except ProcessExpired:
        return Failed(item, StageCrashedError(describe(item)))


def _end_with_parent() -> None:
    """Watch the parent from a thread, because a process whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        sentinel = parent.sentinel
        threading.Thread(target=_exit_after, args=[sentinel], daemon=True).start()


def _exit_after(sentinel: int) -> None:
    wait_for_sentinel([sentinel])
    os._exit(1)
