"""Proposing thresholds of a policy: a candidate that is written, tried by its tests, and never applied by itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from plimsoll.guardrails import ExampleOutcome, Policy, run_examples, stops
from plimsoll.kernel.digest import Json

from .._errors import CheckNotAskedError, NothingToTuneError
from .._rates import Share
from .._types import GuardParts, Window
from ..measure import GuardRow, probes
from ._bounds import upper_bound
from ._candidate import CandidateUnwrittenError, difference, places_in, with_thresholds
from ._evidence import Evidence, Scored, of_marks, of_rows, scored
from ._thresholds import Budget, Proposed, propose_threshold

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class TuneWish:
    """What is to be tuned, and from what."""

    file: str
    """Path of the policy's file, from the project's folder on."""
    text: str
    """What stands in it."""
    budget: Budget
    rows: Sequence[GuardRow] = ()
    window: Window | None = None
    """The requests whose marks count; None where only rows do."""
    check: str | None = None
    """Only this check; all of them without it."""
    on_progress: OnProgress = lambda _done, _total: None


@dataclass(frozen=True, slots=True)
class Together:
    """The harmless rows on which any check of the policy acts, with the thresholds as they are or as proposed."""

    acting: Share
    at_most: float


@dataclass(frozen=True, slots=True)
class Tuned:
    """What is proposed."""

    guardrail: str
    budget: Budget
    proposed: tuple[Proposed, ...]
    file: str
    text: str
    """The whole file as it would be; as it is where nothing is proposed."""
    diff: str
    """What differs, as `patch -p1` takes it; empty where nothing is proposed."""
    failing: tuple[ExampleOutcome, ...]
    """Inline tests that the candidate fails; with any of them it is no candidate."""
    tests: int
    before: Together | None
    """None where there are no harmless rows."""
    after: Together | None

    @property
    def is_candidate(self) -> bool:
        """Whether there is something to propose, and it passes its tests."""
        return bool(self.diff) and not self.failing


def tune_guardrail(policy: Policy, content: Json, wish: TuneWish, parts: GuardParts | None) -> Tuned:
    """Propose thresholds for a policy under a budget of false positives; nothing is changed.

    Each check keeps the budget by itself; what all of them do together on the rows is told beside it. Raises
    NothingToTuneError, CheckNotAskedError and CandidateUnwrittenError.
    """
    asked = probes(policy)
    chosen = [place for place, one in enumerate(asked) if wish.check in {None, one.rule.check.name}]
    if not chosen:
        raise CheckNotAskedError(wish.check or "", policy.name, [one.rule.check.name for one in asked])
    rows = scored(policy, wish.rows, wish.on_progress)
    evidence = _evidence(policy, wish, rows, parts)
    proposed = tuple(propose_threshold(asked[place], [one[place] for one in evidence], wish.budget) for place in chosen)
    thresholds = {one.number: one.after for one in proposed if one.changes}
    text = _written(policy, wish, thresholds) if thresholds else wish.text
    outcomes = run_examples(_with(policy, thresholds), content)
    return Tuned(
        policy.name,
        wish.budget,
        proposed,
        wish.file,
        text,
        difference(wish.file, wish.text, text),
        tuple(one for one in outcomes if not one.passed),
        len(outcomes),
        _together(policy, rows, {}, wish.budget),
        _together(policy, rows, thresholds, wish.budget),
    )


def _evidence(
    policy: Policy, wish: TuneWish, rows: Sequence[Scored], parts: GuardParts | None
) -> list[tuple[Evidence, ...]]:
    found: list[tuple[Evidence, ...]] = []
    if rows:
        found.append(of_rows(policy, rows))
    if wish.window is not None and parts is not None:
        found.append(of_marks(policy, wish.window, parts))
    if not found:
        raise NothingToTuneError("there is nothing to learn from", hint="give rows with --data, or mark triggers")
    return found


def _written(policy: Policy, wish: TuneWish, thresholds: Mapping[int, float]) -> str:
    """The file with other thresholds. Raises CandidateUnwrittenError for a check that it inherits."""
    places = places_in(wish.text, [(rule.id, rule.check.name) for rule in policy.rules])
    inherited = sorted(number for number in thresholds if number not in places)
    if inherited:
        rule = policy.rules[inherited[0] - 1]
        raise CandidateUnwrittenError(
            wish.file, f"it inherits the check {rule.id or rule.check.name}; tune the guardrail in which that stands"
        )
    return with_thresholds(wish.file, wish.text, {places[number]: after for number, after in thresholds.items()})


def _with(policy: Policy, thresholds: Mapping[int, float]) -> Policy:
    """The same policy with other thresholds."""
    return Policy(
        policy.name,
        [
            replace(rule, at_least=thresholds.get(number, rule.at_least))
            for number, rule in enumerate(policy.rules, start=1)
        ],
    )


def _together(
    policy: Policy, rows: Sequence[Scored], thresholds: Mapping[int, float], budget: Budget
) -> Together | None:
    harmless = [one for one in rows if not one.row.is_due_at_all]
    if not harmless:
        return None
    acting = sum(any(_acts(policy, one, place, thresholds) for place in one.scores) for one in harmless)
    return Together(Share(acting, len(harmless)), upper_bound(acting, len(harmless), budget.confidence))


def _acts(policy: Policy, one: Scored, place: int, thresholds: Mapping[int, float]) -> bool:
    rule, score = policy.rules[place], one.scores[place]
    if score is None:
        return stops(rule.on_error)
    return rule.action != "allow" and score > 0 and score >= thresholds.get(place + 1, rule.at_least)
