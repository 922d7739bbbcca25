"""A policy: compiled once, used for every request."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from datetime import date
from typing import Final

from msgspec.structs import replace

from plimsoll.checks import NO_CONTEXT, Check, Context
from plimsoll.kernel.digest import Json
from plimsoll.kernel.errors import PlimsollError

from ._placeholders import Placeholders
from ._plan import Plan, by_sentence
from ._rules import Rule, read_rules
from ._stream import StreamReview
from ._types import CLOSED, STAGES, Review, Stage, stops

_INSTEAD: Final[Mapping[Stage, tuple[Stage, ...]]] = {"tool_call": ("output",), "tool_result": ("retrieved", "input")}
"""The first of these that a policy names stands in for a stage that it does not name."""
_MOST_NARROWED: Final = 256
"""Sets of rules that exceptions leave, which are kept for the next request."""


class Policy:
    """Ordered checks with actions, compiled. Immutable, and safe to use from several threads.

    - Of all rules that a finding falls under the strictest counts, and of equally strict ones the first.
    - A check that fails counts as `block`; so does everything under a policy that could not be compiled (`closed`).
    - A text that comes in pieces gets the verdict, the findings and the redacted text that it gets as a whole.

    Raises PolicyInvalidError and PatternInvalidError.
    """

    def __init__(self, name: str, rules: Iterable[Rule], *, fault: str = "") -> None:
        self.name = name
        self.rules = tuple(rules)
        self.fault = fault
        """Why the policy could not be compiled and blocks everything; empty where it could."""
        self.stages: tuple[Stage, ...] = tuple(
            stage for stage in STAGES if fault or any(stage in rule.stages for rule in self.rules)
        )
        self._plans = dict(_plans(self.stages, self.rules))
        self._exempts = any(rule.exemptions for rule in self.rules)
        self._without: dict[tuple[int, ...], Policy] = {}
        self._lock = threading.Lock()

    @classmethod
    def from_json(
        cls, name: str, content: Json, checks: Mapping[str, Check] | None = None, *, outside: object | None = None
    ) -> "Policy":
        """Compile the content of a guardrail's version; `checks` are those that others bring, by name.

        `outside` is an `Outside` of `plimsoll.checks.outside`, by which checks ask somebody else; without it those
        give no answer. Raises PolicyInvalidError and PatternInvalidError.
        """
        return cls(name, read_rules(name, content, checks or {}, outside))

    @classmethod
    def load(
        cls, name: str, content: Json, checks: Mapping[str, Check] | None = None, *, outside: object | None = None
    ) -> "Policy":
        """As `from_json`, but content that cannot be compiled gives a policy that blocks everything; never raises."""
        try:
            return cls.from_json(name, content, checks, outside=outside)
        except PlimsollError as error:
            return cls(name, (), fault=error.message)

    def review(
        self, text: str, stage: Stage, context: Context = NO_CONTEXT, placeholders: Placeholders | None = None
    ) -> Review:
        """The verdict on a whole text. Takes time in proportion to the text; raises nothing.

        `placeholders` are those of the request, where the same text shall have the same number in all of it.
        """
        if self.fault:
            return CLOSED
        plan = self._plan(stage, context)
        if plan is None or plan.is_clean(text):
            return Review("allow", text)
        step = StreamReview(plan, context=context, placeholders=placeholders).feed(text, last=True)
        verdict = step.review or CLOSED
        return verdict if stops(verdict.action) else replace(verdict, text=step.text)

    def clears(self, texts: Sequence[str], stage: Stage) -> bool:
        """Whether it is sure, after one look at all of them, that a review of each of these texts finds nothing.

        False says nothing yet: then each of them is to be reviewed.
        """
        plan = self._plans.get(stage)
        return not self.fault and (plan is None or plan.are_clean(texts))

    def stream(
        self, stage: Stage = "output", context: Context = NO_CONTEXT, placeholders: Placeholders | None = None
    ) -> StreamReview:
        """Begin to review a text that comes in pieces."""
        plan = self._plan(stage, context)
        return StreamReview(plan, closed=bool(self.fault), context=context, placeholders=placeholders)

    def _plan(self, stage: Stage, context: Context) -> Plan | None:
        plan = self._plans.get(stage)
        return plan if plan is None else plan.of_part(context.part)

    def stage_for(self, place: Stage) -> Stage | None:
        """The stage whose checks look at what stands at a place: its own, or what stands in for one that is not named.

        Calls of tools are looked at as any other output, results of tools as what is retrieved, else as any other
        input. None where nothing looks.
        """
        return next((one for one in (place, *_INSTEAD.get(place, ())) if one in self.stages), None)

    def waits(self, stage: Stage) -> bool:
        """Whether a check at this stage asks somebody else, so that whoever reviews should have a thread to wait in."""
        plan = self._plans.get(stage)
        return plan is not None and plan.waits

    def within(self, actor: str, endpoint: str, today: date) -> "Policy":
        """The policy as it holds for a request: without the rules from which it is exempted; mostly this one itself."""
        if not self._exempts:
            return self
        kept = tuple(
            number
            for number, rule in enumerate(self.rules)
            if not any(one.holds(actor, endpoint, today) for one in rule.exemptions)
        )
        if len(kept) == len(self.rules):
            return self
        with self._lock:
            known = self._without.get(kept)
            if known is None:
                if len(self._without) >= _MOST_NARROWED:
                    self._without.clear()
                known = self._without[kept] = self._narrowed([self.rules[number] for number in kept])
        return known

    def _narrowed(self, rules: Sequence[Rule]) -> "Policy":
        """The policy with some of its rules alone, made without compiling anything."""
        policy = copy(self)
        policy._keep(rules)  # noqa: SLF001  # of its own kind
        return policy

    def _keep(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self.stages = tuple(stage for stage in self.stages if any(stage in rule.stages for rule in rules))
        made: dict[int, Plan] = {}
        for stage in self.stages:
            plan = self._plans[stage]
            if id(plan) not in made:
                made[id(plan)] = plan.of_rules([rule for rule in rules if stage in rule.stages])
        self._plans = {stage: made[id(self._plans[stage])] for stage in self.stages}
        self._exempts = any(rule.exemptions for rule in rules)
        self._without = {}
        self._lock = threading.Lock()


def _plans(stages: Iterable[Stage], rules: tuple[Rule, ...]) -> Iterable[tuple[Stage, Plan]]:
    """A plan for each stage; stages with the same rules share theirs."""
    made: dict[tuple[tuple[int, bool], ...], Plan] = {}
    for stage in stages:
        here = tuple((number, by_sentence(rule, stage)) for number, rule in enumerate(rules) if stage in rule.stages)
        if here not in made:
            made[here] = Plan([rules[number] for number, _ in here], stage)
        yield stage, made[here]
