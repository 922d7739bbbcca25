"""Why a text gets the verdict that it gets: every check that a policy has, and what became of what it found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from plimsoll.checks import NO_CONTEXT, Context
from plimsoll.checks.outside.requests import Inquiry, inquiring
from plimsoll.guardrails import Action, Finding, Policy, Review, Rule, Stage

from ._probe import Heard, Probe, probes

_NO_THRESHOLD: Final = 0.0


@dataclass(frozen=True, slots=True)
class Fate:
    """One thing that a check found, and what became of it."""

    kind: str
    start: int
    end: int
    score: float
    reason: str
    """Why the check says so."""
    counts: bool
    became: str
    """What followed, or why nothing did, as a sentence without a full stop."""


@dataclass(frozen=True, slots=True)
class RuleStory:
    """One rule of the policy, and what it had to do with the verdict."""

    number: int
    check: str
    version: str
    action: Action
    at_least: float
    on_error: Action
    asked: bool
    why_not: str
    """Why it was not asked; empty where it was."""
    failed: bool
    """It gave no answer: it did not pass the text."""
    fates: tuple[Fate, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A verdict with its reasons."""

    guardrail: str
    stage: Stage
    looked_at: Stage | None
    """The stage whose checks looked; None where none does."""
    review: Review
    because: str
    """The verdict in one sentence without a full stop."""
    rules: tuple[RuleStory, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A text, where it stands, and who said it."""

    text: str
    stage: Stage
    context: Context = NO_CONTEXT
    actor: str = ""
    endpoint: str = ""


def explain(policy: Policy, said: Said, today: date) -> Explanation:
    """The verdict of a policy on a text, and why: the checks that were asked, scores, thresholds, and exceptions."""
    held = policy.within(said.actor, said.endpoint, today)
    looks = held.stage_for(said.stage)
    # What asks somebody else is asked once: what it said of the text is what the verdict rests on.
    with inquiring(Inquiry()):
        review = held.review(said.text, looks or said.stage, said.context)
        stories = tuple(_story(probe, policy, said, today, review) for probe in probes(policy))
    return Explanation(policy.name, said.stage, looks, review, _because(policy, looks, review, stories), stories)


def _story(probe: Probe, policy: Policy, said: Said, today: date, review: Review) -> RuleStory:
    rule = probe.rule
    why_not = _why_not(rule, policy, said, today)
    heard = Heard((), failed=False, took_ms=0.0) if why_not else probe.ask(said.text, said.stage, said.context)
    return RuleStory(
        probe.number,
        rule.check.name,
        rule.check.version,
        rule.action,
        rule.at_least,
        rule.on_error,
        not why_not,
        why_not,
        heard.failed,
        tuple(_fates(rule, heard.findings, review)),
    )


def _why_not(rule: Rule, policy: Policy, said: Said, today: date) -> str:
    exempt = next((one for one in rule.exemptions if one.holds(said.actor, said.endpoint, today)), None)
    if exempt is not None:
        return f"an exception holds until {exempt.until.isoformat()}: {exempt.reason}"
    looks = policy.stage_for(said.stage)
    if looks not in rule.stages:
        return f"it does not look at {said.stage}"
    return ""


def _fates(rule: Rule, findings: Sequence[Finding], review: Review) -> Iterator[Fate]:
    for one in findings:
        counts, became = _became(rule, one, review)
        yield Fate(one.kind, one.start, one.end, one.score, one.reason, counts, became)


def _became(rule: Rule, one: Finding, review: Review) -> tuple[bool, str]:
    if one.score < rule.at_least:
        return False, f"{one.score:.2f} is below the threshold {rule.at_least:g}"
    if rule.action == "allow":
        return False, "the rule lets it through"
    mine = next((other for other in review.findings if _is_same(rule, one, other)), None)
    if mine is not None:
        stopped = bool(review.reason) and mine is review.findings[-1]
        return True, f"it stops the text ({rule.action})" if stopped else f"it counts: {rule.action}"
    return False, _lost(one, review)


def _lost(one: Finding, review: Review) -> str:
    """Why a finding that is sure enough does not stand in the review."""
    over = next((other for other in review.findings if other.start < one.end and one.start < other.end), None)
    if over is not None:
        return f"it overlaps {over.check}.{over.kind} ({over.score:.2f}, {over.action}), which counts instead"
    if review.failed:
        return f"the text was stopped before, because {review.failed} gave no answer"
    if review.reason:
        return f"it stands behind what stopped the text ({review.reason})"
    return "it was joined with what stands beside it"


def _is_same(rule: Rule, one: Finding, other: Finding) -> bool:
    same = (other.check, other.kind, other.start, other.end) == (one.check, one.kind, one.start, one.end)
    return same and other.action == rule.action


def _because(policy: Policy, looks: Stage | None, review: Review, stories: Sequence[RuleStory]) -> str:
    if policy.fault:
        return f"everything is blocked, because the policy cannot be compiled: {policy.fault}"
    if looks is None:
        return "nothing looks at this stage"
    if review.failed:
        return f"{review.action}, because the check {review.failed} gave no answer, and its on_error says so"
    return _because_of_findings(review, sum(story.asked for story in stories))


def _because_of_findings(review: Review, asked: int) -> str:
    if review.reason:
        return f"{review.action}, because of {review.reason}"
    if review.action != "allow":
        counted = dict.fromkeys(f"{one.check}.{one.kind}" for one in review.findings if one.action == review.action)
        return f"{review.action}, because of {', '.join(counted)}"
    if not asked:
        return "allow, because an exception holds for every check"
    return f"allow: {asked} {'check was' if asked == 1 else 'checks were'} asked, and nothing counts"
