"""Asking one check of a policy as the policy asks it, but hearing everything that it finds."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from plimsoll.checks import NO_CONTEXT, Context
from plimsoll.guardrails import STAGES, Finding, Policy, Rule, Stage
from plimsoll.tracing.triggers import NO_ANSWER

Clock = Callable[[], float]
"""Seconds, from any beginning."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a check said of a text."""

    findings: tuple[Finding, ...]
    failed: bool
    """It gave no answer: it neither found something nor passed the text."""
    took_ms: float

    @property
    def score(self) -> float:
        """The highest of the findings; 0 where there are none."""
        return max((one.score for one in self.findings), default=0.0)


class Probe:
    """One rule of a policy, asked by itself with a threshold of 0.

    Sentences, time limits and normal forms are those of the policy; what the check finds twice at one place counts
    once, as there.
    """

    def __init__(self, number: int, rule: Rule, label: str) -> None:
        self.number = number
        """From 1, in the order of the policy."""
        self.rule = rule
        self.label = label
        """The name of the check; with its number where several rules ask the same check."""
        open_rule = replace(rule, stages=STAGES, action="flag", at_least=0.0, on_error="flag", exemptions=())
        self._policy = Policy(label, [open_rule])

    def ask(self, text: str, stage: Stage, context: Context = NO_CONTEXT, *, clock: Clock = time.perf_counter) -> Heard:
        """What the check finds, with all scores."""
        began = clock()
        review = self._policy.review(text, stage, context)
        took_ms = (clock() - began) * 1000
        failed = bool(review.failed) or any(one.kind == NO_ANSWER for one in review.findings)
        return Heard(tuple(one for one in review.findings if one.kind != NO_ANSWER), failed, took_ms)

    def acts_on(self, heard: Heard, at_least: float | None = None) -> bool:
        """Whether the rule acts on what was heard, with its own threshold or another one."""
        least = self.rule.at_least if at_least is None else at_least
        return self.rule.action != "allow" and any(one.score >= least for one in heard.findings)


def probes(policy: Policy) -> tuple[Probe, ...]:
    """A probe for each rule, in their order."""
    names = [rule.check.name for rule in policy.rules]
    return tuple(
        Probe(number, rule, rule.check.name if names.count(rule.check.name) == 1 else f"{rule.check.name} ({number})")
        for number, rule in enumerate(policy.rules, start=1)
    )
