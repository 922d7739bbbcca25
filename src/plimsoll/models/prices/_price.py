"""A price as whole numbers of picodollars a token, and what follows from it for a call."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from plimsoll.kernel.clock import utc_now

from .._types import Usage

_LOOK_AHEAD_S = 3600.0
"""For how long after its admission a call may begin at the provider: a price of that time may apply to it."""
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Rates:
    """Picodollars for one token of each kind; None where no price is known. Each kind falls back to the plain one."""

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    cache_write_hour: int | None = None
    reasoning: int | None = None
    audio_input: int | None = None
    audio_output: int | None = None
    other_input: int = 0
    """The dearest of those kinds that usage does not tell apart: images, video, documents."""
    other_output: int = 0
    fee: int = 0
    """For the call itself, however short."""
    dearest_input: int = field(init=False, repr=False, compare=False)
    """For any kind of token; worked out once, because every request is reserved at it."""
    dearest_output: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Find the dearest kinds."""
        kinds_in = (self.input, self.cached, self.cache_write, self.cache_write_hour, self.audio_input)
        kinds_out = (self.output, self.reasoning, self.audio_output)
        object.__setattr__(self, "dearest_input", _dearest(*kinds_in, self.other_input))
        object.__setattr__(self, "dearest_output", _dearest(*kinds_out, self.other_output))

    def cost(self, usage: Usage) -> int | None:
        """What these tokens cost. Cached and reasoning tokens are parts of the input and output: counted once."""
        paid_in, paid_out = self._input(usage), self._output(usage)
        return None if paid_in is None or paid_out is None else self.fee + paid_in + paid_out

    def worst(self, input_tokens: int, output_tokens: int) -> int | None:
        """The most that so many tokens can cost, of whatever kind they turn out to be."""
        if (input_tokens and self.input is None) or (output_tokens and self.output is None):
            return None
        return self.fee + input_tokens * self.dearest_input + output_tokens * self.dearest_output

    def _input(self, usage: Usage) -> int | None:
        total = usage.input_tokens
        if not total:
            return 0
        plain = self.input
        if plain is None:
            return None
        if not (usage.cached_tokens or usage.cache_write_tokens or usage.audio_input_tokens):
            return total * plain
        cost, rest = 0, total
        for tokens, rate in (
            (usage.audio_input_tokens, self.audio_input),
            (usage.cache_write_tokens, self.cache_write),
            (usage.cached_tokens, self.cached),
        ):
            # A provider may report more of a kind than there are tokens at all; nothing is paid twice.
            if tokens and rate is not None:
                part = min(tokens, rest)
                cost += part * rate
                rest -= part
        return cost + rest * plain

    def _output(self, usage: Usage) -> int | None:
        total = usage.output_tokens
        if not total:
            return 0
        plain = self.output
        if plain is None:
            return None
        if not (usage.reasoning_tokens or usage.audio_output_tokens):
            return total * plain
        cost, rest = 0, total
        for tokens, rate in (
            (usage.audio_output_tokens, self.audio_output),
            (usage.reasoning_tokens, self.reasoning),
        ):
            if tokens and rate is not None:
                part = min(tokens, rest)
                cost += part * rate
                rest -= part
        return cost + rest * plain


Tiers = tuple[tuple[int, Rates], ...]
"""Rates by the input tokens above which they hold for the whole call, from 0 upwards."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When which tiers hold: by the day on which a price began, and by the time of day (UTC)."""

    tiers: tuple[tuple[Tiers, ...], ...]
    """For each stretch of days, for each stretch of the day."""
    days: tuple[float, ...] = ()
    """Where a new stretch of days begins, in seconds since 1970."""
    times: tuple[int, ...] = ()
    """Where a new stretch of the day begins, in seconds since midnight."""
    constant: Tiers | None = field(init=False, repr=False, compare=False)
    """What always holds, where it never changes."""

    def __post_init__(self) -> None:
        """See whether it ever changes."""
        object.__setattr__(self, "constant", None if self.days or self.times else self.tiers[0][0])

    def at(self, moment_s: float) -> Tiers:
        """What holds at a moment, in seconds since 1970."""
        days = self.tiers[bisect_right(self.days, moment_s)]
        return days[bisect_right(self.times, int(moment_s) % _DAY_S)]


UNKNOWN = Schedule((((),),))
"""Nobody knows."""


@dataclass(frozen=True, slots=True)
class Price:
    """What one model costs, by one version of the price table. Costs are exact whole numbers of picodollars."""

    version: str
    """The table, its version and its digest; or `route` and a digest where the route says the price; or `builtin`."""
    schedule: Schedule = field(default=UNKNOWN, repr=False)
    service_tiers: Mapping[str, Schedule] = field(default_factory=dict, repr=False)
    """Prices for calls that ask for another treatment: `priority`, `flex`, `batch`, `fast`."""

    @property
    def is_known(self) -> bool:
        """Whether a call without a surprise has a price now."""
        return self.worst_case_pico(1, 0) is not None

    def cost_pico(self, usage: Usage, *, at: datetime | None = None) -> int | None:
        """What a call cost that was sent at a moment (now, where none is given); None when no price is known.

        - The tier for long prompts goes by all input tokens, and holds for the whole call.
        - Cached, written and audio tokens are parts of the input; where no price of theirs is known they cost what
          plain input costs, which is the upper bound. Reasoning and audio are parts of the output in the same way.
        """
        tiers, chosen = self.schedule.constant, None
        if tiers is None:
            tiers = self.schedule.at((at or utc_now()).timestamp())
        for above, rates in tiers:
            if chosen is None or usage.input_tokens > above:
                chosen = rates
        return None if chosen is None else chosen.cost(usage)

    def worst_case_pico(self, input_tokens: int, output_tokens: int, *, at: datetime | None = None) -> int | None:
        """The most that a call can cost; None when no price is known.

        Taken is the dearest tier that so many input tokens can reach, with every token at the price of the dearest
        kind. A price that begins within the next hour counts too.
        """
        constant = self.schedule.constant
        if constant is not None:
            return _worst(constant, input_tokens, output_tokens)
        now = (at or utc_now()).timestamp()
        return _largest(
            _worst(self.schedule.at(moment), input_tokens, output_tokens) for moment in (now, now + _LOOK_AHEAD_S)
        )

    def in_service_tier(self, name: str) -> "Price":
        """The price of calls in a service tier of the provider; this one where the table has none of its own."""
        found = self.service_tiers.get(name)
        return self if found is None else Price(self.version, found)


def _largest(costs: Iterable[int | None]) -> int | None:
    """The largest; None when one of them is not known."""
    largest = 0
    for cost in costs:
        if cost is None:
            return None
        largest = max(largest, cost)
    return largest


def _worst(tiers: Tiers, input_tokens: int, output_tokens: int) -> int | None:
    if len(tiers) == 1:
        return tiers[0][1].worst(input_tokens, output_tokens)
    reached = [rates.worst(input_tokens, output_tokens) for above, rates in tiers if not above or input_tokens > above]
    return _largest(reached) if reached else None


def _dearest(*rates: int | None) -> int:
    return max(rate or 0 for rate in rates)
