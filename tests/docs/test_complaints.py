"""What the page of complaints promises is there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "complaints.md").read_text(encoding="utf-8")
LINES = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| complaint")]
NAMED = sorted(set(re.findall(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`", PAGE)))


def _functions(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_a_test_that_is_named_exists(file: str, name: str) -> None:
    assert name in _functions(ROOT / file)


def test_every_complaint_is_answered_by_a_test() -> None:
    assert len(LINES) > 20
    assert [line for line in LINES if "::test_" not in line.rpartition("| `")[2]] == []
    assert PAGE.count("::") == sum(len(re.findall(r"`tests/[^`]+::test_[^`]+`", line)) for line in LINES)


@pytest.mark.parametrize("file", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda file: file.stem)
def test_every_dependency_is_pinned_by_the_hash_of_its_files(file: Path) -> None:
    entries = re.split(r"\n(?=[a-zA-Z])", "\n" + file.read_text(encoding="utf-8").strip())[1:]
    assert entries
    assert [entry for entry in entries if not re.match(r"[\w.\[\]-]+==[^\s]+.*--hash=sha256:", entry, re.DOTALL)] == []
