"""What the README says of guardrails is so."""

import re
from pathlib import Path

import pytest

from plimsoll.checks import CHECKS
from plimsoll.guardrails import Policy, run_examples
from plimsoll.project._yaml import parse_yaml

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("\n## Guardrails\n")[2].partition("\n## ")[0]
_YAML = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_it_counts_the_checks_that_come_along() -> None:
    assert re.findall(r"(\d+) checks", README) == [str(len(CHECKS))] * 2


def test_its_policy_passes_its_own_tests() -> None:
    (block,) = _YAML.findall(SECTION)
    content = parse_yaml(block.encode()).data
    outcomes = run_examples(Policy.from_json("standard", content), content)
    assert [outcome.difference for outcome in outcomes] == ["", "", ""]


FIGURES = [
    line.strip("| ").split(" | ") for line in SECTION.partition("### ")[2].splitlines() if line.startswith("| ")
][1:]


@pytest.mark.parametrize("row", FIGURES, ids=lambda row: row[0])
def test_each_figure_says_what_was_aimed_at_and_whether_it_was_reached(row: list[str]) -> None:
    what, ours, *_, target = row
    assert what
    assert re.search(r"\d", ours)
    assert re.search(r"^(none|\D*[\d.,]+.*: (reached|missed|recall is missed|precision is missed))", target)
