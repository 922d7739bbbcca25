"""Asking a check that may not answer in time."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, copy_context

from plimsoll.checks import Check, Context, Found


class NoAnswerError(Exception):
    """A check gave no answer in time; told to nobody, since the policy says what follows."""


class Waiter:
    """Whoever waits for what checks say, in a thread; another thread may say that it waits no more."""

    __slots__ = ("_changed", "_left")

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._left = False

    @property
    def has_left(self) -> bool:
        """Whether nobody waits any more."""
        return self._left

    def leave(self) -> None:
        """Wait no more, at once: what is asked then, or was asked and is not answered, has no answer."""
        with self._changed:
            self._left = True
            self._changed.notify_all()

    def tell(self) -> None:
        """Let whoever waits look again."""
        with self._changed:
            self._changed.notify_all()

    def wait(self, answered: Callable[[], bool], timeout_s: float) -> None:
        """Until there is an answer, nobody waits any more, or the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._left or answered(), timeout_s)


_WAITER: ContextVar[Waiter | None] = ContextVar("plimsoll_waiter", default=None)


@contextmanager
def waiting(waiter: Waiter) -> Iterator[None]:
    """Whatever is asked within is asked for this waiter."""
    token = _WAITER.set(waiter)
    try:
        yield
    finally:
        _WAITER.reset(token)


def ask(check: Check, text: str, context: Context, timeout_s: float | None) -> Sequence[Found]:
    """What a check finds. Raises what the check raises, and NoAnswerError when it takes longer than `timeout_s`.

    With a time limit it is asked in a thread of its own, which is left to itself when the time is over, or when nobody
    waits any more: nothing else can end a check of anybody's.
    """
    if timeout_s is None:
        return check.find(text, context)
    waiter = _WAITER.get() or Waiter()
    if waiter.has_left:
        raise NoAnswerError
    answer: list[Sequence[Found]] = []
    fault: list[Exception] = []
    over = threading.Event()

    def find() -> None:
        try:
            # All of it within the time: what is given may be anything that can be gone through.
            answer.append(tuple(check.find(text, context)))
        except Exception as error:  # noqa: BLE001  # raised again by whoever asked
            fault.append(error)
        finally:
            over.set()
            waiter.tell()

    # What it asks is asked for the same request.
    thread = threading.Thread(target=copy_context().run, args=(find,), name=f"check-{check.name}", daemon=True)
    thread.start()
    waiter.wait(over.is_set, timeout_s)
    if fault:
        raise fault[0]
    if not answer:
        raise NoAnswerError
    return answer[0]
