"""Random names for things that happen, in the sizes of W3C Trace Context."""

import os
import threading

from .clock import unix_seconds

_RANDOM_DIGITS = 22
_TIME_MASK = (1 << 40) - 1
_SPAN_DIGITS = 16
_POOL_BYTES = 4096


class _Pool(threading.local):
    """Random digits of the system, fetched many at a time: asking the system for each name costs more than all else."""

    def __init__(self) -> None:
        self._digits = ""
        self._used = 0

    def take(self, count: int) -> str:
        start = self._used
        end = start + count
        if end > len(self._digits):
            self._digits, start, end = os.urandom(_POOL_BYTES).hex(), 0, count
        self._used = end
        return self._digits[start:end]

    def forget(self) -> None:
        self._digits = ""
        self._used = 0


_pool = _Pool()
# A process that forks must not hand out the same names as its child.
os.register_at_fork(after_in_child=_pool.forget)


def new_trace_id() -> str:
    """32 hexadecimal digits (W3C Trace Context, trace-id): 8 random ones, 10 of the time in ms, 14 random ones.

    New ids are neighbours in an index that begins with the ten, so that writing one touches no cold page. The first
    and the last digits tell nothing: an id can be named by its first ones, and cannot be guessed from the time.
    """
    drawn = _pool.take(_RANDOM_DIGITS)
    return f"{drawn[:8]}{int(unix_seconds() * 1000) & _TIME_MASK:010x}{drawn[8:]}"


def new_span_id() -> str:
    """16 hexadecimal digits (W3C Trace Context, parent-id)."""
    return _pool.take(_SPAN_DIGITS)
