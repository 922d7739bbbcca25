"""What a route is made of: its targets, and what it does when one of them does not answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Literal, Protocol, TypeVar

Strategy = Literal["ordered", "weighted", "least_latency", "cheapest"]
Check = Literal["json_invalid", "empty", "refused", "not_answered"]
PriceOf = Callable[[int, int], int | None]
"""What a call costs at most, in picodollars, from its input and output tokens; None where no price is known."""


class Named(Protocol):
    """A model of any kind."""

    @property
    def name(self) -> str:
        """Such as `openai/gpt-4.1-mini`."""


M = TypeVar("M", bound=Named)


def no_price(_input_tokens: int, _output_tokens: int) -> int | None:
    """The price of a target of which none is known."""
    return None


@dataclass(frozen=True, slots=True)
class Target(Generic[M]):
    """One model of a route."""

    model: M
    weight: float = 1.0
    """Its share with the strategy `weighted`; 0 is asked only when no other answers."""
    price: PriceOf = no_price
    key: str = ""
    """Targets of one key share what is known of their health, across routes and releases; empty is the model's name."""

    @property
    def name(self) -> str:
        """The model, as traces name it."""
        return self.model.name

    @property
    def identity(self) -> str:
        """Under which its health is known."""
        return self.key or self.model.name


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a call of a route may take, in seconds. Connecting and silence between tokens are the models' own."""

    first_token_s: float = 30.0
    """From asking a target for a stream to its first text."""
    total_s: float = 120.0
    """From the call to the end of its answer, with all tries and waits."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a target is asked again, and how long is waited before."""

    attempts: int = 2
    """For each target of a call, beside the first."""
    budget_percent: float = 20.0
    """How many of a route's calls may be retries."""
    base_s: float = 0.5
    longest_s: float = 8.0


@dataclass(frozen=True, slots=True)
class Breaking:
    """When a target that keeps failing is left alone."""

    failures: int = 5
    window_s: float = 30.0
    open_s: float = 15.0


@dataclass(frozen=True, slots=True)
class RoutePolicy:
    """How a route chooses among its targets."""

    strategy: Strategy = "ordered"
    timing: Timing = field(default_factory=Timing)
    retries: Retries = field(default_factory=Retries)
    breaking: Breaking = field(default_factory=Breaking)
    hedge_after_s: float | None = None
    """After how many silent seconds of a stream the next target is asked as well; None for never."""
    escalate_when: tuple[Check, ...] = ()
    """What is wrong with an answer for which the next target is asked instead."""
