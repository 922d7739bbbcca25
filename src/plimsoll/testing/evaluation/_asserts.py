"""Gates as assertions."""

import pytest

from plimsoll.evaluation import Condition, Run, Threshold, judge
from plimsoll.evaluation.reports import Facts, interval_text, measure_text

_WORST_TOLD = 5
_LONGEST_TEXT = 120


def assert_gate(run: Run, *thresholds: Threshold) -> None:
    """Fail the test unless the gate of a run passes. What was not measured has not passed, and the text says which.

    With thresholds the figures of the run are held against those, and not against the suite's own.
    """
    __tracebackhide__ = True
    verdict = judge(run.suite.name, thresholds, run.measures) if thresholds else run.verdict
    if verdict.outcome == "pass":
        return
    lines = [
        f"{verdict.outcome}: the gate of suite {run.suite.name}",
        *(_line(run, one) for one in verdict.conditions),
    ]
    if verdict.why:
        lines.append(f"  {verdict.why}")
    pytest.fail("\n".join([*lines, *_worst(run)]), pytrace=False)


def _line(run: Run, condition: Condition) -> str:
    threshold = condition.threshold
    measure = run.measure(threshold.measure, threshold.slice)
    figure = ""
    if measure is not None and measure.value is not None:
        interval = f", interval {interval_text(measure)}" if interval_text(measure) else ""
        figure = f" {measure_text(measure)} ({measure.count:,} rows{interval})"
    return f"  {condition.outcome}: {threshold.place}{figure}, {threshold.text()}: {condition.why}"


def _worst(run: Run) -> list[str]:
    facts = Facts.of(run)
    if not facts.worst:
        return []
    lines = [f"worst rows, of {len(facts.worst):,} that lost points or were not measured:"]
    for row in facts.worst[:_WORST_TOLD]:
        scores = ", ".join(f"{name} {row.scores[name]:.3f}" for name in facts.losses(row))
        said = " ".join((row.error or row.answer).split())[:_LONGEST_TEXT]
        lines.append(f"  {row.name}: {'no answer' if row.error else scores or 'not measured'}: {said}")
    return lines
