"""When to leave a target alone."""

from collections import deque
from typing import Final, Literal

from .._types import Breaking

State = Literal["closed", "open", "half_open"]

_LOOKED_AT: Final = 100
"""So many calls, the last ones, say how large a share of them fails."""


class Breaker:
    """A circuit breaker: pure rules over moments that are handed in, in seconds of one clock.

    - Closed: every call may pass. It opens when at least `failures` calls failed within `window_s`, and these are half
      or more of the calls that ended since the first of them. Failures that are more than 100 calls ago do not count:
      so a few among very many good ones open nothing, and an outage is noticed at any rate of calls.
    - Open: no call may pass for `open_s`.
    - Half-open, from then on: one call may pass as a probe, and no other until it has ended. Its success closes the
      breaker and forgets all failures; its failure opens the breaker for another `open_s`; when it is given up, the
      next call is the probe.
    - What calls report that began before the breaker opened counts for nothing while it is not closed.
    """

    __slots__ = ("_ended", "_failed", "_open_until", "_probing", "_rules")

    def __init__(self, rules: Breaking) -> None:
        self._rules = rules
        self._ended = 0
        """Calls that ended well or badly."""
        self._failed: deque[tuple[int, float]] = deque()
        """The failures that still count: which call it was, and when it ended."""
        self._open_until: float | None = None
        self._probing = False

    def state(self, now: float) -> State:
        """What it is at a moment."""
        if self._open_until is None:
            return "closed"
        return "open" if now < self._open_until else "half_open"

    @property
    def is_closed(self) -> bool:
        """Whether every call may pass."""
        return self._open_until is None

    def opens_in(self, now: float) -> float:
        """Seconds until a call may pass again; 0 when one may, or when only a probe is waited for."""
        return 0.0 if self._open_until is None else max(0.0, self._open_until - now)

    def admit(self, now: float) -> bool | None:
        """Whether a call may pass: False for no, True for a usual call, None for the probe.

        Whoever gets None must report how it ended with `is_probe`.
        """
        if self._open_until is None:
            return True
        if now < self._open_until or self._probing:
            return False
        self._probing = True
        return None

    def succeed(self, *, is_probe: bool) -> None:
        """A call ended well."""
        self._ended += 1
        if is_probe:
            self._open_until = None
            self._probing = False
            self._failed.clear()

    def fail(self, now: float, *, is_probe: bool) -> None:
        """A call failed in a way that the target is to blame for."""
        if is_probe:
            self._probing = False
            self._open_until = now + self._rules.open_s
        elif self._open_until is None:
            self._ended += 1
            self._failed.append((self._ended, now))
            self._forget(now)
            since_first = self._ended - self._failed[0][0] + 1
            if len(self._failed) >= self._rules.failures and 2 * len(self._failed) >= since_first:
                self._open_until = now + self._rules.open_s

    def _forget(self, now: float) -> None:
        """Drop the failures that are too long ago; never the last one."""
        oldest_call = self._ended - max(_LOOKED_AT, 2 * self._rules.failures)
        while self._failed[0][0] <= oldest_call or now - self._failed[0][1] > self._rules.window_s:
            self._failed.popleft()

    def give_up(self, *, is_probe: bool) -> None:
        """A call ended without saying anything about the target: the caller went away, or another was faster."""
        if is_probe:
            self._probing = False
