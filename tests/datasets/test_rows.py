"""Rows from JSONL: what is read, and that every mistake is named with its line."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.datasets import DatasetInvalidError, DatasetMissingError, Row, RowInvalidError, RowMistake, read_rows
from plimsoll.kernel.digest import canonical_json


def written(folder: Path, *lines: str | bytes) -> Path:
    path = folder / "ask.jsonl"
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines))
    return path


def mistakes(path: Path) -> list[tuple[int, str]]:
    with pytest.raises(DatasetInvalidError) as caught:
        read_rows(path)
    return [(mistake.line, mistake.what) for mistake in caught.value.mistakes]


def test_rows_are_read_with_their_defaults(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '{"question": "How long is the notice?", "answers": ["30 days"]}',
        "",
        '{"id": "q2", "question": "Who?", "answers": [], "answerable": false, "tags": ["hard"], "documents": ["a.md"]}',
    )
    assert read_rows(path) == (
        Row("row-1", "How long is the notice?", ("30 days",), (), answerable=True, tags=()),
        Row("q2", "Who?", (), ("a.md",), answerable=False, tags=("hard",)),
    )


def test_a_row_says_what_it_is_for_what_a_json_answer_should_have_and_where_it_comes_from(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '{"question": "q", "answers": ["x"], "split": "dev", "fields": {"total": 80.9}, "source": "trace:01"}',
        '{"question": "r", "fields": {"total": null}}',
    )
    first, second = read_rows(path)
    assert (first.split, first.fields, first.source) == ("dev", {"total": 80.9}, "trace:01")
    assert second.answerable
    assert second.answers == ()
    assert Row.from_json(first.to_json()) == first
    assert set(second.to_json()) == {"id", "question", "answers", "documents", "answerable", "tags", "fields"}  # type: ignore[arg-type]  # it is an object


def test_a_row_whose_answer_nobody_wrote_down_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, '{"question": "q", "answerable": true}', '{"question": "r", "answerable": false}')
    assert [row.labelled for row in read_rows(path)] == [False, True]


@pytest.mark.parametrize("fields", ['"x"', '{"": 1}', '{"a": ["\\udc00"]}', '{"a":' * 60 + "1" + "}" * 60])
def test_fields_are_values_by_their_names(tmp_path: Path, fields: str) -> None:
    assert [line for line, _ in mistakes(written(tmp_path, f'{{"question": "q", "fields": {fields}}}'))] != []


def test_a_byte_order_mark_windows_line_ends_and_line_separators_in_text_do_no_harm(tmp_path: Path) -> None:
    path = written(tmp_path, b"\xef\xbb\xbf" + '{"question": "a\u2028b", "answers": ["x"]}\r'.encode(), "\r")
    assert [row.question for row in read_rows(path)] == ["a\u2028b"]


def test_all_mistakes_come_at_once_with_their_lines(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '{"question": "ok?", "answers": ["yes"], "id": "a"}',
        "{question: 1}",
        "[1, 2]",
        '{"answers": ["x"]}',
        '{"question": "q", "answer": ["x"]}',
        '{"question": "q", "answers": ["x"], "id": "a"}',
        '{"question": "q", "answers": ["x"], "split": "exam"}',
        '{"question": "q", "answers": ["x"], "answerable": false}',
        '{"question": "q", "answers": "x"}',
        b'{"question": "caf\xe9", "answers": ["x"]}',
        '{"question": "q", "question": "r", "answers": ["x"]}',
        '{"question": "\\ud800", "answers": ["x"]}',
        '{"question": "q", "answers": ["x"], "answerable": "no"}',
        '{"question": "q", "answers": [NaN]}',
        "[" * 100_000,
    )
    assert mistakes(path) == [
        (2, "the line is not JSON: Expecting property name enclosed in double quotes at character 2"),
        (3, "the line is not a JSON object"),
        (4, '"question" is missing'),
        (5, '"answer" is not a key of a row'),
        (5, "the row has no answers"),
        (6, 'the id "a" was given to the row in line 1 already'),
        (7, '"split" must be train, dev or test'),
        (8, '"answerable" is false, but there are answers'),
        (9, '"answers" must be a list of texts that are not empty'),
        (10, "the line is not UTF-8 (byte 18 of it)"),
        (11, 'the line cannot be read: the key "question" stands there twice'),
        (12, '"question" must be text that is not empty'),
        (13, '"answerable" must be true or false'),
        (14, "the line cannot be read: NaN is not JSON"),
        (15, "the line cannot be read: it is nested too deeply"),
    ]


def test_a_key_that_is_almost_right_is_recognised(tmp_path: Path) -> None:
    path = written(tmp_path, '{"question": "q", "answers": ["x"], "Documents": []}')
    with pytest.raises(DatasetInvalidError) as caught:
        read_rows(path)
    assert caught.value.mistakes == (
        RowMistake(
            1,
            '"Documents" is not a key of a row',
            'did you mean "documents"? keys of a row are id, question, answers, documents, answerable, tags, group, '
            "split, fields, source",
        ),
    )
    assert caught.value.message == f'1 mistake in {path}, the first in line 1: "Documents" is not a key of a row'
    assert caught.value.hint.startswith('did you mean "documents"?')


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xef\xbb\xbf"])
def test_a_file_without_rows_is_a_mistake(tmp_path: Path, content: bytes) -> None:
    assert mistakes(written(tmp_path, content)) == [(1, "the file has no rows")]


def test_a_file_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plimsoll.datasets._lines.MAX_BYTES", 2**20)
    path = written(tmp_path, b'{"question": "q", "answers": ["' + b"x" * 2**20 + b'"]}')
    assert mistakes(path) == [(1, "the file is larger than 1 MB")]


def test_a_file_that_is_not_there_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(DatasetMissingError, match="No such file"):
        read_rows(tmp_path / "ask.jsonl")


texts = st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    answers = tuple(draw(st.lists(texts, max_size=3)))
    more = st.lists(texts, max_size=2).map(tuple)
    return Row(draw(texts), draw(texts), answers, draw(more), answerable=bool(answers), tags=draw(more))


@given(rows())
def test_a_row_survives_json(row: Row) -> None:
    assert Row.from_json(json.loads(canonical_json(row.to_json()))) == row


@given(st.lists(rows(), min_size=1, unique_by=lambda row: row.id))
def test_what_was_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, given_rows: list[Row]) -> None:
    path = written(tmp_path_factory.mktemp("rows"), *(canonical_json(row.to_json()) for row in given_rows))
    assert read_rows(path) == tuple(given_rows)


@given(st.binary(max_size=200) | st.text(alphabet='{}[]":,truefalsn\\u0d8 \n').map(str.encode))
def test_no_bytes_raise_anything_but_mistakes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = written(tmp_path_factory.mktemp("rows"), data)
    with contextlib.suppress(DatasetInvalidError):
        assert read_rows(path)


def test_a_stored_row_of_another_shape_is_refused() -> None:
    with pytest.raises(RowInvalidError, match="question"):
        Row.from_json({"id": "a"})


def test_a_group_is_kept_and_reads_back(tmp_path: Path) -> None:
    (row,) = read_rows(written(tmp_path, '{"question": "Who?", "answers": ["Ann"], "group": "case 7"}'))
    assert row.group == "case 7"
    assert Row.from_json(row.to_json()) == row
    assert mistakes(written(tmp_path, '{"question": "Who?", "answers": ["Ann"], "group": ""}')) == [
        (1, '"group" must be text that is not empty')
    ]
