"""Measuring a policy on labelled rows: as a whole and check by check, on all rows and by slice."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from plimsoll.checks.outside.requests import Inquiry, inquiring
from plimsoll.guardrails import Policy, stops
from plimsoll.kernel.statistics import percentile

from .._rates import Share
from .._stages import asked_at
from ._figures import Figures, f_measure, figures
from ._probe import Clock, Heard, Probe, probes
from ._rows import Due, GuardRow

ALL = ""
"""Stands in the place of a slice for all rows."""

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds for one text."""

    p50_ms: float
    p95_ms: float
    texts: int
    characters_per_s: float


@dataclass(frozen=True, slots=True)
class SpanFigures:
    """How well stretches are found; one counts as found when what was found overlaps it."""

    precision: Share
    """Of what was found, how much lies on something that should be found."""
    recall: Share
    """Of what should be found, how much something was found on."""

    def f_measure(self, beta: float) -> float | None:
        """Of precision and recall; None where there is nothing to find and nothing was found."""
        precision, recall = self.precision.value, self.recall.value
        if precision is None or recall is None:
            return None
        return f_measure(precision * recall, recall * (1 - precision), precision * (1 - recall), beta)


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of one check, or of the whole policy, on one slice."""

    what: str
    """The check; empty for the policy as a whole."""
    slice: str
    """Empty for all rows."""
    figures: Figures
    spans: SpanFigures | None
    """None where no row says where something is."""
    latency: Latency | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How good a policy is on some rows."""

    guardrail: str
    rows: int
    measured: tuple[Measured, ...]
    """The policy first, then each check; of each all rows first, then slice by slice."""
    not_asked: tuple[str, ...]
    """Checks that look at the stage of no row: nothing is known of them."""
    unknown: tuple[str, ...] = ()
    """What rows name as a check, and the policy does not have: nothing can find what they say."""


@dataclass(frozen=True, slots=True)
class MeasureWish:
    """How to measure."""

    at_recall: float = 0.9
    clock: Clock = time.perf_counter
    on_progress: OnProgress = lambda _done, _total: None


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of one row: of the policy, or of one check."""

    row: GuardRow
    due: bool
    acts: bool
    score: float | None
    """None where no answer came."""
    took_ms: float
    found: tuple[tuple[int, int], ...]
    spans: tuple[Due, ...]


_NO_WISH = MeasureWish()


def evaluate(policy: Policy, rows: Sequence[GuardRow], wish: MeasureWish = _NO_WISH) -> Evaluation:
    """Measure a policy on rows.

    - The policy acts on a text that it stops, changes or flags.
    - A check acts where its score reaches the threshold of its rule; its own figures are of the rows at whose stage it
      looks. The score of the policy is the highest of any check, whatever the thresholds.
    - A check that gives no answer is not counted as a pass: it acts as its `on_error` says, and has no score.
    """
    asked = probes(policy)
    _warm_up(asked)
    whole: list[_Outcome] = []
    each: dict[str, list[_Outcome]] = {one.label: [] for one in asked}
    for number, row in enumerate(rows, start=1):
        with inquiring(Inquiry()):
            heard = {
                asked[place].number: asked[place].ask(row.text, row.stage, row.context, clock=wish.clock)
                for place in asked_at(policy, row.stage)
            }
            for probe in asked:
                if probe.number in heard:
                    each[probe.label].append(_of_check(row, probe, heard[probe.number]))
            whole.append(_of_policy(row, policy, heard, wish.clock))
        wish.on_progress(number, len(rows))
    measured = [one for what, outcomes in {"": whole, **each}.items() for one in _measured(what, outcomes, wish)]
    not_asked = tuple(label for label, some in each.items() if not some)
    return Evaluation(policy.name, len(rows), tuple(measured), not_asked, tuple(_unknown(asked, rows)))


def _warm_up(asked: Sequence[Probe]) -> None:
    """Let models be read before anything is timed. Whoever asks somebody else asks nobody for this."""
    for probe in asked:
        if not probe.rule.waits:
            probe.ask("a", "input")


def _unknown(asked: Sequence[Probe], rows: Sequence[GuardRow]) -> Iterable[str]:
    names = dict.fromkeys(name for row in rows if not isinstance(row.label, bool) for name in sorted(row.label))
    checks = [(probe.rule.check.name, probe.rule.check.kinds) for probe in asked]
    for name in names:
        if not any(name == check or name.removeprefix(f"{check}.") in kinds for check, kinds in checks):
            yield name


def _of_check(row: GuardRow, probe: Probe, heard: Heard) -> _Outcome:
    rule = probe.rule
    acts = probe.acts_on(heard) or (heard.failed and stops(rule.on_error))
    found = tuple((one.start, one.end) for one in heard.findings if one.score >= rule.at_least)
    due = row.is_due(rule.check.name, rule.check.kinds)
    score = None if heard.failed else heard.score
    return _Outcome(row, due, acts, score, heard.took_ms, found, row.spans_for(rule.check.kinds))


def _of_policy(row: GuardRow, policy: Policy, by_number: Mapping[int, Heard], clock: Clock) -> _Outcome:
    began = clock()
    review = policy.review(row.text, policy.stage_for(row.stage) or row.stage, row.context)
    # What asks somebody else was asked already, and is not asked twice about the same text.
    waited_ms = sum(one.took_ms for number, one in by_number.items() if policy.rules[number - 1].waits)
    took_ms = (clock() - began) * 1000 + waited_ms
    heard = tuple(by_number.values())
    found = tuple((one.start, one.end) for one in review.findings if one.end > one.start)
    score = None if any(one.failed for one in heard) else max((one.score for one in heard), default=0.0)
    return _Outcome(row, row.is_due_at_all, review.action != "allow", score, took_ms, found, row.spans or ())


def _measured(what: str, outcomes: Sequence[_Outcome], wish: MeasureWish) -> Iterable[Measured]:
    if not outcomes:
        return
    slices: dict[str, list[_Outcome]] = {ALL: list(outcomes)}
    for one in outcomes:
        if one.row.slice:
            slices.setdefault(one.row.slice, []).append(one)
    for name, some in slices.items():
        told = figures(
            [one.due for one in some],
            [one.acts for one in some],
            [one.score for one in some],
            at_recall=wish.at_recall,
        )
        yield Measured(what, name, told, _span_figures(some), _latency(some))


def _latency(outcomes: Sequence[_Outcome]) -> Latency:
    times = [one.took_ms for one in outcomes]
    seconds = sum(times) / 1000
    characters = sum(len(one.row.text) for one in outcomes)
    speed = characters / seconds if seconds else 0.0
    return Latency(percentile(times, 0.5), percentile(times, 0.95), len(times), speed)


def _span_figures(outcomes: Sequence[_Outcome]) -> SpanFigures | None:
    told = [one for one in outcomes if one.row.spans is not None]
    if not told:
        return None
    right = found = reached = due = 0
    for one in told:
        wanted = [(span.start, span.end) for span in one.spans]
        found, due = found + len(one.found), due + len(wanted)
        right += sum(_meets(span, wanted) for span in one.found)
        reached += sum(_meets(span, one.found) for span in wanted)
    return SpanFigures(Share(right, found), Share(reached, due))


def _meets(span: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in others)


def by_what(evaluation: Evaluation) -> Mapping[str, tuple[Measured, ...]]:
    """The figures of the policy (under an empty name) and of each check."""
    found: dict[str, list[Measured]] = {}
    for one in evaluation.measured:
        found.setdefault(one.what, []).append(one)
    return {what: tuple(some) for what, some in found.items()}
