"""The page about guardrails for newcomers: every command of it, as it stands there, in the order of the page."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Run

PAGE = (Path(__file__).parents[2] / "docs" / "guarding.md").read_text("utf-8")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_TRACE = "7cd4d3ec"
"""What the page writes for a request, whose id is another one each time."""


def _typed() -> Iterator[tuple[list[str], list[str]]]:
    """Each command, and the lines that the page shows of what it prints."""
    for kind, block in _BLOCK.findall(PAGE):
        for part in block.split("$ ")[1:] if kind == "console" else ():
            command, *shown = part.splitlines()
            yield shlex.split(command), [line for line in shown if line.strip(" …")]


def _files(folder: Path) -> None:
    """What the page says to write down, once the project is there."""
    (policy,) = (block for kind, block in _BLOCK.findall(PAGE) if kind == "yaml")
    (rows,) = (block for kind, block in _BLOCK.findall(PAGE) if kind == "json")
    name, text = policy.split("\n", 1)
    (folder / name.removeprefix("# ")).write_text(text, "utf-8")
    (folder / "rows.jsonl").write_text(rows, "utf-8")
    endpoint = folder / "endpoints" / "ask.yaml"
    before = endpoint.read_text("utf-8")
    endpoint.write_text(re.sub(r"guardrail: \w+", "guardrail: desk", before), "utf-8")


def _expected(shown: list[str]) -> int:
    first = shown[0] if shown else ""
    return 2 if first.startswith("error: ") else int(first.startswith("block "))


def _words(text: str) -> str:
    return " ".join(text.split())


def _latest(run: Run) -> str:
    found: str = run("guardrail", "triggers", "--check", "topics", "--json").json["triggers"][0]["trace"]
    return found


def test_every_command_does_what_the_page_shows(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran: list[str] = []
    for command, shown in _typed():
        if command == ["cd", "desk"]:
            monkeypatch.chdir(tmp_path / "desk")
            continue
        if command == ["plimsoll", "guardrail", "test", "desk"]:
            _files(tmp_path / "desk")
        assert command[0] == "plimsoll"
        trace = _latest(run) if _TRACE in command else ""
        ended = run(*(trace if word == _TRACE else word for word in command[1:]))
        told = f"{ended.out}\n{ended.err}"
        assert ended.code == _expected(shown), (command, told)
        for line in shown:
            assert _words(line.replace(f"{_TRACE}a201", trace[:12])) in _words(told), command
        ran.append(" ".join(command[1:3]))
    assert {"guardrail test", "guardrail explain", "guardrail tune", "guardrail diff", "eval redteam"} <= set(ran)


def test_ten_rows_move_no_threshold(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("init", "rag", "desk").code == 0
    _files(tmp_path / "desk")
    monkeypatch.chdir(tmp_path / "desk")
    tuned = run(
        "guardrail", "tune", "desk", "--false-positives", "1%", "--data", "rows.jsonl", "--out", "candidate.diff"
    )
    assert "it takes 299 to keep 1.00%" in tuned.out
    assert not Path("candidate.diff").exists()
