"""What the reports say of runs: the same in all of them, from the evidence alone."""

import base64
import hashlib
import re
from dataclasses import replace
from html import unescape
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from tests.evaluation.reports.made import LEAST, Raising, right, rows, run, said, suite

from plimsoll.evaluation import Observation, Run, Threshold
from plimsoll.evaluation.comparison import Side, compare
from plimsoll.evaluation.comparison import conclusion as told
from plimsoll.evaluation.reports import (
    Baseline,
    EvidenceInvalidError,
    Facts,
    conclusion,
    html_report,
    junit_report,
    markdown_report,
    seen_comparison,
    seen_run,
)
from plimsoll.evaluation.scorers import RuleScorer

# JUnit's common schema, as CI systems read it: attributes and children of each element.
ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"classname", "name", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message"},
    "system-out": set(),
}  # fmt: skip
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase", "system-out"},
    "properties": {"property"},
    "testcase": {"failure", "error", "skipped", "system-out"},
}  # fmt: skip


def junit(*found: Facts) -> ET.Element:
    return ET.fromstring(junit_report(found))  # noqa: S314  # our own output


def wrong_at(*places: int, count: int = 10, error: int | None = None) -> Run:
    """A run in which some rows are wrong, and one may have no answer."""
    return run(
        suite(rows(count)),
        lambda place: (
            Observation(error="the provider is down") if place == error else said("no" if place in places else "yes")
        ),
    )


def by_name(root: ET.Element) -> dict[str, ET.Element]:
    return {case.get("name", ""): case for case in root.iter("testcase")}


@pytest.mark.parametrize(
    "made", [wrong_at(), wrong_at(*range(8)), wrong_at(1, error=2), run(suite(()), lambda _: said(""))]
)
def test_junit_has_only_what_its_schema_knows_and_counts_right(made: Run) -> None:
    root = junit(Facts.of(made), Facts.of(made))
    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(element.attrib) <= ATTRIBUTES[element.tag]
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
    for one in root.iter("testsuite"):
        assert int(one.get("tests", "")) == len(one.findall("testcase"))
        assert int(one.get("failures", "")) == len(one.findall("testcase/failure"))
        assert int(one.get("errors", "")) == len(one.findall("testcase/error"))
        assert int(one.get("skipped", "")) == len(one.findall("testcase/skipped"))
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", one.get("timestamp", ""))
    assert int(root.get("tests", "")) == len(list(root.iter("testcase")))


@pytest.mark.parametrize(
    ("made", "is_red"),
    [
        (wrong_at(), False),
        (wrong_at(1, 2), False),
        (wrong_at(*range(8)), True),
        (wrong_at(error=2), True),
        (run(suite(()), lambda _: said("")), True),
        (run(suite(rows(3), ()), lambda _: said("yes")), True),
        (run(suite(rows(3), (), (Raising("x"),)), lambda _: said("yes")), True),
        # Something is not measured, but no threshold stands on it: the gate passes, and so does the file.
        (run(suite(rows(3), (LEAST,), (RuleScorer("right", right), Raising("x"))), lambda _: said("yes")), False),
    ],
)
def test_a_junit_file_is_red_exactly_when_the_gate_does_not_pass(made: Run, *, is_red: bool) -> None:
    root = junit(Facts.of(made))
    red = [*root.iter("failure"), *root.iter("error")]
    assert bool(red) == is_red == (made.verdict.outcome != "pass")


def test_what_failed_and_what_was_not_measured_are_told_apart() -> None:
    cases = by_name(junit(Facts.of(wrong_at(*range(8)))))
    failure = cases["threshold: right at least 0.5"].find("failure")
    assert failure is not None
    assert failure.get("message") == "0.200 is below 0.5"
    assert failure.get("type") == "fail"
    assert "row-0: 0.000 | question 0" in (failure.text or "")
    cases = by_name(junit(Facts.of(wrong_at(error=2))))
    error = cases["threshold: right at least 0.5"].find("error")
    assert error is not None
    assert error.get("type") == "not measured"
    skipped = cases["row: row-2"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "not measured: the provider is down"


def test_the_worst_rows_come_first_whichever_way_is_better() -> None:
    less = RuleScorer("toxic", lambda row, _: float(row.id == "row-3"), better="less")
    words = RuleScorer("words", lambda _row, seen: float(len(seen.answer)), unit="number")
    made = run(
        suite(rows(6), (LEAST,), (RuleScorer("right", right), less, words)),
        lambda place: Observation(error="down") if place == 4 else said("no" if place in {1, 3} else "yes"),
    )
    facts = Facts.of(made)
    assert [row.row for row in facts.worst] == ["row-4", "row-3", "row-1"]
    assert facts.losses(facts.worst[1]) == {"right": 1.0, "toxic": 1.0}


def test_answers_are_held_against_the_baseline_word_by_word() -> None:
    then = run(suite(rows(4)), lambda place: Observation(error="down") if place == 3 else said("yes it is so"))
    now = run(
        suite(rows(4)), lambda place: said("yes it was so" if place == 1 else "no" if place == 2 else "yes it is so")
    )
    facts = Facts.of(now, Baseline("r-3f9c2a", seen_run(then.to_json()), ("right is worse by 25 points.",)))
    assert [after.row for _, after in facts.differing] == ["row-2", "row-1"]
    page = html_report([facts])
    assert "yes it <del>is</del><ins>was</ins> so" in page
    assert "right is worse by 25 points." in page
    assert "2 of 4 rows answer otherwise" in page
    assert "Against r-3f9c2a: 2 of 4 rows answer otherwise." in markdown_report([facts])


def test_figures_stand_beside_those_of_a_baseline() -> None:
    thresholds = (Threshold("right", at_least=0.5, may_lose=0.1, confidence=None),)
    then = run(suite(rows(40), thresholds), lambda _: said("yes"))
    now = run(suite(rows(40), thresholds), lambda place: said("no" if place < 20 else "yes"))
    found = compare(Side.of_kept(content(then)), Side.of_run(now), thresholds=thresholds)
    baseline = Baseline("r-3f9c2a", seen_run(then.to_json()), (told(found),), seen_comparison(found.to_json()))
    page = html_report([Facts.of(now, baseline)])
    assert "Beside r-3f9c2a" in page
    assert '<span class="badge fail">worse</span>' in page
    assert "\N{MINUS SIGN}0.500" in page
    assert "&lt; 0.001" in page
    assert told(found) in page
    judged = replace(now, comparison=found.to_json())
    assert "Beside the baseline" in html_report([Facts.of(judged)])
    assert "worse than the baseline by at most 0.1" in html_report([Facts.of(judged)])


def content(made: Run) -> dict[str, Any]:
    found = made.to_json()
    assert isinstance(found, dict)
    return found


def test_what_is_no_comparison_is_refused() -> None:
    with pytest.raises(EvidenceInvalidError):
        seen_comparison({"differences": "many"})


def test_conclusions() -> None:
    assert conclusion(Facts.of(wrong_at())) == "The gate passes. Its one condition holds."
    assert conclusion(Facts.of(wrong_at(*range(8)))) == "The gate fails. Of its conditions 1 of 1 failed."
    undecided = run(suite(rows(9), (LEAST, Threshold("right", at_least=0.95))), lambda _: said("yes"))
    assert conclusion(Facts.of(undecided)) == "The gate was not measured. Of its conditions 1 of 2 was not measured."
    nothing = run(suite(()), lambda _: said(""))
    assert conclusion(Facts.of(nothing)) == "The gate was not measured: the dataset has no rows."
    kept = Facts.of_kept(seen_run(wrong_at().to_json()), rows(10))
    assert conclusion(kept).startswith("Nothing changed since 2")


def test_markdown_is_short_whatever_the_run() -> None:
    made = run(suite(rows(400, "long " * 400)), lambda _: said("no " * 5_000))
    report = markdown_report([Facts.of(replace(made, suite=replace(made.suite, name=f"s{at}"))) for at in range(30)])
    assert len(report) < 65_536
    assert report.count("### ") == 30
    assert "see the HTML report" in report
    assert markdown_report([]) == "### Evaluation\n\nNo suite was run.\n"


def test_a_page_of_a_large_run_stays_small_and_says_what_it_leaves_out() -> None:
    made = run(suite(rows(20_000)), lambda place: said("no " * 300 if place % 2 else "yes " * 300))
    page = html_report([Facts.of(made)])
    assert len(page) < 500_000
    assert "The worst 60 of 10,000 of 20,000 rows that lost points or were not measured." in page


def test_the_page_allows_itself_only_its_own_style_and_script_and_loads_nothing() -> None:
    page = html_report([Facts.of(wrong_at(1))])
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    allowed = dict(part.strip().split(" ", 1) for part in unescape(policy[1]).split(";"))
    assert allowed["default-src"] == "'none'"
    for element, directive in (("style", "style-src"), ("script", "script-src")):
        content = re.search(f"<{element}>(.*?)</{element}>", page, re.DOTALL)
        assert content is not None
        digest = base64.b64encode(hashlib.sha256(content[1].encode()).digest()).decode()
        assert allowed[directive] == f"'sha256-{digest}'"
    assert not re.search(r"(?:src|href)=\"(?!#)", page)
    assert "url(" not in page


def test_a_report_of_kept_evidence_says_the_same_as_that_of_the_run() -> None:
    made = wrong_at(1, error=2)
    kept = Facts.of_kept(seen_run(made.to_json()), made.suite.rows, unchanged=False)
    now = Facts.of(made)
    assert html_report([kept]).replace(", 10 answers kept from earlier", "") == html_report([now])
    assert kept.worst == now.worst


def test_what_is_no_evidence_is_refused() -> None:
    with pytest.raises(EvidenceInvalidError, match="not a run that can be read"):
        seen_run({"format": "something else"})
