import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.documents import DocumentError
from plimsoll.documents.sources import EVERYBODY, Scan, check_access, check_metadata, scan


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


@pytest.mark.parametrize("text", ["{", '{"access": "legal"}', '{"title": ["x"]}', "[]", "[" * 5000])
def test_a_file_beside_a_document_that_is_not_understood_hides_it(tmp_path: Path, text: str) -> None:
    put(tmp_path, **{"a.txt": "x", "a.txt.meta.json": text})
    result = scan(tmp_path)
    assert result.files == ()
    assert "a.txt.meta.json" in result.skipped[0].reason


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
