"""An option that makes calls better, and that some servers refuse."""

import time
from collections.abc import Callable
from typing import Final

_OK: Final = 200
_REFUSALS: Final = frozenset({400, 422})
_REMEMBERED_S: Final = 3600.0


class Option:
    """Whether a server is asked with an option.

    Servers repeat what callers wrote in their refusals, so that a refusal which names the option proves nothing: only
    the same call without it does, when that is answered. That is remembered for an hour; and not at all of a server
    that took the option before, because then it was something in the call that did not go with it.
    """

    __slots__ = ("_clock", "_is_known", "_left_out_until", "_name")

    def __init__(self, name: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name.encode()
        self._clock = clock
        self._left_out_until: float | None = None
        self._is_known = False

    @property
    def is_sent(self) -> bool:
        """Whether to send it with the next call."""
        return self._left_out_until is None or self._clock() >= self._left_out_until

    def taken(self) -> None:
        """A call with it was answered."""
        self._is_known = True
        self._left_out_until = None

    def may_be_refused(self, status: int, refusal: bytes, call_without: bytes) -> bool:
        """Whether a call is worth another try without it. Never where the caller's own words may stand in `refusal`."""
        return status in _REFUSALS and self._name in refusal and self._name not in call_without

    def left_out(self, status: int) -> None:
        """The same call without it got this status."""
        if status == _OK and not self._is_known:
            self._left_out_until = self._clock() + _REMEMBERED_S
