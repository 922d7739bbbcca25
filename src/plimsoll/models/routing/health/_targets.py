"""What this process knows of its targets, shared by all calls."""

import math
from typing import Any

from .._types import Breaking, Target
from ._breaker import Breaker
from ._budget import RetryBudget

_SMOOTHING_S = 30.0
"""A measurement of this age weighs 1/e of a new one."""
_FADING_S = 120.0
"""What is known of a target that nobody asks fades, so that it is asked again one day."""


class Latency:
    """A mean of what a phase took, in seconds, in which older measurements weigh less (an EWMA over time)."""

    __slots__ = ("_at", "_mean_s")

    def __init__(self) -> None:
        self._mean_s = -1.0
        self._at = 0.0

    def add(self, took_s: float, now: float) -> None:
        """One measurement."""
        if self._mean_s < 0:
            self._mean_s = took_s
        else:
            # Calls that end at the same moment count as well.
            old = min(math.exp(-max(0.0, now - self._at) / _SMOOTHING_S), 0.9)
            self._mean_s = old * self._mean_s + (1 - old) * took_s
        self._at = now

    def expected_s(self, now: float) -> float | None:
        """What the phase may take now; None when it was never measured."""
        if self._mean_s < 0:
            return None
        return self._mean_s * math.exp(-max(0.0, now - self._at) / _FADING_S)


class TargetHealth:
    """How one target does.

    - `in_flight` calls are with it now.
    - Until `busy_until` it asked to be left alone (HTTP 429 or 503 with `retry-after`).
    - `first` is the time to the first text of its streams, `whole` the time to its whole answers.
    """

    __slots__ = ("breaker", "busy_until", "first", "in_flight", "whole")

    def __init__(self, rules: Breaking) -> None:
        self.breaker = Breaker(rules)
        self.first = Latency()
        self.whole = Latency()
        self.in_flight = 0
        self.busy_until = 0.0

    def expected_s(self, now: float, *, streams: bool) -> float:
        """How long a call would wait for its text: the measured time of the phase, for each call in flight again.

        A target that was never measured is expected to take no time, so that it will be. The other phase stands in for
        one that was never measured.
        """
        phases = (self.first, self.whole) if streams else (self.whole, self.first)
        known = phases[0].expected_s(now)
        if known is None:
            known = phases[1].expected_s(now) or 0.0
        return known * (1 + self.in_flight)

    def rests_for(self, now: float) -> float:
        """Seconds until it may be asked again."""
        return max(self.busy_until - now, self.breaker.opens_in(now), 0.0)


class Health:
    """Of all targets and routes of a process. It belongs to one event loop."""

    def __init__(self) -> None:
        self._targets: dict[tuple[str, Breaking], TargetHealth] = {}
        self._budgets: dict[tuple[str, float], RetryBudget] = {}

    def of(self, target: Target[Any], rules: Breaking) -> TargetHealth:
        """Of a target, under the rules of a route."""
        key = (target.identity, rules)
        if key not in self._targets:
            self._targets[key] = TargetHealth(rules)
        return self._targets[key]

    def budget(self, route: str, percent: float) -> RetryBudget:
        """The retries of a route."""
        key = (route, percent)
        if key not in self._budgets:
            self._budgets[key] = RetryBudget(percent)
        return self._budgets[key]
