"""From what thresholds are learned: labelled rows, and what people said of triggers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from plimsoll.guardrails import Policy
from plimsoll.reviews.marks import Settled, settled
from plimsoll.tracing.triggers import Trigger

from .._places import ReleasePlaces
from .._stages import asked_at
from .._types import GuardParts, Window
from ..measure import GuardRow, Probe, probes

OnProgress = Callable[[int, int], None]


@dataclass(slots=True)
class Evidence:
    """Scores of one rule, of texts in which nothing should be found and of those in which something should."""

    source: Literal["rows", "marks"]
    floor: float = 0.0
    """Thresholds below it cannot be judged: what scored less was never written down."""
    harmless: list[float] = field(default_factory=list)
    """The highest score of each harmless text; 0 where nothing was found."""
    due: list[float] = field(default_factory=list)
    unmarked: int = 0
    """Of the harmless ones, triggers that nobody marked: they count as wrong, so that nothing is promised too much."""
    failed: int = 0
    """Texts of which no answer came; in neither list."""

    def acting(self, at_least: float) -> int:
        """How many harmless texts a rule with this threshold acts on."""
        return _at_least(self.harmless, at_least)

    def finding(self, at_least: float) -> int:
        """How many of those with something a rule with this threshold acts on."""
        return _at_least(self.due, at_least)


def _at_least(scores: Sequence[float], least: float) -> int:
    return sum(score > 0 and score >= least for score in scores)


@dataclass(frozen=True, slots=True)
class Scored:
    """A row, and the highest score of each rule that looks at its stage; None where no answer came."""

    row: GuardRow
    scores: Mapping[int, float | None]
    """By the place of the rule, from 0."""


def scored(
    policy: Policy, rows: Sequence[GuardRow], on_progress: OnProgress = lambda _done, _total: None
) -> tuple[Scored, ...]:
    """Ask every check about every row, once."""
    asked = probes(policy)
    found: list[Scored] = []
    for number, row in enumerate(rows, start=1):
        heard = {place: asked[place].ask(row.text, row.stage, row.context) for place in asked_at(policy, row.stage)}
        found.append(Scored(row, {place: None if one.failed else one.score for place, one in heard.items()}))
        on_progress(number, len(rows))
    return tuple(found)


def of_rows(policy: Policy, rows: Sequence[Scored]) -> tuple[Evidence, ...]:
    """What labelled rows say of each rule, in the order of the policy; rows at other stages say nothing of a rule."""
    found = tuple(Evidence("rows") for _ in policy.rules)
    for one in rows:
        for place, score in one.scores.items():
            check = policy.rules[place].check
            if score is None:
                found[place].failed += 1
            elif one.row.is_due(check.name, check.kinds):
                found[place].due.append(score)
            else:
                found[place].harmless.append(score)
    return found


def of_marks(policy: Policy, window: Window, parts: GuardParts) -> tuple[Evidence, ...]:
    """What people said of the triggers of each rule in a window, in the order of the policy.

    The texts are the requests whose policy is called the same and asked the check. A request counts as right where all
    that triggered in it was marked right. Every other one that triggered counts as a harmless one on which the rule
    acted: nobody knows better. Requests in which nothing triggered count as harmless; what was missed lowers no rate.
    """
    parts.flush()
    known = ReleasePlaces(parts.registry, parts.releases, parts.make_policy)
    said = _said(window, parts)
    requests = {(one.release, one.endpoint): one.requests for one in parts.triggers.asked(parts.app, window.filter)}
    ours = {key for key in requests if _is_called(known, key, policy.name)}
    triggered = [one for one in parts.triggers.all(parts.app, window.filter) if (one.release, one.endpoint) in ours]
    return tuple(
        _of_rule(rule_probe, triggered, said, sum(requests[key] for key in ours if _asks(known, key, rule_probe)))
        for rule_probe in probes(policy)
    )


def _said(window: Window, parts: GuardParts) -> Mapping[tuple[str, ...], Settled]:
    marks = parts.marks.all(parts.app, since=window.since, until=window.until)
    return {one.about.place: one for one in settled(marks)}


def _is_called(known: ReleasePlaces, key: tuple[str, str], name: str) -> bool:
    place = known.of(key[0]).get(key[1])
    return place is not None and place.guardrail == name


def _asks(known: ReleasePlaces, key: tuple[str, str], probe: Probe) -> bool:
    """Whether the policy of a request asked the same check at one of the stages of the rule."""
    policy = known.of(key[0])[key[1]].policy
    return policy is not None and any(
        rule.check.name == probe.rule.check.name and set(rule.stages) & set(probe.rule.stages) for rule in policy.rules
    )


def _of_rule(
    probe: Probe, triggered: Iterable[Trigger], said: Mapping[tuple[str, ...], Settled], requests: int
) -> Evidence:
    rule = probe.rule
    evidence = Evidence("marks", floor=rule.at_least)
    by_request: dict[str, list[Trigger]] = {}
    for one in triggered:
        fits = one.check == rule.check.name and one.stage in rule.stages and one.kind in rule.check.kinds
        # What triggered under a lower threshold than the one that holds says nothing of the requests of today.
        if fits and one.answered and one.score >= rule.at_least:
            by_request.setdefault(one.trace, []).append(one)
    for some in by_request.values():
        _add_request(evidence, some, said)
    quiet = max(0, requests - len(by_request))
    evidence.harmless += [0.0] * quiet
    return evidence


def _add_request(evidence: Evidence, some: Sequence[Trigger], said: Mapping[tuple[str, ...], Settled]) -> None:
    words = [said.get((one.trace, one.stage, one.check, one.kind, one.action)) for one in some]
    verdicts = [None if one is None else one.said for one in words]
    if all(one == "right" for one in verdicts):
        evidence.due.append(max(one.score for one in some))
        return
    evidence.harmless.append(max(one.score for one, verdict in zip(some, verdicts, strict=True) if verdict != "right"))
    evidence.unmarked += any(one is None for one in verdicts) and "wrong" not in verdicts
