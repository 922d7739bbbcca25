"""Random names for things that happen, in the sizes of W3C Trace Context."""

import os
import threading

_TRACE_DIGITS = 32
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
    """32 hexadecimal digits, never all zero (W3C Trace Context, trace-id)."""
    return _pool.take(_TRACE_DIGITS)


def new_span_id() -> str:
    """16 hexadecimal digits (W3C Trace Context, parent-id)."""
    return _pool.take(_SPAN_DIGITS)
