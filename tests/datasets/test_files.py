"""Rows out of JSONL, CSV and Parquet."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.datasets import DatasetInvalidError, DatasetMissingError, Row, _lines, read_rows
from plimsoll.datasets.files import (
    DatasetThereError,
    Description,
    FileKindError,
    FileOutsideError,
    ParquetMissingError,
    column_mistake,
    read_file,
    rows_as_jsonl,
    within,
    write_rows,
)

MAPPED = Description(columns={"question": "prompt", "answers": "gold"})


def csv(folder: Path, text: str | bytes) -> Path:
    path = folder / "faq.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def parquet(folder: Path, **columns: Any) -> Path:
    pyarrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    path = folder / "faq.parquet"
    pq.write_table(pyarrow.table(columns), path)
    return path


def mistakes(path: Path, description: Description | None = None) -> list[tuple[int, str]]:
    with pytest.raises(DatasetInvalidError) as caught:
        read_file(path, description or Description())
    return [(mistake.line, mistake.what) for mistake in caught.value.mistakes]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_what_stands_between_cells_is_found_by_the_names_of_the_columns(tmp_path: Path, separator: str) -> None:
    text = f"question{separator}answers\nHow long; how far, and | why?{separator}30 days\n"
    quoted = text.replace("How long; how far, and | why?", '"How long; how far, and | why?"')
    assert read_file(csv(tmp_path, quoted)) == (
        Row("row-2", "How long; how far, and | why?", ("30 days",), (), answerable=True, tags=()),
    )


def test_a_quoted_cell_may_hold_line_breaks_and_rows_are_called_after_the_lines_in_which_they_begin(
    tmp_path: Path,
) -> None:
    path = csv(tmp_path, b'\xef\xbb\xbfquestion,answers\r\n"a\r\nb ""c""",x\r\n\r\nd,y\r\n')
    assert [(row.id, row.question) for row in read_file(path)] == [("row-2", 'a\r\nb "c"'), ("row-5", "d")]


def test_columns_are_mapped_and_others_are_not_read(tmp_path: Path) -> None:
    path = csv(tmp_path, "nr,prompt,gold,alt,kind,sum\n7,q?,a; b,c,x;y,80.9\n")
    description = Description(
        columns={"id": "nr", "question": "prompt", "answers": ("gold", "alt"), "tags": "kind", "fields.total": "sum"},
        separator=";",
        split="test",
    )
    (row,) = read_file(path, description)
    assert row == Row("7", "q?", ("a", "b", "c"), (), True, ("x", "y"), split="test", fields={"total": "80.9"})


def test_spreadsheets_write_truth_in_capitals(tmp_path: Path) -> None:
    rows = read_file(csv(tmp_path, "question,answers,answerable\na,,FALSE\nb,x,TRUE\n"))
    assert [row.answerable for row in rows] == [False, True]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", [(1, "the file has no rows")]),
        (b"question,answers\n", [(1, "the file has no rows")]),
        (b"question,answers\nq,a\0b\n", [(2, "the line holds a NUL, so this is no text")]),
        (b"question,answers\nq\xe9,a\n", [(2, "the line is not UTF-8 (byte 19 of the file)")]),
        ("question,answers\nq,a".encode("utf-16"), [(1, "the file is UTF-16")]),
        (b"question,answers\nq,a,b\nr,c\n", [(2, "the record has 3 cells, and the header 2")]),
        (b'question,answers\n"q,a\n', [(2, "the record cannot be read: unexpected end of data")]),
        (b"question,question\nq,a\n", [(1, 'the column "question" stands there twice')]),
        (b"id,question,answers\na,q,x\na,r,y\n", [(3, 'the id "a" was given to the row in line 2 already')]),
        (b"question,answers\n,x\n", [(2, '"question" is missing')]),
    ],
)
def test_what_is_wrong_with_a_csv_file_is_told_with_its_line(
    tmp_path: Path, content: bytes, found: list[tuple[int, str]]
) -> None:
    assert mistakes(csv(tmp_path, content)) == found


def test_columns_that_mean_nothing_are_told_once_and_not_for_each_row(tmp_path: Path) -> None:
    text = "Question,answers\n" + "q,a\n" * 50
    assert mistakes(csv(tmp_path, text)) == [(1, 'the column "Question" is no key of a row')]
    assert mistakes(csv(tmp_path, text), MAPPED) == [
        (2, 'there is no column "gold"'),
        (2, 'there is no column "prompt"'),
    ]


def test_a_file_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_lines, "MAX_BYTES", 20)
    assert "larger than" in mistakes(csv(tmp_path, "question,answers\n" + "q,a\n" * 9))[0][1]


def test_nested_values_of_parquet_are_reached_by_names_with_dots(tmp_path: Path) -> None:
    path = parquet(
        tmp_path,
        nr=[1, 2],
        prompt=["q", "r"],
        answers=[{"text": ["x", "y"], "at": [1, 2]}, {"text": ["z"], "at": [3]}],
        meta=[[{"kind": "a"}, {"kind": "b"}], None],
    )
    description = Description(
        columns={"id": "nr", "question": "prompt", "answers": "answers.text", "tags": "meta.kind"}
    )
    rows = read_file(path, description)
    assert [(row.id, row.answers, row.tags) for row in rows] == [("1", ("x", "y"), ("a", "b")), ("2", ("z",), ())]


def test_numbers_of_parquet_become_texts_and_what_json_does_not_know_is_a_mistake(tmp_path: Path) -> None:
    (row,) = read_file(parquet(tmp_path, question=["q"], answers=[42]))
    assert row.answers == ("42",)
    assert mistakes(parquet(tmp_path, question=["q"], answers=[b"\xff"]))[0][1].startswith("a value is bytes")
    assert mistakes(parquet(tmp_path, question=["q"], answers=[float("nan")]))[0][1].startswith("a value is nan")


def test_what_is_no_parquet_file_is_told_as_that(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "faq.parquet"
    path.write_bytes(b"PAR1 nothing more")
    assert mistakes(path)[0][1].startswith("this is no Parquet file that can be read")
    with pytest.raises(DatasetMissingError):
        read_file(tmp_path / "gone.parquet")


def test_without_pyarrow_the_error_names_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ParquetMissingError) as caught:
        read_file(tmp_path / "faq.parquet")
    assert "plimsoll[lance]" in caught.value.hint


def test_columns_of_jsonl_are_mapped_too(tmp_path: Path) -> None:
    path = tmp_path / "faq.jsonl"
    path.write_text(json.dumps({"prompt": "q", "gold": {"short": "x"}, "other": 1}) + "\n")
    (row,) = read_file(path, Description(columns={"question": "prompt", "answers": "gold.short"}))
    assert (row.question, row.answers) == ("q", ("x",))


def test_other_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileKindError, match=r"ends with \.xlsx"):
        read_file(tmp_path / "faq.xlsx")


@pytest.mark.parametrize("file", ["../secret.csv", "/etc/passwd", "", "a\0b.csv", "link.csv"])
def test_a_file_outside_the_folder_is_refused(tmp_path: Path, file: str) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (tmp_path / "secret.csv").write_text("question,answers\nq,a\n")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(FileOutsideError):
        within(folder, file)
    assert within(folder, "data/../faq.csv") == folder / "data/../faq.csv"


def test_a_key_that_is_almost_right_is_recognised() -> None:
    assert column_mistake("answer").startswith("did you mean `answers`?")
    assert column_mistake("fields.total") == ""
    assert column_mistake("fields.") != ""


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(str.strip)
rows = st.builds(
    Row,
    id=texts,
    question=texts,
    answers=st.lists(texts, max_size=2).map(tuple),
    documents=st.lists(texts, max_size=2).map(tuple),
    answerable=st.booleans(),
    tags=st.lists(texts, max_size=2).map(tuple),
    group=st.just("") | texts,
    split=st.sampled_from(["", "train", "dev", "test"]),
    source=st.just("") | texts,
).filter(lambda row: row.answerable or not row.answers)


@given(st.lists(rows, min_size=1, unique_by=lambda row: row.id))
def test_rows_that_are_written_are_read_again(tmp_path_factory: pytest.TempPathFactory, kept: list[Row]) -> None:
    path = tmp_path_factory.mktemp("rows") / "ask.jsonl"
    write_rows(path, kept)
    assert list(read_rows(path)) == kept
    assert path.read_bytes() == rows_as_jsonl(kept)


def test_nothing_is_written_over_without_a_word(tmp_path: Path) -> None:
    path = tmp_path / "datasets" / "ask.jsonl"
    row = Row("a", "q", ("x",), (), True, ())
    write_rows(path, [row])
    with pytest.raises(DatasetThereError):
        write_rows(path, [])
    write_rows(path, [], replace=True)
    assert path.read_bytes() == b""
    assert [one.name for one in path.parent.iterdir()] == ["ask.jsonl"]
