"""Says 0.83 is below 0.85, and whether so many rows can tell."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from plimsoll.kernel.statistics import lower_bound, number_interval, upper_bound
from plimsoll.kernel.statistics.power import rows_for_difference, rows_for_share

from ._losses import hold_loss
from ._types import Condition, Measure, Outcome, Threshold, Verdict
from .comparison import Comparison

_OF_INTERVAL: Final = 0.975
_ESTIMATE = "write `confidence: estimate` to compare the estimate alone"


def judge(
    suite: str, thresholds: Sequence[Threshold], measures: Iterable[Measure], *, compared: Comparison | None = None
) -> Verdict:
    """Hold measures against thresholds, by these rules, in this order.

    - A suite without thresholds is `not measured`: nobody said what would be good enough.
    - A threshold whose measure has no value is `not measured`.
    - A measure with rows that gave no answer or no score is `not measured`, whatever the others say.
    - An estimate outside a bound is `fail`; with `confidence: None` one inside, or on it, is `pass`.
    - With a confidence, `pass` is only what the rows show: the true value of all such rows lies inside the bound, wrong
      in at most `1 - confidence` of all cases. What they do not show is `not measured`, with how many rows would do.
    - With `may_lose`, `compared` must also show that it is no more than so much worse than the baseline on the same
      rows: `pass` where the lower bound of what was gained is at least `-may_lose`, `fail` where the estimate is below
      it, and `not measured` between them, without a baseline, or where a row was measured in one of the runs alone.
    - Any `fail` makes the verdict `fail`; else any `not measured` makes it `not measured`; else it is `pass`. Since all
      must pass, the whole passes wrongly no more often than its weakest condition (Berger 1982): nothing is corrected.
    """
    if not thresholds:
        return Verdict(suite, "not measured", (), "the suite has no thresholds: nobody said what is good enough")
    by_place = {(measure.name, measure.slice): measure for measure in measures}
    conditions = tuple(hold(one, by_place.get((one.measure, one.slice)), compared) for one in thresholds)
    return Verdict(suite, _overall([condition.outcome for condition in conditions]), conditions)


def _overall(outcomes: Sequence[Outcome]) -> Outcome:
    if "fail" in outcomes:
        return "fail"
    return "pass" if outcomes and "not measured" not in outcomes else "not measured"


def hold(threshold: Threshold, measure: Measure | None, compared: Comparison | None = None) -> Condition:
    """One condition; see `judge`."""
    alone = _alone(threshold, measure)
    if threshold.may_lose is None or measure is None or not measure.is_complete:
        return alone
    lost = hold_loss(threshold, threshold.may_lose, compared)
    has_bounds = bool(_bounds(threshold))
    outcome = _overall([alone.outcome, lost.outcome])
    # Of two conditions only those are told that decide: a failed one alone, or both that passed.
    said = [one.why for one in (alone, lost) if one.outcome == outcome and (has_bounds or one is lost)]
    needed = [one.rows_needed for one in (alone, lost) if one.rows_needed is not None]
    return replace(
        alone,
        outcome=outcome,
        why="; ".join(said) or alone.why,
        rows_needed=max(needed, default=None),
        gain=lost.gain,
        gain_bound=lost.gain_bound,
    )


def _alone(threshold: Threshold, measure: Measure | None) -> Condition:
    """A condition on this run alone."""
    if measure is None or measure.value is None:
        why = measure.why if measure is not None and measure.why else "no row of the dataset measures it"
        return Condition(threshold, None, "not measured", why)
    if measure.missing:
        rows = "1 row" if measure.missing == 1 else f"{measure.missing} rows"
        why = f"{rows} gave no answer or no score" + (f" ({measure.why})" if measure.why else "")
        return Condition(threshold, measure.value, "not measured", why)
    value = measure.value
    if threshold.at_least is not None and value < threshold.at_least:
        return Condition(threshold, value, "fail", f"{value:.3f} is below {threshold.at_least:g}")
    if threshold.at_most is not None and value > threshold.at_most:
        return Condition(threshold, value, "fail", f"{value:.3f} is above {threshold.at_most:g}")
    if threshold.confidence is None or not _bounds(threshold):
        return Condition(threshold, value, "pass", f"{value:.3f} is {_bounds(threshold)}, by its estimate alone")
    return _shown(threshold, measure, value, threshold.confidence)


def _shown(threshold: Threshold, measure: Measure, value: float, confidence: float) -> Condition:
    """Whether the rows show what the estimate says."""
    limits = ((threshold.at_least, True), (threshold.at_most, False))
    bound: float | None = None
    for limit, is_lower in limits:
        if limit is None:
            continue
        bound = _bound(measure, confidence, is_lower=is_lower)
        if bound is None or (bound < limit if is_lower else bound > limit):
            needed = _rows_needed(measure, value, limit, confidence)
            why = _undecided(measure, value, limit, bound, needed, is_lower=is_lower)
            return Condition(threshold, value, "not measured", why, bound, needed)
    end = "" if bound is None else f", and with {confidence:.4g} confidence not {_beyond(threshold)} {bound:.3f}"
    return Condition(threshold, value, "pass", f"{value:.3f} is {_bounds(threshold)}{end}", bound)


def _bounds(threshold: Threshold) -> str:
    return replace(threshold, may_lose=None).text()


def _beyond(threshold: Threshold) -> str:
    return "above" if threshold.at_most is not None else "below"


def _undecided(
    measure: Measure, value: float, limit: float, bound: float | None, needed: int | None, *, is_lower: bool
) -> str:
    rows = "1 row" if measure.count == 1 else f"{measure.count:,} rows"
    if bound is None:
        may = f"{rows} say nothing of how far off it may be"
    else:
        may = f"of {rows} the true value may be {bound:.3f}"
    if needed is not None:
        more = f"about {needed:,} rows would tell"
    elif measure.unit == "share" and ((is_lower and limit >= 1) or (not is_lower and limit <= 0)):
        more = f"no number of rows shows that there is never another answer; {_ESTIMATE}"
    else:
        more = f"more rows are needed, or {_ESTIMATE}"
    return f"{value:.3f} is {'at least' if is_lower else 'at most'} {limit:g}, but {may}: {more}"


def _bound(measure: Measure, confidence: float, *, is_lower: bool) -> float | None:
    """What the true value is not beyond; None where nothing is known of it."""
    if measure.bound is not None:
        found = measure.bound(confidence, is_lower)
    elif not measure.values:
        # One side of a 95 % interval shows no more than this.
        shown = measure.low if is_lower else measure.high
        found = shown if confidence <= _OF_INTERVAL else None
    elif measure.unit == "share":
        found = (lower_bound if is_lower else upper_bound)(measure.values, confidence, measure.groups)
    else:
        found = number_interval(measure.values, 2 * confidence - 1)[0 if is_lower else 1]
    return found if found is not None and math.isfinite(found) else None


def _rows_needed(measure: Measure, value: float, limit: float, confidence: float) -> int | None:
    """How many rows would show it in 4 of 5 cases, were the true value what it seems."""
    distance = abs(value - limit)
    if measure.bound is not None or distance == 0:
        return None
    if measure.unit == "share" and {0.0, 1.0}.issuperset(measure.values):
        known = value if measure.better == "more" else 1 - value
        least = limit if measure.better == "more" else 1 - limit
        # Where all rows are right the truth is likely a little worse; half a wrong row is thought of.
        known = min(known, 1 - 0.5 / (measure.count + 1))
        return rows_for_share(least, known, confidence) if known > least else None
    return None if not measure.spread else rows_for_difference(measure.spread, distance, confidence)
