import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "records.py"
QUESTIONS = {
    "resolve_by_label",
    "version_by_digest",
    "version_by_part_of_digest",
    "release_by_short_name",
    "lineage_up",
    "lineage_down",
}
WAYS = {
    f"{way}_{content}"
    for way in ("single", "group_of_1", "group_of_16", "group_of_64", "bulk")
    for content in ("plain", "sealed")
}


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    """What the benchmark says of very little; so little that its times mean nothing."""
    small = ["--versions", "50,100", "--calls", "20", "--entries", "500", "--seconds", "0.02", "--kills", "2", "--json"]
    done = subprocess.run([sys.executable, str(SCRIPT), *small], stdout=subprocess.PIPE, text=True, check=False)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_last_line_says_what_was_measured_and_where(result: dict[str, Any]) -> None:
    assert (result["set"], result["database"]) == ("records", "sqlite")
    assert set(result["metrics"]) == {"registry", "ledger", "kills"}
    assert set(result["machine"]) == {"cores", "load", "system", "python", "sqlite"}


def test_every_question_is_measured_at_every_size(result: dict[str, Any]) -> None:
    registry = result["metrics"]["registry"]
    assert {size: one["versions"] for size, one in registry["sizes"].items()} == {"50": 50, "100": 100}
    assert {size: one["releases"] for size, one in registry["sizes"].items()} == {"50": 5, "100": 10}
    assert set(registry["questions"]) == QUESTIONS
    for figure in registry["questions"].values():
        assert set(figure) == {"p50_ms", "p99_ms", "p50_ratio", "p99_ratio"}
        assert set(figure["p50_ms"]) == set(figure["p99_ms"]) == {"50", "100"}


def test_a_lineage_has_the_same_shape_at_every_size(result: dict[str, Any]) -> None:
    assert len(result["metrics"]["registry"]["lineage_nodes"]) == 1


def test_the_log_is_built_verified_and_proven(result: dict[str, Any]) -> None:
    ledger = result["metrics"]["ledger"]
    assert all(ledger[part]["verified"] for part in ("verify_tenth", "verify", "tree", "prove"))
    assert set(ledger["appends"]) == WAYS | {"disk_flush_p50_ms"}
    assert ledger["prove"]["bytes"] == 32 * ledger["prove"]["hashes"]


def test_the_kills_are_counted(result: dict[str, Any]) -> None:
    kills = result["metrics"]["kills"]
    assert (kills["kills"], kills["verifications"], kills["lost"], kills["findings"]) == (2, 3, 0, 0)
    assert kills["acknowledged"] >= 2
