"""The order of the house, held by machines."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "plimsoll"


@pytest.fixture(scope="session")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("plimsoll", cache_dir=None)


def test_import_contract_is_kept() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout


def test_rooms_are_entered_through_their_doors(graph: grimp.ImportGraph) -> None:
    wrong = [
        f"{importer} -> {imported}"
        for importer in sorted(graph.modules)
        for imported in graph.find_modules_directly_imported_by(importer)
        if room(importer) != room(imported) and any(part.startswith("_") for part in imported.split(".")[1:])
    ]
    assert wrong == []


def test_only_stores_use_sql() -> None:
    wrong = [
        path.relative_to(SOURCE)
        for path in SOURCE.rglob("*.py")
        if re.search(r"^\s*(from|import) sqlalchemy", path.read_text(), re.MULTILINE)
        and path.name != "_store.py"
        and path.relative_to(SOURCE).parts[0] != "storage"
    ]
    assert wrong == []


def test_no_room_reads_the_environment() -> None:
    allowed = {"settings.py"}
    wrong = [
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if path.name not in allowed and any(reads_environment(node) for node in ast.walk(ast.parse(path.read_text())))
    ]
    assert wrong == []


def reads_environment(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"} and ast.unparse(node.value) == "os"


def room(module: str) -> str:
    """The room of a module; the flows and the plug-in folders count as part of their room."""
    parts = module.split(".")
    return ".".join(parts[:3]) if parts[1:2] == ["flows"] else ".".join(parts[:2])
