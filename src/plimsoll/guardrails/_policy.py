"""A policy: compiled once, used for every request."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from plimsoll.checks import Check
from plimsoll.kernel.digest import Json
from plimsoll.kernel.errors import PlimsollError

from ._plan import Plan
from ._rules import Rule, read_rules
from ._stream import StreamReview
from ._types import CLOSED, STAGES, Review, Stage, stops


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

    @classmethod
    def from_json(cls, name: str, content: Json, checks: Mapping[str, Check] | None = None) -> "Policy":
        """Compile the content of a guardrail's version; `checks` are those that others bring, by name.

        Raises PolicyInvalidError and PatternInvalidError.
        """
        return cls(name, read_rules(name, content, checks or {}))

    @classmethod
    def load(cls, name: str, content: Json, checks: Mapping[str, Check] | None = None) -> "Policy":
        """As `from_json`, but content that cannot be compiled gives a policy that blocks everything; never raises."""
        try:
            return cls.from_json(name, content, checks)
        except PlimsollError as error:
            return cls(name, (), fault=error.message)

    def review(self, text: str, stage: Stage) -> Review:
        """The verdict on a whole text. Takes time in proportion to the text; raises nothing."""
        if self.fault:
            return CLOSED
        plan = self._plans.get(stage)
        if plan is None or plan.is_clean(text):
            return Review("allow", text)
        step = StreamReview(plan).feed(text, last=True)
        verdict = step.review or CLOSED
        return verdict if stops(verdict.action) else replace(verdict, text=step.text)

    def clears(self, texts: Sequence[str], stage: Stage) -> bool:
        """Whether it is sure, after one look at all of them, that a review of each of these texts finds nothing.

        False says nothing yet: then each of them is to be reviewed.
        """
        plan = self._plans.get(stage)
        return not self.fault and (plan is None or plan.are_clean(texts))

    def stream(self, stage: Stage = "output") -> StreamReview:
        """Begin to review a text that comes in pieces."""
        return StreamReview(self._plans.get(stage), closed=bool(self.fault))


def _plans(stages: Iterable[Stage], rules: tuple[Rule, ...]) -> Iterable[tuple[Stage, Plan]]:
    """A plan for each stage; stages with the same rules share theirs."""
    made: dict[tuple[int, ...], Plan] = {}
    for stage in stages:
        here = tuple(number for number, rule in enumerate(rules) if stage in rule.stages)
        if here not in made:
            made[here] = Plan([rules[number] for number in here])
        yield stage, made[here]
