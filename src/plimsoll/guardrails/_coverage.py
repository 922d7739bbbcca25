"""Which check looks at which stage: for people who want to see that nothing is left open."""

from collections.abc import Mapping
from dataclasses import dataclass

from plimsoll.checks import PatternCheck

from ._policy import Policy
from ._types import Action, Stage


@dataclass(frozen=True, slots=True)
class Covered:
    """One rule of a policy: what it does at each stage at which it looks."""

    check: str
    kinds: tuple[str, ...]
    at: Mapping[Stage, Action]
    at_least: float
    streams: bool
    """Whether it can judge a text that is still arriving; else a streamed answer is held until its end."""


def coverage(policy: Policy) -> tuple[Covered, ...]:
    """The rules of a policy against the stages, in their order."""
    return tuple(
        Covered(
            rule.check.name,
            rule.check.kinds,
            dict.fromkeys(rule.stages, rule.action),
            rule.at_least,
            isinstance(rule.check, PatternCheck),
        )
        for rule in policy.rules
    )
