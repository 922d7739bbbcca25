"""The rules of one stage, compiled: one scanner for all patterns, and which rule a finding falls under."""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cache
from operator import index

from plimsoll.checks import Context, Found, Part
from plimsoll.checks.patterns import FAILED, Hit, Pattern, PatternCheck, Scanner

from ._asking import ask
from ._rules import Rule
from ._types import ACTIONS, Action, Stage


@dataclass(frozen=True, slots=True)
class _Asked:
    """A check that is not made of patterns."""

    rule: Rule
    kinds: dict[str, int]
    failed: int


class Plan:
    """What is looked for at one stage. Immutable, and safe to use from several threads. Raises PatternInvalidError.

    Checks that are not made of patterns see whole texts (`needs_all`): a stream is held until its end for them. Those
    that say of themselves that they judge sentence by sentence (`by_sentence = True`) do so where answers may stream.
    """

    def __init__(self, rules: Sequence[Rule], stage: Stage) -> None:
        owners: dict[Pattern, list[Rule]] = {}
        for rule in rules:
            if isinstance(rule.check, PatternCheck):
                for pattern in rule.check.patterns:
                    owners.setdefault(pattern, []).append(rule)
        self.names = ", ".join(dict.fromkeys(rule.check.name for rule in rules))
        self.scanner = Scanner(tuple(owners))
        self._owners = list(owners.values())
        self._kinds = [pattern.kind for pattern in owners]
        asked = [self._asked(rule) for rule in rules if not isinstance(rule.check, PatternCheck)]
        self._each = [one for one in asked if by_sentence(one.rule, stage)]
        self._whole = [one for one in asked if not by_sentence(one.rule, stage)]
        self.needs_all = bool(self._whole)
        self.needs_sentences = bool(self._each)
        self.waits = any(rule.waits for rule in rules)
        """Whether a check asks somebody else, so that whoever asks it should have a thread to wait in."""
        self._parts: dict[Part, Plan] = {}
        self._order()

    def of_part(self, part: Part) -> "Plan":
        """The plan for what is not the words of a message or an answer: with the checks that are asked about it."""
        if part == "words" or not (self._each or self._whole):
            return self
        plan = self._parts.get(part)
        if plan is None:
            plan = copy(self)
            # Whoever is first: the others make the same.
            plan._narrow(part)  # noqa: SLF001  # of its own kind
            self._parts[part] = plan
        return plan

    def of_rules(self, rules: Sequence[Rule]) -> "Plan":
        """The plan with some of its rules alone. Nothing is compiled again: what other rules look for counts no more.

        A text that arrives is held back as long as for all of them.
        """
        kept = {id(rule) for rule in rules}
        plan = copy(self)
        # Whoever has this plan goes on with all of its rules.
        plan._keep(kept, ", ".join(dict.fromkeys(rule.check.name for rule in rules)))  # noqa: SLF001  # of its own kind
        return plan

    def is_clean(self, text: str) -> bool:
        """Whether it is sure at once that nothing is in a text; False where a closer look is needed."""
        return not self.needs_all and not self.needs_sentences and self.scanner.is_clean(text)

    def are_clean(self, texts: Sequence[str]) -> bool:
        """The same for each of several texts, with one look at all of them."""
        return not self.needs_all and not self.needs_sentences and self.scanner.are_clean(texts)

    def rule_for(self, hit: Hit) -> Rule | None:
        """The strictest rule that a finding falls under; None where it is not sure enough for any."""
        if hit.score == FAILED:
            return next(iter(self._closest[hit.pattern]), None)
        return next((rule for rule in self._strictest[hit.pattern] if hit.score >= rule.at_least), None)

    def kind_of(self, hit: Hit) -> str:
        """What was found."""
        return self._kinds[hit.pattern]

    def hits_in_all(self, text: str, context: Context) -> Iterator[Hit]:
        """What the checks that see only whole texts find."""
        for one in self._whole:
            yield from _hits(one, text, context, 0)

    def hits_in_sentence(self, text: str, context: Context, start: int) -> Iterator[Hit]:
        """What the checks that judge sentences find in one that begins at a character of the text."""
        for one in self._each:
            yield from _hits(one, text, context, start)

    def _order(self) -> None:
        # The strictest first, and of rules with the same action the first one first: the first that fits counts.
        self._strictest = [_ordered(found, lambda rule: rule.action) for found in self._owners]
        self._closest = [_ordered(found, lambda rule: rule.on_error) for found in self._owners]

    def _keep(self, kept: set[int], names: str) -> None:
        self.names = names
        self._owners = [[rule for rule in owners if id(rule) in kept] for owners in self._owners]
        if not any(self._owners[: len(self.scanner.patterns)]):
            self.scanner = _no_patterns()
        self._each = [one for one in self._each if id(one.rule) in kept]
        self._whole = [one for one in self._whole if id(one.rule) in kept]
        self.needs_all, self.needs_sentences = bool(self._whole), bool(self._each)
        self.waits = any(rule.waits for owners in self._owners for rule in owners)
        self._parts = {}
        self._order()

    def _narrow(self, part: Part) -> None:
        self._each = [one for one in self._each if _is_asked(one.rule, part)]
        self._whole = [one for one in self._whole if _is_asked(one.rule, part)]
        self.needs_all, self.needs_sentences = bool(self._whole), bool(self._each)

    def _asked(self, rule: Rule) -> _Asked:
        first = len(self._kinds)
        for kind in (*rule.check.kinds, ""):
            self._kinds.append(kind)
            self._owners.append([rule])
        return _Asked(rule, {kind: first + at for at, kind in enumerate(rule.check.kinds)}, len(self._kinds) - 1)


@cache
def _no_patterns() -> Scanner:
    return Scanner(())


def by_sentence(rule: Rule, stage: Stage) -> bool:
    """Whether the check of a rule judges sentence by sentence at a stage: where texts stream, if it can."""
    return stage == "output" and getattr(rule.check, "by_sentence", False) is True


def _is_asked(rule: Rule, part: Part) -> bool:
    return part == "beside" and getattr(rule.check, "words_only", False) is not True


def _hits(one: _Asked, text: str, context: Context, start: int) -> Iterator[Hit]:
    """What a check finds; one that raises, or finds what cannot be, has failed."""
    try:
        found = ask(one.rule.check, text, context, one.rule.timeout_s)
        hits = [_hit(one.kinds[each.kind], each, len(text)) for each in found]
    except Exception:  # noqa: BLE001  # a check of anybody's may raise anything, and must not count as passed
        hits = [Hit(0, 0, one.failed, FAILED)]
    for hit in hits:
        yield hit._replace(start=hit.start + start, end=hit.end + start)


def _hit(pattern: int, one: Found, length: int) -> Hit:
    start, end, score = index(one.start), index(one.end), float(one.score)
    if not (0 <= start < end <= length and 0 < score <= 1 and isinstance(one.reason, str)):
        raise ValueError
    return Hit(start, end, pattern, score, one.reason)


def _ordered(rules: list[Rule], action: Callable[[Rule], Action]) -> list[Rule]:
    return sorted(rules, key=lambda rule: -ACTIONS.index(action(rule)))
