"""Which check looks at which stage: for people who want to see that nothing is left open."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from plimsoll.checks.patterns import PatternCheck

from ._exemptions import Exemption
from ._plan import by_sentence
from ._policy import Policy
from ._rules import Rule
from ._types import Action, Stage

Reads = Literal["piece by piece", "by sentence", "at the end"]
"""How a check reads an answer that streams: nothing waits for the first, a sentence for the second, and the whole
answer is held back for the third."""


@dataclass(frozen=True, slots=True)
class Covered:
    """One rule of a policy: what it does at each stage at which it looks."""

    check: str
    kinds: tuple[str, ...]
    at: Mapping[Stage, Action]
    at_least: float
    streams: bool
    """Whether it can judge a text that is still arriving; else a streamed answer is held until its end."""
    reads: Reads = "piece by piece"
    on_error: Action = "block"
    """What follows when it gives no answer."""
    timeout_s: float | None = None
    """After so many seconds it gave no answer; None for a check that cannot hang."""
    version: str = ""
    """Of the check."""
    exemptions: tuple[Exemption, ...] = ()


def coverage(policy: Policy) -> tuple[Covered, ...]:
    """The rules of a policy against the stages, in their order."""
    return tuple(_covered(rule) for rule in policy.rules)


def _covered(rule: Rule) -> Covered:
    reads = _reads(rule)
    return Covered(
        rule.check.name,
        rule.check.kinds,
        dict.fromkeys(rule.stages, rule.action),
        rule.at_least,
        reads != "at the end",
        reads,
        rule.on_error,
        rule.timeout_s,
        rule.check.version,
        rule.exemptions,
    )


def _reads(rule: Rule) -> Reads:
    if isinstance(rule.check, PatternCheck):
        return "piece by piece"
    return "by sentence" if by_sentence(rule, "output") else "at the end"
