"""Files of rows, and what is said about them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from plimsoll.project import Project, ProjectInvalidError, load_project

CSV = "prompt;gold\nHow long?;30 days\n"
SAID = "columns: {question: prompt, answers: gold}\nlicence: CC-BY-4.0\norigin: our desk\nsplit: test\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], None]:
    def write(name: str, text: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    write("plimsoll.yaml", "name: harbour\n")
    write("routes/default.yaml", "model: builtin/reader\n")
    write("prompts/plain.yaml", 'template: "{{ question }}"\n')
    write("endpoints/talk.yaml", "kind: chat\nprompt: plain\nroute: default\n")
    return write


def loaded(folder: Path) -> Project:
    return load_project(folder)


def wrong(folder: Path) -> list[tuple[str, int, str]]:
    with pytest.raises(ProjectInvalidError) as caught:
        load_project(folder)
    return [(one.file, one.line, one.what) for one in caught.value.mistakes]


def test_a_csv_file_is_a_dataset_and_a_description_beside_it_says_what_its_columns_are(
    write: Callable[[str, str], None], tmp_path: Path
) -> None:
    write("datasets/faq.csv", CSV)
    write("datasets/faq.yaml", SAID)
    project = loaded(tmp_path)
    (row,) = project.datasets["faq"]
    assert (row.question, row.answers, row.split) == ("How long?", ("30 days",), "test")
    assert project.about["faq"] == {"licence": "CC-BY-4.0", "origin": "our desk"}


def test_a_description_may_name_a_file_elsewhere_in_the_project(
    write: Callable[[str, str], None], tmp_path: Path
) -> None:
    write("data/raw.csv", CSV)
    write("datasets/faq.yaml", f"file: data/raw.csv\n{SAID}")
    assert len(loaded(tmp_path).datasets["faq"]) == 1


def test_a_file_that_a_description_names_is_no_dataset_of_its_own(
    write: Callable[[str, str], None], tmp_path: Path
) -> None:
    write("datasets/raw.csv", CSV)
    write("datasets/faq.yaml", f"file: datasets/raw.csv\n{SAID}")
    assert list(loaded(tmp_path).datasets) == ["faq"]


@pytest.mark.parametrize("file", ["../secret.csv", "/etc/passwd", "link.csv"])
def test_a_file_outside_the_project_is_a_mistake(write: Callable[[str, str], None], tmp_path: Path, file: str) -> None:
    secret = tmp_path.parent / "secret.csv"
    secret.write_text(CSV)
    (tmp_path / "link.csv").symlink_to(secret)
    write("datasets/faq.yaml", f"file: {file}\n{SAID}")
    assert ("datasets/faq.yaml", 1, f"the file {file!r} does not lie inside the project") in wrong(tmp_path)


def test_mistakes_are_told_with_the_lines_of_the_file(write: Callable[[str, str], None], tmp_path: Path) -> None:
    write("datasets/faq.csv", CSV)
    write("datasets/ask.csv", "question,answers\nq,a,b\n")
    assert wrong(tmp_path) == [
        ("datasets/ask.csv", 2, "the record has 3 cells, and the header 2"),
        ("datasets/faq.csv", 1, 'the column "prompt" is no key of a row'),
        ("datasets/faq.csv", 1, 'the column "gold" is no key of a row'),
    ]


def test_two_files_of_one_name_and_a_description_of_nothing_are_mistakes(
    write: Callable[[str, str], None], tmp_path: Path
) -> None:
    write("datasets/ask.jsonl", '{"question": "q", "answers": ["a"]}\n')
    write("datasets/ask.csv", "question,answers\nq,a\n")
    write("datasets/lost.yaml", "licence: MIT\n")
    write("datasets/odd.yaml", "columns: {quest: x}\n")
    found = wrong(tmp_path)
    assert ("datasets/ask.csv", 0, "ask.csv and ask.jsonl are both the dataset ask") in found
    assert ("datasets/lost.yaml", 0, "there is no file that this describes") in [(a, 0, c) for a, _, c in found]
    assert any("`quest` is not a key of a row" in what for _, _, what in found)
