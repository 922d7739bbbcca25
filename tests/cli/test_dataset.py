"""`plimsoll dataset`: what there is, what is wrong with it, and where new rows come from."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Run
from tests.flows.conftest import Workshop

from plimsoll.cli import _app
from plimsoll.cli.nouns import dataset
from plimsoll.datasets import read_rows

LEASE = (
    "# Lease\n\nThe notice period is ninety days for Lumenfrost.\n\n"
    "The annual fee is EUR 11,300 for the cold store.\n\nThe deposit was paid on 4 March 2021 by Lumenfrost.\n"
)


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands stand where all others do."""
    if "dataset" not in _app.root.commands:
        monkeypatch.setitem(_app.root.commands, "dataset", dataset.COMMANDS[0])


@pytest.fixture
def folder(workshop: Workshop) -> Path:
    return workshop.root


def rows_of(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "datasets" / f"{name}.jsonl").read_text().splitlines()]


def test_what_there_is_is_listed_and_shown(run: Run, folder: Path) -> None:
    (one,) = run("dataset", "list", "--json", folder=folder).json
    assert (one["name"], one["rows"], one["answerable"], one["suites"]) == ("ask", 3, 2, ["ask"])
    assert "ask" in run("dataset", "list", folder=folder).out
    shown = run("dataset", "show", "ask", "--json", folder=folder).json
    assert len(shown["shown"]) == 3
    assert "twenty-six days" in run("dataset", "show", "ask", folder=folder).out
    assert run("dataset", "show", "ask", "--slice", "none", "--json", folder=folder).json["shown"] == []


def test_the_version_is_the_one_that_a_build_makes(run: Run, folder: Path) -> None:
    (one,) = run("dataset", "list", "--json", folder=folder).json
    assert run("build", folder=folder).code == 0
    found = run("registry", "list", "--json", folder=folder)
    assert one["digest"] in found.out


def test_a_name_that_is_almost_right_is_recognised(run: Run, folder: Path) -> None:
    ended = run("dataset", "show", "asks", folder=folder)
    assert ended.code == 2
    assert "did you mean `ask`?" in ended.err


def test_a_check_says_what_it_could_not_look_at_and_ends_with_0_where_nothing_is_wrong(run: Run, folder: Path) -> None:
    ended = run("dataset", "check", "ask", folder=folder)
    assert ended.code == 0
    assert "texts was not built yet" in ended.out
    assert run("build", folder=folder).code == 0
    found = run("dataset", "check", "ask", "--json", folder=folder)
    assert (found.code, found.json["notes"], found.json["findings"]) == (0, [], [])


def test_a_leak_and_an_unknown_document_end_with_1(run: Run, workshop: Workshop, folder: Path) -> None:
    question = "How many days of paid leave has an employee?"
    workshop.write("prompts/answer.yaml", f"system: |\n  Answer shortly.\n  Q: {question}\n  A: 26\n")
    with (folder / "datasets" / "ask.jsonl").open("a") as file:
        file.write(json.dumps({"question": "Who?", "answers": ["x"], "documents": ["gone.md"]}) + "\n")
    assert run("build", folder=folder).code == 0
    ended = run("dataset", "check", "ask", "--json", folder=folder)
    assert ended.code == 1
    assert {one["code"]: one["rows"] for one in ended.json["findings"]} == {
        "in_prompt": ["row-1"],
        "document_unknown": ["row-4"],
    }
    assert "in_prompt" in run("dataset", "check", "ask", folder=folder).out


def test_a_csv_file_becomes_a_dataset(run: Run, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "My FAQ.csv"
    file.write_text('prompt;gold\n"How\nlong?";30 days|a month\nhow LONG;30 days\nWho?;Anna\n')
    ended = run("dataset", "import", file, folder=folder)
    assert ended.code == 2
    assert "cannot be the name of a dataset" in ended.err
    wrong = run("dataset", "import", file, "--name", "faq", folder=folder)
    assert wrong.code == 2
    assert 'line 1: the column "prompt" is no key of a row' in wrong.err
    columns = ("--column", "question=prompt", "--column", "answers=gold", "--separator", "|")
    done = run(
        "dataset", "import", file, "--name", "faq", *columns, "--unique", "--split", "test=1", "--json", folder=folder
    )
    assert done.json == {"path": str(folder / "datasets" / "faq.jsonl"), "rows": 2, "left_out": 1}
    first, second = rows_of(folder, "faq")
    assert first == {
        "id": "row-2", "question": "How\nlong?", "answers": ["30 days", "a month"], "split": "test",
        "source": "file:My FAQ.csv#row=1",
    }  # fmt: skip
    assert second["source"] == "file:My FAQ.csv#row=3"
    again = run("dataset", "import", file, "--name", "faq", *columns, folder=folder)
    assert (again.code, "is there already" in again.err) == (again.code or 1, True)
    assert run("dataset", "import", file, "--name", "faq", *columns, "--replace", folder=folder).code == 0
    assert len(rows_of(folder, "faq")) == 3


@pytest.mark.parametrize("column", ["question", "quest=prompt", "=x"])
def test_a_column_that_means_nothing_is_told(run: Run, folder: Path, tmp_path: Path, column: str) -> None:
    (tmp_path / "faq.csv").write_text("prompt\nq\n")
    ended = run("dataset", "import", tmp_path / "faq.csv", "--column", column, folder=folder)
    assert ended.code == 2
    assert "KEY=COLUMN" in ended.err


def test_two_datasets_or_files_are_compared(run: Run, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "new.csv"
    file.write_text("id,question,answers\nrow-1,How many days of paid leave has an employee?,26 days\n")
    found = run("dataset", "diff", "ask", file, "--json", folder=folder).json
    assert [row["id"] for row in found["removed"]] == ["row-2", "row-3"]
    assert found["changed"][0]["changed"]["answers"] == [["twenty-six days"], ["26 days"]]
    assert "2 removed" in run("dataset", "diff", "ask", file, folder=folder).out
    assert "no difference" in run("dataset", "diff", "ask", "ask", folder=folder).out


def test_what_a_build_would_change_is_shown(run: Run, folder: Path) -> None:
    assert run("dataset", "diff", "ask", folder=folder).code == 2
    assert run("build", folder=folder).code == 0
    assert "no difference" in run("dataset", "diff", "ask", folder=folder).out
    file = folder / "datasets" / "ask.jsonl"
    file.write_text(file.read_text().replace("twenty-six days", "26 days"))
    assert "1 changed" in run("dataset", "diff", "ask", folder=folder).out
    assert "1 changed" in run("dataset", "diff", "ask", "ask@1", folder=folder).out


def test_requests_become_a_dataset_without_the_personal_data_in_them(run: Run, folder: Path) -> None:
    assert run("build", folder=folder).code == 0
    assert run("ask", "How much paid leave is there? I am anna.smith@example.com", folder=folder).code == 0
    assert run("ask", "When did the freezer fail?", folder=folder).code == 0
    ended = run("dataset", "from-traces", "real", "--endpoint", "ask", "--json", folder=folder)
    assert ended.code == 0, ended.err
    assert (ended.json["rows"], ended.json["requests"]) == (2, 2)
    kept = rows_of(folder, "real")
    assert sorted(row["question"] for row in kept) == [
        "How much paid leave is there? I am [EMAIL_1]",
        "When did the freezer fail?",
    ]
    assert all(row["source"].startswith("trace:") and row["answerable"] and "answers" not in row for row in kept)
    assert len(read_rows(folder / "datasets" / "real.jsonl")) == 2
    assert run("dataset", "from-traces", "real", folder=folder).code != 0
    none = run("dataset", "from-traces", "none", "--endpoint", "other", folder=folder)
    assert (none.code, "no row was made" in none.err) == (2, True)
    shown = run("dataset", "from-traces", "real", "--replace", folder=folder)
    assert "nobody knows the answer" in shown.out


def test_who_may_not_read_traces_makes_no_dataset_of_them(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("build", folder=folder).code == 0
    assert run("ask", "When did the freezer fail?", folder=folder).code == 0
    keys = {}
    for name, role in (("vera", "viewer"), ("dora", "developer")):
        assert run("actor", "create", name, "--role", role, folder=folder).code == 0
        keys[name] = run("key", "create", name, "--json", folder=folder).json["secret"]
    monkeypatch.setenv("PLIMSOLL_KEY", keys["vera"])
    assert "the right `trace`" in run("dataset", "from-traces", "real", folder=folder).err
    assert "the right `publish`" in run("dataset", "from-documents", "facts", folder=folder).err
    monkeypatch.setenv("PLIMSOLL_KEY", keys["dora"])
    assert "the right `erase`" in run("dataset", "from-traces", "raw", "--keep-pii", folder=folder).err
    assert run("dataset", "from-traces", "real", folder=folder).code == 0
    assert [path.name for path in sorted((folder / "datasets").iterdir())] == ["ask.jsonl", "real.jsonl"]


def test_documents_become_questions_whose_answers_stand_in_them(run: Run, workshop: Workshop, folder: Path) -> None:
    workshop.write("documents/contracts/fees.md", LEASE)
    assert run("dataset", "from-documents", "facts", folder=folder).code == 2
    assert run("build", folder=folder).code == 0
    ended = run("dataset", "from-documents", "facts", "--rows", "5", "--no-blanks", "--json", folder=folder)
    assert ended.code == 0, ended.err
    kept = read_rows(folder / "datasets" / "facts.jsonl")
    assert ("ninety days",) in {row.answers for row in kept}
    assert any(not row.answerable for row in kept)
    assert ended.json["rows"] == len(kept)
    shown = run("dataset", "from-documents", "facts", "--replace", folder=folder)
    assert "sentences" in shown.out
    unserved = run("dataset", "from-documents", "more", "--route", "default", folder=folder)
    assert (unserved.code, "serves no name" in unserved.err) == (2, True)
    nowhere = run("dataset", "from-documents", "more", "--knowledge", "text", folder=folder)
    assert "did you mean" in nowhere.err or "texts" in nowhere.err


def test_a_route_that_writes_questions_is_called_as_any_caller_calls_it(
    run: Run, workshop: Workshop, folder: Path
) -> None:
    workshop.write("routes/writer.yaml", "model: builtin/reader\nserves: [writer]\n")
    assert run("build", folder=folder).code == 0
    ended = run("dataset", "from-documents", "more", "--route", "writer", "--rows", "2", folder=folder)
    # The built-in reader quotes, and writes no questions: nothing of what it says counts.
    assert (ended.code, "no row was made" in ended.err) == (2, True)
    assert not (folder / "datasets" / "more.jsonl").exists()
