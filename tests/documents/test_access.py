import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.documents import DocumentError
from plimsoll.documents.sources import EVERYBODY, Scan, check_access, check_metadata, scan
from plimsoll.kernel.digest import canonical_json


def put(folder: Path, **files: str) -> None:
    for name, text in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


def readers(result: Scan) -> dict[str, tuple[str, ...]]:
    return {file.path: file.access for file in result.files}


def test_without_a_word_everybody_reads(tmp_path: Path) -> None:
    put(tmp_path, **{"a.txt": "x"})
    assert readers(scan(tmp_path)) == {"a.txt": EVERYBODY}
    assert readers(scan(tmp_path, access=("legal",))) == {"a.txt": ("legal",)}


def test_what_is_nearer_to_the_document_stands_above_what_is_farther(tmp_path: Path) -> None:
    put(
        tmp_path,
        **{
            "a.txt": "x",
            "hr/b.txt": "x",
            "hr/pay/c.txt": "x",
            "hr/pay/d.txt": "x",
            ".access.yaml": "access: [staff]\nmetadata: {year: 2023, place: sea}\n",
            "hr/.access.yaml": "access: [hr]\nfiles:\n  'pay/**': {access: [payroll, hr]}\n",
            "hr/pay/d.txt.meta.json": json.dumps({"access": ["boss"], "title": "D", "metadata": {"year": 2024}}),
        },
    )
    result = scan(tmp_path, access=("firm",), metadata={"firm": True})
    assert readers(result) == {
        "a.txt": ("staff",),
        "hr/b.txt": ("hr",),
        "hr/pay/c.txt": ("hr", "payroll"),
        "hr/pay/d.txt": ("boss",),
    }
    assert result.files[3].metadata == {"firm": True, "year": 2024, "place": "sea", "title": "D"}
    assert result.skipped == ()


@pytest.mark.parametrize(
    "text",
    [
        "access: legal",
        "access: []",
        "access: [1]",
        "access: ['a,b']",
        "access: [[legal]]",
        "access: [{legal: true}]",
        "access: {legal: false}",
        "access: {'*': false}",
        "access: [legal]\naccess: ['*']",
        "files: {'*': {access: [legal], access: ['*']}}",
        "<<: {access: [legal]}",
        "? [a, b]\n: x",
        "metadata: {a: 99999999999999999999}",
        "acess: [legal]",
        "[legal]",
        "access: [legal",
        "metadata: {a: [1]}",
        "metadata: {'a b': 1}",
        "metadata: {a: .nan}",
        "files: {'/etc/*': {access: [x]}}",
        "files: {'*': {reader: [x]}}",
        "files: [x]",
    ],
)
def test_a_file_about_readers_that_is_not_understood_hides_the_documents(tmp_path: Path, text: str) -> None:
    put(tmp_path, **{"hr/a.txt": "x", "b.txt": "x", "hr/.access.yaml": text})
    result = scan(tmp_path)
    assert readers(result) == {"b.txt": EVERYBODY}
    (skipped,) = result.skipped
    assert (skipped.path, bool(skipped.reason), bool(skipped.hint)) == ("hr/a.txt", True, True)
    assert ".access.yaml" in skipped.reason


@pytest.mark.parametrize("called", [".access.yml", ".Access.yaml", ".access.json", ".access.yaml.txt"])
def test_a_file_about_readers_whose_name_is_nearly_right_hides_the_documents(tmp_path: Path, called: str) -> None:
    put(tmp_path, **{"hr/a.txt": "x", "b.txt": "x", f"hr/{called}": "access: [hr]"})
    result = scan(tmp_path)
    assert readers(result) == {"b.txt": EVERYBODY}
    assert f"hr/{called} would have to be called .access.yaml" in result.skipped[0].reason


@pytest.mark.parametrize("called", ["a.meta.json", "a.txt.META.json", "A.txt.meta.json"])
def test_a_file_beside_a_document_whose_name_is_nearly_right_hides_it(tmp_path: Path, called: str) -> None:
    put(tmp_path, **{"a.txt": "x", "b.txt": "x", called: '{"access": ["board"]}'})
    result = scan(tmp_path)
    assert readers(result) == {"b.txt": EVERYBODY}
    assert "would have to be called a.txt.meta.json" in {item.path: item.reason for item in result.skipped}["a.txt"]


def test_marks_on_letters_are_the_same_in_both_of_their_forms(tmp_path: Path) -> None:
    apart, together = "Geha\u0308lter.txt", "Geh\u00e4lter.txt"
    put(tmp_path, **{apart: "x", f"b/{apart}": "x", f"b/{together}.meta.json": '{"access": ["payroll"]}'})
    put(tmp_path, **{".access.yaml": f"files: {{'{together}': {{access: [payroll]}}}}"})
    result = scan(tmp_path)
    assert readers(result) == {apart: ("payroll",)}
    assert scan(tmp_path, exclude=[f"**/{together}"]).files == ()
    assert "would have to be called" in {item.path: item.reason for item in result.skipped}[f"b/{apart}"]


def test_a_file_of_that_name_that_says_nothing_of_readers_hides_nothing(tmp_path: Path) -> None:
    put(tmp_path, **{"a.txt": "x", "a.meta.json": '{"pages": 3}', "b": "x", "b.txt": "x"})
    put(tmp_path, **{"b.meta.json": '{"access": ["legal"]}'})
    assert readers(scan(tmp_path)) == {"a.txt": EVERYBODY, "b.txt": EVERYBODY}


def test_a_link_does_not_give_a_document_more_readers(tmp_path: Path) -> None:
    put(tmp_path, **{".store/a.txt": "x", ".store/b.txt": "x", ".store/c.txt": "x", "open/d.txt": "x"})
    put(tmp_path, **{"hr/.access.yaml": "access: [hr]", "c.txt.meta.json": '{"access": ["board"]}'})
    (tmp_path / "hr" / "a.txt").symlink_to(tmp_path / ".store" / "a.txt")
    (tmp_path / "b.txt").symlink_to(tmp_path / ".store" / "b.txt")
    (tmp_path / "c.txt").symlink_to(tmp_path / ".store" / "c.txt")
    result = scan(tmp_path)
    assert readers(result) == {"b.txt": EVERYBODY, "open/d.txt": EVERYBODY}
    told = {item.path: item.reason for item in result.skipped}
    assert "[*] and [hr]" in told["hr/a.txt"]
    assert "[*] and [board]" in told["c.txt"]
    (tmp_path / "b.txt.meta.json").write_text('{"access": ["legal"]}')
    assert scan(tmp_path / "b.txt").files == ()


@pytest.mark.parametrize("kind", ["fifo", "folder"])
def test_no_pipe_and_no_folder_is_waited_for(tmp_path: Path, kind: str) -> None:
    put(tmp_path, **{"a.txt": "x"})
    beside = tmp_path / "a.txt.meta.json"
    os.mkfifo(beside) if kind == "fifo" else beside.mkdir()
    assert readers(scan(tmp_path)) == {}


@pytest.mark.parametrize(
    "text",
    [
        "{", '{"access": "legal"}', '{"title": ["x"]}', "[]", "[" * 5000, '{"access": ["a"], "access": ["*"]}',
        '{"metadata": {"a": 1e400}}', '{"metadata": {"a": 1' + "0" * 30 + "}}",
        '{"metadata": {"a": 1' + "0" * 5000 + "}}",
        '{"access": [["a"]]}', '{"access": ["' + "a" * 101 + '"]}', '{"title": "' + "a" * 1001 + '"}',
        '{"title": "' + "a" * 1_000_001 + '"}', '{"access": ["\\ud800"]}',
    ],
)  # fmt: skip
def test_a_file_beside_a_document_that_is_not_understood_hides_it(tmp_path: Path, text: str) -> None:
    put(tmp_path, **{"a.txt": "x", "a.txt.meta.json": text})
    result = scan(tmp_path)
    assert result.files == ()
    assert "a.txt.meta.json" in result.skipped[0].reason


def test_what_is_said_beside_a_document_can_be_shown_and_written(tmp_path: Path) -> None:
    told = {"title": "Pay\n\x1b[2J\u009b day", "metadata": {"place": "a\ud800b\x00\nc"}}
    put(tmp_path, **{"a.txt": "x", "a.txt.meta.json": json.dumps(told)})
    (file,) = scan(tmp_path).files
    assert file.metadata == {"title": "Pay [2J day", "place": "ab\nc"}
    canonical_json(dict(file.metadata))


def test_a_link_in_the_place_of_a_file_about_readers_is_not_followed(tmp_path: Path) -> None:
    put(tmp_path, **{"in/a.txt": "x", "out.yaml": "access: [friends]"})
    (tmp_path / "in" / ".access.yaml").symlink_to(tmp_path / "out.yaml")
    assert scan(tmp_path / "in").files == ()


def test_a_file_about_another_one_is_no_document_itself(tmp_path: Path) -> None:
    put(tmp_path, **{"a.txt": "x", "a.txt.meta.json": "{}", "gone.txt.meta.json": "{}", "own.json": "{}"})
    result = scan(tmp_path)
    assert [file.path for file in result.files] == ["a.txt", "own.json"]
    assert [(item.path, item.reason) for item in result.skipped] == [
        ("gone.txt.meta.json", "it describes a file that is not there")
    ]


def test_a_source_of_one_file_has_readers_too(tmp_path: Path) -> None:
    put(tmp_path, **{"a.txt": "x", "a.txt.meta.json": '{"access": ["legal"]}'})
    assert readers(scan(tmp_path / "a.txt")) == {"a.txt": ("legal",)}


@given(st.lists(st.text(min_size=1, max_size=20), max_size=6))
def test_groups_are_sorted_once_each_or_refused(groups: list[str]) -> None:
    try:
        access = check_access(groups, "here")
    except DocumentError:
        assert not groups or any(not name.isprintable() or "," in name or name != name.strip() for name in groups)
        return
    assert access == (("*",) if "*" in groups else tuple(sorted(set(groups))))
    assert check_access(list(access), "here") == access


@pytest.mark.parametrize("facts", [[], {1: 2}, {"a": None}, {"a": float("inf")}, {"a": "x" * 2000}, {"a": {"b": 1}}])
def test_metadata_are_plain_values_under_plain_names(facts: Any) -> None:
    with pytest.raises(DocumentError, match="metadata"):
        check_metadata(facts, "here")
