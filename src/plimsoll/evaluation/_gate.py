"""Says 0.83 is below 0.85."""

from collections.abc import Iterable, Sequence

from ._types import Condition, Measure, Outcome, Threshold, Verdict


def judge(suite: str, thresholds: Sequence[Threshold], measures: Iterable[Measure]) -> Verdict:
    """Hold measures against thresholds.

    - A suite without thresholds is `not measured`: nobody said what would be good enough.
    - A threshold whose measure has no value is `not measured`.
    - A measure with rows that gave no answer is `not measured`, whatever the others say.
    - A value outside a bound is `fail`; on the bound is `pass`.
    - Any `fail` makes the verdict `fail`; else any `not measured` makes it `not measured`; else it is `pass`.
    """
    by_name = {measure.name: measure for measure in measures}
    conditions = tuple(_hold(threshold, by_name.get(threshold.measure)) for threshold in thresholds)
    return Verdict(suite, _overall([condition.outcome for condition in conditions]), conditions)


def _overall(outcomes: Sequence[Outcome]) -> Outcome:
    if "fail" in outcomes:
        return "fail"
    return "pass" if outcomes and "not measured" not in outcomes else "not measured"


def _hold(threshold: Threshold, measure: Measure | None) -> Condition:
    if measure is None or measure.value is None:
        return Condition(threshold, None, "not measured", "no row of the dataset measures it")
    if measure.missing:
        return Condition(threshold, measure.value, "not measured", f"{measure.missing} rows gave no answer")
    value = measure.value
    if threshold.at_least is not None and value < threshold.at_least:
        return Condition(threshold, value, "fail", f"{value:.3f} is below {threshold.at_least:g}")
    if threshold.at_most is not None and value > threshold.at_most:
        return Condition(threshold, value, "fail", f"{value:.3f} is above {threshold.at_most:g}")
    return Condition(threshold, value, "pass", f"{value:.3f} is {threshold.text()}")
