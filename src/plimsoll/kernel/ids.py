"""Random names for things that happen, in the sizes of W3C Trace Context."""

import os
import threading

_TRACE_BYTES = 16
_SPAN_BYTES = 8
_POOL_BYTES = 4096


class _Pool(threading.local):
    """Random bytes of the system, fetched many at a time: asking the system for each name costs more than all else."""

    def __init__(self) -> None:
        self._bytes = b""
        self._used = 0

    def take(self, count: int) -> bytes:
        if self._used + count > len(self._bytes):
            self._bytes, self._used = os.urandom(_POOL_BYTES), 0
        start = self._used
        self._used = start + count
        return self._bytes[start : self._used]

    def forget(self) -> None:
        self._bytes = b""
        self._used = 0


_pool = _Pool()
# A process that forks must not hand out the same names as its child.
os.register_at_fork(after_in_child=_pool.forget)


def new_trace_id() -> str:
    """32 hexadecimal digits, never all zero (W3C Trace Context, trace-id)."""
    return _pool.take(_TRACE_BYTES).hex()


def new_span_id() -> str:
    """16 hexadecimal digits (W3C Trace Context, parent-id)."""
    return _pool.take(_SPAN_BYTES).hex()
