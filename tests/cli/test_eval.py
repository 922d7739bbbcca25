"""Suites at the command line: reports, limits, only what changed, and honest exit codes."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.cli.conftest import Run
from tests.flows.conftest import Workshop


def strict(workshop: Workshop) -> None:
    text = (workshop.root / "evals/ask.yaml").read_text()
    workshop.write("evals/ask.yaml", text.replace("confidence: estimate\n", ""))


def test_reports_are_written_and_say_what_the_screen_says(run: Run, workshop: Workshop, tmp_path: Path) -> None:
    files = {name: tmp_path / "out" / f"report.{name}" for name in ("junit", "markdown", "html")}
    options = [part for name, path in files.items() for part in (f"--{name}", path)]
    ended = run("eval", "ask", *options, folder=workshop.root)
    assert ended.code == 0, ended.err
    assert "answers: 3 asked; cost: $0" in ended.out
    root = ET.parse(files["junit"]).getroot()  # noqa: S314  # our own output
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("5", "0", "0")
    assert "### ✅ Suite ask: pass" in files["markdown"].read_text()
    assert "Evaluation of harbour" in files["html"].read_text()


def test_what_is_not_measured_is_told_and_exits_with_1(run: Run, workshop: Workshop, tmp_path: Path) -> None:
    strict(workshop)
    path = tmp_path / "junit.xml"
    ended = run("eval", "--junit", path, folder=workshop.root)
    assert ended.code == 1
    assert "not measured" in ended.out
    assert "rows would tell" in ended.out
    root = ET.parse(path).getroot()  # noqa: S314  # our own output
    assert (root.get("failures"), root.get("errors")) == ("0", "2")


def test_rows_are_kept_unless_everything_is_asked_again(run: Run, workshop: Workshop) -> None:
    assert "answers: 3 asked;" in run("eval", folder=workshop.root).out
    assert "answers: 0 asked, 3 kept from earlier" in run("eval", folder=workshop.root).out
    assert "answers: 3 asked;" in run("eval", "--fresh", folder=workshop.root).out


def test_only_what_changed_is_run(run: Run, workshop: Workshop, tmp_path: Path) -> None:
    root = workshop.root
    assert run("eval", folder=root).code == 0
    text = (root / "evals/ask.yaml").read_text()
    workshop.write("evals/other.yaml", text.replace("0.9", "0.8"))
    path = tmp_path / "junit.xml"
    ended = run("eval", "--changed", "--junit", path, folder=root)
    assert ended.code == 0
    assert "suite ask: nothing changed since" in ended.out
    assert "suite other: 3 rows through ask" in ended.out
    suites = ET.parse(path).getroot().findall("testsuite")  # noqa: S314  # our own output
    assert [suite.get("name") for suite in suites] == ["ask", "other"]
    said = {one.get("name"): one.get("value") for one in suites[0].iter("property")}
    assert (said["plimsoll.unchanged"], said["plimsoll.verdict"]) == ("true", "pass")
    told = run("eval", "--changed", "--json", folder=root).json
    assert [(one["suite"], one["unchanged"], one["verdict"]) for one in told] == [
        ("ask", True, "pass"),
        ("other", True, "pass"),
    ]


def test_a_suite_that_did_not_pass_is_never_left_out(run: Run, workshop: Workshop) -> None:
    strict(workshop)
    assert run("eval", folder=workshop.root).code == 1
    again = run("eval", "--changed", folder=workshop.root)
    assert again.code == 1
    assert "answers: 0 asked, 3 kept from earlier" in again.out


def test_a_cap_of_nothing_takes_only_kept_answers(run: Run, workshop: Workshop) -> None:
    ended = run("eval", "--max-usd", "0", "--fresh", folder=workshop.root)
    assert ended.code == 1
    assert "the run has cost 0 USD, and may cost 0" in ended.err
    assert run("eval", folder=workshop.root).code == 0
    assert run("eval", "--max-usd", "0", "--at-once", "1", "--per-s", "500", folder=workshop.root).code == 0


def test_answers_are_shown_beside_those_of_a_release(run: Run, workshop: Workshop, tmp_path: Path) -> None:
    root = workshop.root
    name = run("release", "--json", folder=root).json["release"]["name"]
    page, summary = tmp_path / "report.html", tmp_path / "summary.md"
    ended = run("eval", "--baseline", name, "--html", page, "--markdown", summary, folder=root)
    assert ended.code == 0, ended.err
    assert f"Answers that are not those of {name}" in page.read_text()
    assert f"Against {name}: 0 of 3 rows answer otherwise." in summary.read_text()
    workshop.write("evals/other.yaml", (root / "evals/ask.yaml").read_text())
    missing = run("eval", "other", "--baseline", name, folder=root)
    assert (missing.code, "has no run of other" in missing.err) == (2, True)


def test_the_suites_are_named_without_running_any(run: Run, workshop: Workshop) -> None:
    shown = run("eval", "--suite-list", folder=workshop.root)
    assert shown.code == 0
    assert "answer_contains" in shown.out
    (suite,) = run("eval", "--suite-list", "--json", folder=workshop.root).json
    assert (suite["suite"], suite["rows"], suite["thresholds"]) == ("ask", 3, 2)
    assert not (workshop.root / ".plimsoll").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--fresh", "--changed"), 2, "name one of them"),
        (("nothing",), 2, "the suites are: ask"),
        (("--at-once", "0"), 2, "--at-once"),
        (("--max-usd", "-1"), 2, "--max-usd"),
        (("--per-s", "0"), 2, "--per-s"),
        (("--baseline", "r-000000"), 2, "r-000000"),
    ],
)
def test_wrong_use_is_told(run: Run, workshop: Workshop, arguments: tuple[str, ...], code: int, said: str) -> None:
    ended = run("eval", *arguments, folder=workshop.root)
    assert ended.code == code
    assert said in ended.err


def test_a_report_that_cannot_be_written_is_told_before_anything_is_asked(
    run: Run, workshop: Workshop, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    ended = run("eval", "--html", blocked / "report.html", folder=workshop.root)
    assert ended.code == 3
    assert "cannot be written" in ended.err
    assert not (workshop.root / ".plimsoll").exists()


def test_a_run_that_does_not_begin_leaves_no_report(run: Run, workshop: Workshop, tmp_path: Path) -> None:
    workshop.write("prompts/answer.yaml", "system: [\n")
    path = tmp_path / "junit.xml"
    assert run("eval", "--junit", path, folder=workshop.root).code == 2
    assert not path.exists()


def test_without_a_suite_nothing_passes(run: Run, workshop: Workshop) -> None:
    (workshop.root / "evals/ask.yaml").unlink()
    for options in ((), ("--changed",)):
        ended = run("eval", *options, "--json", folder=workshop.root)
        assert (ended.code, json.loads(ended.out)) == (1, [])


def test_a_budget_that_is_used_up_leaves_the_reports_of_what_was_answered(
    run: Run, workshop: Workshop, tmp_path: Path
) -> None:
    workshop.write("plimsoll.yaml", "name: harbour\nbudgets:\n  - {for: everyone, requests: 2, per: day}\n")
    path = tmp_path / "junit.xml"
    ended = run("eval", "--at-once", "1", "--junit", path, folder=workshop.root)
    assert ended.code == 3
    assert "1 of 3 rows not asked" in ended.err
    root = ET.parse(path).getroot()  # noqa: S314  # our own output
    assert root.get("skipped") == "1"
    assert int(root.get("errors", "0")) > 0
