"""Runs as JUnit XML, which every CI system reads.

One `testsuite` for a suite; in it a `testcase` for each threshold and for each row. What is red in the file is red in
the gate, and nothing else is: a threshold that failed is a `failure`, one that was not measured is an `error` (JUnit's
word for "could not be found out"; CI systems count both as not passed, and apart from each other). A row is never red
by itself, since no threshold stands on single rows: one that was not measured is `skipped`, with the reason.
"""

from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree as ET

from ._facts import Facts, conclusion
from ._seen import SeenCondition, SeenRow
from ._words import brief, money, number, plural, safe

_WORST_TOLD: Final = 10
_LONGEST_TEXT: Final = 2_000
_WHOLE: Final = 500
"""The worst rows stand with question and answer, others with their scores alone: CI systems read some megabytes."""
_TAGS: Final = {"fail": "failure", "not measured": "error"}


def junit_report(runs: Sequence[Facts]) -> str:
    """The file, with one testsuite for each run."""
    root = ET.Element("testsuites", name="plimsoll")
    for facts in runs:
        root.append(_suite(facts))
    counted = ("tests", "failures", "errors", "skipped")
    for name in counted:
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    root.set("time", f"{sum(float(suite.get('time', '0')) for suite in root):.3f}")
    ET.indent(root)
    return f"<?xml version='1.0' encoding='UTF-8'?>\n{ET.tostring(root, encoding='unicode')}\n"


def _suite(facts: Facts) -> ET.Element:
    run = facts.run
    suite = ET.Element("testsuite", name=safe(run.suite))
    _properties(suite, facts)
    cases = [_gate(facts)] if run.why or not run.conditions else []
    cases += [_condition(facts, one) for one in run.conditions]
    whole = {row.name for row in facts.worst[:_WHOLE]}
    cases += [_row(facts, row, is_whole=row.name in whole) for row in run.rows]
    for case in cases:
        case.set("classname", safe(f"plimsoll.{run.suite}"))
        suite.append(case)
    counted = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    suite.set("tests", str(len(cases)))
    for name, tag in counted.items():
        suite.set(name, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("time", f"{sum(row.latency_ms for row in run.rows) / 1000:.3f}")
    suite.set("timestamp", facts.day.replace(" ", "T"))
    ET.SubElement(suite, "system-out").text = safe(conclusion(facts))
    return suite


def _properties(suite: ET.Element, facts: Facts) -> None:
    run = facts.run
    told = {
        "verdict": run.verdict,
        "endpoint": run.endpoint,
        "subject": run.subject,
        "suite_digest": run.suite_digest,
        "dataset_digest": run.dataset_digest,
        "seed": str(run.seed),
        "repeats": str(run.repeats),
        "cost_usd": "unknown" if run.cost_usd is None else f"{run.cost_usd:.6f}",
        "kept_answers": str(facts.kept),
        "unchanged": "true" if facts.unchanged else "false",
        **run.environment,
    }
    properties = ET.SubElement(suite, "properties")
    for name, value in told.items():
        ET.SubElement(properties, "property", name=safe(f"plimsoll.{name}"), value=safe(value))


def _gate(facts: Facts) -> ET.Element:
    """The gate by itself, where no threshold can tell why it was not passed."""
    case = ET.Element("testcase", name="gate", time="0")
    why = facts.run.why or "the suite has no thresholds"
    if facts.run.verdict != "pass":
        ET.SubElement(case, _TAGS[facts.run.verdict], message=safe(why), type=facts.run.verdict)
    return case


def _condition(facts: Facts, condition: SeenCondition) -> ET.Element:
    case = ET.Element("testcase", name=safe(f"threshold: {condition.place} {condition.limit}"), time="0")
    if condition.outcome == "pass":
        ET.SubElement(case, "system-out").text = safe(condition.why)
        return case
    message = safe(brief(condition.why, _LONGEST_TEXT))
    found = ET.SubElement(case, _TAGS[condition.outcome], message=message, type=condition.outcome)
    found.text = safe("\n".join([condition.why, *_worst_of(facts, condition)]))
    return case


def _worst_of(facts: Facts, condition: SeenCondition) -> list[str]:
    """The rows that pulled the measure down, for whoever only sees the CI system's page."""
    rows = [row for row in facts.worst if not condition.slice or condition.slice in row.tags]
    told = [row for row in rows if row.error or condition.measure in {**facts.losses(row), **row.not_measured}]
    lines = [f"{row.name}: {_said(row, condition.measure)} | {_line(row.question)}" for row in told[:_WORST_TOLD]]
    return [*lines, f"and {plural(len(told) - len(lines), 'more row')}"] if len(told) > len(lines) else lines


def _said(row: SeenRow, measure: str) -> str:
    if row.error:
        return f"no answer ({_line(row.error)})"
    if measure in row.not_measured:
        return f"not measured ({_line(row.not_measured[measure])})"
    return f"{row.scores[measure]:.3f}"


def _line(text: str) -> str:
    return brief(" ".join(text.split()), 200)


def _row(facts: Facts, row: SeenRow, *, is_whole: bool) -> ET.Element:
    case = ET.Element("testcase", name=safe(f"row: {row.name}"), time=f"{row.latency_ms / 1000:.3f}")
    reasons = [row.error] if row.error else [f"{name}: {why}" for name, why in row.not_measured.items()]
    if reasons:
        message = safe(brief(f"not measured: {'; '.join(reasons)}", _LONGEST_TEXT))
        ET.SubElement(case, "skipped", message=message)
    if row.error:
        return case
    scores = ", ".join(f"{name} {number(score, 'share')}" for name, score in row.scores.items())
    if not is_whole:
        ET.SubElement(case, "system-out").text = safe(scores)
        return case
    told = {"scores": scores, "question": row.question, "answer": row.answer, "cost": money(row.cost_usd)}
    expected = facts.expected.get(row.row)
    if expected is not None:
        told["expected"] = " | ".join(expected.answers) or "(no answer)"
    text = "\n".join(f"{name}: {brief(value, _LONGEST_TEXT)}" for name, value in told.items())
    ET.SubElement(case, "system-out").text = safe(text)
    return case
