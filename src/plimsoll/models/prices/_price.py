"""A price as whole numbers of picodollars a token, and what follows from it for a call."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from plimsoll.kernel.clock import utc_now

from .._types import Usage
from ._most import Most
from ._reading import Reading

_LOOK_AHEAD_S = 3600.0
"""For how long after its admission a call may begin at the provider: a price of that time may apply to it."""
_DAY_S = 86_400
_NO_DEARER = frozenset({"auto", "default", "standard", "standard_only", "on_demand", "flex", "batch", "scale"})
"""Treatments that cost no more than the plain one, wherever they are offered."""
_LATER = frozenset({"batch"})
"""What no call gets that waits for its answer."""


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
    web_search: int | None = None
    """For each search that the provider makes by itself."""
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
        paid_in, paid_out, fees = self._input(usage), self._output(usage), self.fee
        if usage.web_searches:
            if self.web_search is None:
                return None
            fees += usage.web_searches * self.web_search
        return None if paid_in is None or paid_out is None or usage.unpriced else fees + paid_in + paid_out

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
        hour = min(usage.cache_write_hour_tokens, usage.cache_write_tokens)
        for tokens, rate in (
            (usage.audio_input_tokens, self.audio_input),
            (hour, self.cache_write if self.cache_write_hour is None else self.cache_write_hour),
            (usage.cache_write_tokens - hour, self.cache_write),
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

    @property
    def has_tiers(self) -> bool:
        """Whether long prompts have a price of their own at some time."""
        return any(len(tiers) > 1 for days in self.tiers for tiers in days)

    def at(self, moment_s: float) -> Tiers:
        """What holds at a moment, in seconds since 1970."""
        days = self.tiers[bisect_right(self.days, moment_s)]
        return days[bisect_right(self.times, int(moment_s) % _DAY_S)]


UNKNOWN = Schedule((((),),))
"""Nobody knows."""


Worst = tuple[int, int | None]
"""The most that a call can use: its tokens, and what they cost in picodollars (None where nobody knows)."""


@dataclass(frozen=True, slots=True)
class Price:
    """What one model costs, by one version of the price table. Costs are exact whole numbers of picodollars."""

    version: str
    """The table, its version and its digest; or `route` and a digest where the route says the price; or `builtin`."""
    schedule: Schedule = field(default=UNKNOWN, repr=False)
    service_tiers: Mapping[str, Schedule] = field(default_factory=dict, repr=False)
    """Prices for calls that get another treatment: `priority`, `flex`, `batch`, `fast`."""
    holds_for_all: bool = field(default=False, repr=False)
    """Whether it is the price of every treatment, because the route says it."""
    in_openai_words: bool = field(default=True, repr=False)
    """Whether the provider is told the treatment as OpenAI's `service_tier`, and not in a field of its own."""
    reading: Reading = field(default=Reading(), repr=False)
    """How many tokens things have that are no text."""
    _unasked: tuple[Schedule, ...] = field(init=False, repr=False, compare=False)
    """What may hold for a call that asks for no treatment."""

    def __post_init__(self) -> None:
        """See what a project may have set as its own treatment."""
        others = self.service_tiers.items() if self.in_openai_words else ()
        usual = [] if self.holds_for_all else [schedule for name, schedule in others if name not in _LATER]
        unasked: list[Schedule] = []
        for schedule in (self.schedule, *usual):
            if schedule not in unasked:
                unasked.append(schedule)
        object.__setattr__(self, "_unasked", tuple(unasked))

    @property
    def is_known(self) -> bool:
        """Whether a call without a surprise has a price now."""
        return self.worst_case_pico(1, 0) is not None

    def cost_pico(self, usage: Usage, *, service_tier: str = "", at: datetime | None = None) -> int | None:
        """What a call cost that was sent at a moment (now, where none is given); None when no price is known.

        - `service_tier` is the treatment that the provider says it gave. One without a price of its own costs the plain
          price where it is no dearer one; otherwise its price is unknown.
        - The tier for long prompts goes by all input tokens, and holds for the whole call.
        - Cached, written and audio tokens are parts of the input; where no price of theirs is known they cost what
          plain input costs. Reasoning and audio are parts of the output in the same way.
        """
        schedule = self.schedule if not service_tier else self._of_tier(service_tier)
        if schedule is None:
            return None
        tiers, chosen = schedule.constant, None
        if tiers is None:
            tiers = schedule.at((at or utc_now()).timestamp())
        for above, rates in tiers:
            if chosen is None or usage.input_tokens > above:
                chosen = rates
        return None if chosen is None else chosen.cost(usage)

    def worst(self, most: Most, *, at: datetime | None = None) -> Worst:
        """The most that a call can use at this model, and the most that it can cost.

        What is open counts as everything that the model can read. Of the treatments that the provider may give, the
        dearest counts: that which the call asks for, and the plain one that it may get instead; for a call that asks
        for none, or `auto`, also those that may be set for the whole project.
        """
        tokens_in = self.reading.tokens(most)
        tokens = tokens_in + most.output_tokens
        schedules = self._possible(most)
        if most.has_fees or schedules is None:
            return tokens, None
        if len(schedules) == 1:
            return tokens, _worst_at(schedules[0], tokens_in, most.output_tokens, at)
        at = at or utc_now()
        return tokens, _largest([_worst_at(schedule, tokens_in, most.output_tokens, at) for schedule in schedules])

    def worst_case_pico(self, input_tokens: int, output_tokens: int, *, at: datetime | None = None) -> int | None:
        """The most that a plain call with so many tokens can cost; None when no price is known.

        Taken is the dearest tier that so many input tokens can reach, with every token at the price of the dearest
        kind. A price that begins within the next hour counts too.
        """
        return _worst_at(self.schedule, input_tokens, output_tokens, at)

    def _possible(self, most: Most) -> tuple[Schedule, ...] | None:
        """What may hold for a call; None where nobody knows."""
        asked = most.service_tier if self.in_openai_words else most.own_tier
        if not asked or asked == "auto":
            return self._unasked
        found = self._of_tier(asked)
        return None if found is None else (found,) if found is self.schedule else (self.schedule, found)

    def _of_tier(self, name: str) -> Schedule | None:
        found = self.service_tiers.get(name)
        if found is None and (self.holds_for_all or name in _NO_DEARER):
            return self.schedule
        return found


def _worst_at(schedule: Schedule, input_tokens: int, output_tokens: int, at: datetime | None) -> int | None:
    constant = schedule.constant
    if constant is not None:
        return _worst(constant, input_tokens, output_tokens)
    now = (at or utc_now()).timestamp()
    return _largest([_worst(schedule.at(moment), input_tokens, output_tokens) for moment in (now, now + _LOOK_AHEAD_S)])


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
