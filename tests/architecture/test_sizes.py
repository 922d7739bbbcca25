"""Walls that have no list of exceptions: what does not fit is a room that wants dividing."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "plimsoll"

MODULE_LINES = 500
FLOW_LINES = 250
FUNCTION_LINES = 50
ARGUMENTS = 6
MODULES_IN_A_FOLDER = 15
PUBLIC_NAMES = 15
SHOWN = 10

Show = Callable[[str, dict[str, int]], None]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def functions() -> Iterator[tuple[str, Function]]:
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, Function):
                yield f"{path.relative_to(SOURCE)}:{node.name}", node


def body_lines(node: Function) -> int:
    """Lines of a function from its signature's end, without its docstring."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Show:
    """Prints the ten largest of each on every run, so that growth is seen before it hits the wall."""

    def show(title: str, sizes: dict[str, int]) -> None:
        ranked = sorted(sizes.items(), key=lambda item: -item[1])[:SHOWN]
        with capsys.disabled():
            print(f"\n{title}", *(f"{size:5d}  {name}" for name, size in ranked), sep="\n")

    return show


def test_modules(show: Show) -> None:
    sizes = {str(path.relative_to(SOURCE)): lines(path) for path in modules()}
    show("largest modules", sizes)
    assert {name: size for name, size in sizes.items() if size > MODULE_LINES} == {}
    assert {name: size for name, size in sizes.items() if name.startswith("flows/") and size > FLOW_LINES} == {}


def test_functions(show: Show) -> None:
    sizes = {name: body_lines(node) for name, node in functions()}
    show("longest functions", sizes)
    assert {name: size for name, size in sizes.items() if size > FUNCTION_LINES} == {}


def test_arguments(show: Show) -> None:
    counts = {
        name: len([*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs])
        - (node.args.args[:1] != [] and node.args.args[0].arg in {"self", "cls"})
        for name, node in functions()
    }
    show("most arguments", counts)
    assert {name: count for name, count in counts.items() if count > ARGUMENTS} == {}


def test_folders(show: Show) -> None:
    folders = {path.parent for path in modules()}
    counts = {str(folder.relative_to(SOURCE)): len(list(folder.glob("*.py"))) for folder in folders}
    show("fullest folders", counts)
    assert {name: count for name, count in counts.items() if count > MODULES_IN_A_FOLDER} == {}


def test_doors(show: Show) -> None:
    """A door offers at most fifteen names."""
    counts = {}
    for path in SOURCE.rglob("__init__.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
                counts[str(path.relative_to(SOURCE))] = len(ast.literal_eval(node.value))
    show("widest doors", counts)
    assert {name: count for name, count in counts.items() if count > PUBLIC_NAMES} == {}
