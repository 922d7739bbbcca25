"""One call of a route: whom it may still ask, and what it has tried."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, Literal

from plimsoll.kernel.errors import PlimsollError

from .._types import Attempt, CallCosts, Usage
from ._errors import RouteRestingError
from ._failure import is_busy, is_ill, is_late, may_be_billed, meaning_of, retry_after_of, tell_attempts, worst_of
from ._order import Random, by_latency, by_price, by_weight
from ._types import M, RoutePolicy, Target
from ._wait import Deadlines
from .health import Health, TargetHealth

OnAttempt = Callable[[str, Attempt], None]
"""Told of every decision, with the name of the route."""

_LONGEST_REST_S = 60.0
"""However long a target asks to be left alone: servers are known to say nonsense."""
_PROBE_S = 1.0
"""When to come back where a single probe decides."""


class Place(Generic[M]):
    """A target of a route, and how it does."""

    __slots__ = ("health", "name", "target")

    def __init__(self, target: Target[M], health: TargetHealth) -> None:
        self.target = target
        self.health = health
        self.name = target.name


class Route(Generic[M]):
    """What all calls of a route have in common."""

    def __init__(
        self,
        name: str,
        targets: Sequence[Target[M]],
        policy: RoutePolicy,
        *,
        health: Health,
        clock: Callable[[], float],
        random: Random,
    ) -> None:
        self.name = name
        self.policy = policy
        self.places = tuple(Place(target, health.of(target, policy.breaking)) for target in targets)
        self.only = self.places[0] if len(self.places) == 1 else None
        """The place of a route that has one."""
        self.budget = health.budget(name, policy.retries.budget_percent)
        self.deadlines = Deadlines(policy.timing.total_s, clock)
        self.clock = clock
        self.random = random
        self.on_attempt: OnAttempt | None = None
        self._targets = tuple(targets)
        self._fixed = by_price(targets) if policy.strategy == "cheapest" else tuple(range(len(targets)))

    def order(self, now: float, *, streams: bool) -> list[Place[M]]:
        """The places in which to ask, those last that asked to be left alone."""
        if len(self.places) == 1:
            return list(self.places)
        if self.policy.strategy == "weighted":
            numbers = by_weight(self._targets, self.random)
        elif self.policy.strategy == "least_latency":
            numbers = by_latency([place.health for place in self.places], now, streams=streams)
        else:
            numbers = self._fixed
        places = [self.places[number] for number in numbers]
        places.sort(key=lambda place: place.health.busy_until > now)
        return places


class Try(Generic[M]):
    """A target that is being asked. Exactly one of its methods is called in the end."""

    __slots__ = ("_began", "_call", "_ended", "_probe", "_spoke", "place")

    def __init__(self, call: "Call[M]", place: Place[M], began: float, *, probe: bool) -> None:
        self._call = call
        self._began = began
        self._probe = probe
        self._ended = False
        self._spoke = False
        self.place = place

    def speak(self) -> None:
        """The first text of a stream is there: the target is well, and its stream goes on."""
        self._spoke = True
        self.place.health.first.add(self._call.route.clock() - self._began, self._call.route.clock())

    def succeed(self, *, whole: bool) -> None:
        """It answered. `whole` answers came at once, and tell how long that takes."""
        if self._leave():
            health = self.place.health
            health.breaker.succeed(is_probe=self._probe)
            if whole:
                now = self._call.route.clock()
                health.whole.add(now - self._began, now)

    def pay(self, usage: Usage) -> None:
        """Write down what its answer cost."""
        if self._call.costs is not None:
            self._call.costs.pay(usage)

    def record(self, outcome: Literal["ok", "escalated"], why: str = "") -> None:
        """Write down what became of its answer."""
        self._call.note(self.place.name, outcome, why, self._began)

    def fail(self, error: PlimsollError) -> None:
        """It did not answer, or broke off."""
        if not self._leave():
            return
        now, health = self._call.route.clock(), self.place.health
        if is_busy(error):
            health.breaker.give_up(is_probe=self._probe)
            health.busy_until = now + min(retry_after_of(error) or 0.0, _LONGEST_REST_S)
        elif is_ill(error):
            health.breaker.fail(now, is_probe=self._probe)
        else:
            health.breaker.give_up(is_probe=self._probe)
        # What breaks off after its first text was begun, whatever its server says then.
        if self._call.costs is not None and not self._spoke and not may_be_billed(error):
            self._call.costs.refuse()
        self._call.failures.append(error)
        self._call.note(self.place.name, "failed", error.code, self._began)

    def abandon(self, why: str) -> None:
        """Another target was faster."""
        if self._leave():
            self.place.health.breaker.give_up(is_probe=self._probe)
            self._call.note(self.place.name, "abandoned", why, self._began)

    def give_up(self) -> None:
        """The caller went away. Says nothing when the try has ended otherwise."""
        if self._leave():
            self.place.health.breaker.give_up(is_probe=self._probe)

    def _leave(self) -> bool:
        if self._ended:
            return False
        self._ended = True
        self.place.health.in_flight -= 1
        return True


class Call(Generic[M]):
    """One call of a route.

    - Each target is asked at most once, and again at most `retries.attempts` times.
    - A target whose breaker is open is passed over.
    - A retry needs a failure that may pass, a wait that is short enough, time that is left, and the route's budget.
    - Another try needs money: what a failed one may have cost is gone.
    """

    __slots__ = ("_waiting", "attempts", "began", "costs", "failures", "route")

    def __init__(
        self, route: Route[M], *, streams: bool, began: float | None = None, costs: CallCosts | None = None
    ) -> None:
        """`began` is when the call was made, if that was before now; `costs` are told what its tries cost."""
        self.route = route
        self.costs = costs
        self.began = route.clock() if began is None else began
        self.attempts: list[Attempt] = []
        self.failures: list[PlimsollError] = []
        self._waiting = route.order(self.began, streams=streams)
        for place in route.places if len(route.places) > 1 else ():
            if place.health.busy_until > self.began:
                self.note(place.name, "skipped", "busy", self.began)
        route.budget.deposit()

    @property
    def has_more(self) -> bool:
        """Whether there is a target that was not asked yet."""
        return bool(self._waiting)

    async def next_try(self, *, leave: int = 0) -> Try[M] | None:
        """A try at the next target that may be asked, in the route's order; the last `leave` of them are left."""
        while len(self._waiting) > leave and await self.is_paid_for(self._waiting[0]):
            tried = self.enter(self._waiting.pop(0))
            if tried is not None:
                return tried
        return None

    def try_beside(self) -> Try[M] | None:
        """The same while another target is asked, without waiting for money."""
        while self._waiting and (self.costs is None or self.costs.has_room):
            tried = self.enter(self._waiting.pop(0))
            if tried is not None:
                return tried
        return None

    async def is_paid_for(self, place: Place[M]) -> bool:
        """Whether there is money to ask a target; written down when there is none."""
        if self.costs is None or await self.costs.admit():
            return True
        self.note(place.name, "skipped", "no_budget", self.route.clock())
        return False

    async def retry(self, place: Place[M]) -> Try[M] | None:
        """Another try at a target that failed; None when it may not be asked now."""
        return self.enter(place) if await self.is_paid_for(place) else None

    def enter(self, place: Place[M]) -> Try[M] | None:
        """A try at a target; None, and written down, when it may not be asked now."""
        now = self.route.clock() if self.attempts else self.began
        admitted = place.health.breaker.admit(now)
        if admitted is False:
            self.note(place.name, "skipped", "breaker_open", now)
            return None
        place.health.in_flight += 1
        if self.costs is not None:
            self.costs.begin()
        return Try(self, place, now, probe=admitted is None)

    def wait_before_retry(self, place: Place[M], retries: int) -> float | None:
        """Seconds to wait before the target that failed last is asked again; None when it is not.

        The wait is drawn between 0 and the exponential bound ("full jitter": Brooker, "Exponential Backoff And Jitter",
        2015). Raises the error when no target would answer differently.
        """
        error, rules = self.failures[-1], self.route.policy.retries
        meaning = meaning_of(error)
        if meaning == "stop":
            raise self.tell(error)
        if meaning == "next" or retries >= rules.attempts or (is_late(error) and self.has_more):
            return None
        wanted, jitter = retry_after_of(error), self.route.random()
        if wanted is not None and wanted > rules.longest_s:
            return None
        wait_s = jitter * min(rules.longest_s, rules.base_s * 2**retries) if wanted is None else wanted
        if self.route.clock() + wait_s >= self.began + self.route.policy.timing.total_s:
            return None
        if not self.route.budget.take():
            self.note(place.name, "skipped", "no_retry_budget", self.route.clock())
            return None
        return wait_s

    def failure(self) -> PlimsollError:
        """What to tell the caller when no target is left."""
        if self.failures:
            return self.tell(worst_of(self.failures))
        now = self.route.clock()
        waits = [place.health.rests_for(now) or _PROBE_S for place in self.route.places]
        return self.tell(RouteRestingError(self.route.name, min(waits)))

    def tell(self, error: PlimsollError) -> PlimsollError:
        """The error, with everything that was tried written down on it."""
        tell_attempts(error, tuple(self.attempts))
        return error

    def note(self, target: str, outcome: Any, why: str, began: float) -> None:
        """Write down a decision that began at a moment and ends now."""
        now = self.route.clock()
        attempt = Attempt(target, outcome, why, (began - self.began) * 1000, (now - began) * 1000)
        self.attempts.append(attempt)
        if self.route.on_attempt is not None:
            self.route.on_attempt(self.route.name, attempt)
