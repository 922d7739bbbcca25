"""The rules of one stage, compiled: one scanner for all patterns, and which rule a finding falls under."""

from collections.abc import Iterator, Sequence

from plimsoll.checks import FAILED, Check, Hit, Pattern, PatternCheck, Scanner

from ._rules import Rule
from ._types import ACTIONS


class Plan:
    """What is looked for at one stage. Immutable, and safe to use from several threads. Raises PatternInvalidError.

    Checks that are not made of patterns see only whole texts (`needs_all`): a stream is held until its end for them.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        owners: dict[Pattern, list[Rule]] = {}
        for rule in rules:
            if isinstance(rule.check, PatternCheck):
                for pattern in rule.check.patterns:
                    owners.setdefault(pattern, []).append(rule)
        self.names = ", ".join(dict.fromkeys(rule.check.name for rule in rules))
        self.scanner = Scanner(tuple(owners))
        # The strictest first, and of rules with the same action the first one first: the first that fits counts.
        self._owners = [_ordered(found) for found in owners.values()]
        self._kinds = [pattern.kind for pattern in owners]
        self._others: list[tuple[Check, dict[str, int], int]] = []
        for rule in rules:
            if not isinstance(rule.check, PatternCheck):
                self._add_other(rule)
        self.needs_all = bool(self._others)

    def is_clean(self, text: str) -> bool:
        """Whether it is sure at once that nothing is in a text; False where a closer look is needed."""
        return not self.needs_all and self.scanner.is_clean(text)

    def are_clean(self, texts: Sequence[str]) -> bool:
        """The same for each of several texts, with one look at all of them."""
        return not self.needs_all and self.scanner.are_clean(texts)

    def rule_for(self, hit: Hit) -> Rule | None:
        """The strictest rule that a finding falls under; None where it is not sure enough for any."""
        owners = self._owners[hit.pattern]
        if hit.score == FAILED:
            return owners[0]
        return next((rule for rule in owners if hit.score >= rule.at_least), None)

    def kind_of(self, hit: Hit) -> str:
        """What was found."""
        return self._kinds[hit.pattern]

    def other_hits(self, text: str) -> Iterator[Hit]:
        """What the checks that see only whole texts find; one that raises, or finds what cannot be, has failed."""
        for check, kinds, failed in self._others:
            try:
                hits = [_hit(kinds[one.kind], one.start, one.end, one.score, len(text)) for one in check.find(text)]
            except Exception:  # noqa: BLE001  # a check of anybody's may raise anything, and must not count as passed
                hits = [Hit(0, 0, failed, FAILED)]
            yield from hits

    def _add_other(self, rule: Rule) -> None:
        first = len(self._kinds)
        for kind in (*rule.check.kinds, ""):
            self._kinds.append(kind)
            self._owners.append([rule])
        self._others.append(
            (rule.check, {kind: first + at for at, kind in enumerate(rule.check.kinds)}, len(self._kinds) - 1)
        )


def _hit(pattern: int, start: int, end: int, score: float, length: int) -> Hit:
    if not (0 <= start < end <= length and 0 < score <= 1):
        raise ValueError
    return Hit(start, end, pattern, score)


def _ordered(rules: list[Rule]) -> list[Rule]:
    return sorted(rules, key=lambda rule: -ACTIONS.index(rule.action))
