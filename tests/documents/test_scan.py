import os
import re
import socket
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from plimsoll.documents import DocumentError
from plimsoll.documents.sources import Scan, scan
from plimsoll.documents.sources._globs import compile_globs


def put(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(path)


def found(result: Scan) -> list[str]:
    return [file.path for file in result.files]


def reasons(result: Scan) -> dict[str, str]:
    return {skipped.path: skipped.reason for skipped in result.skipped}


def test_files_are_found_in_the_order_of_their_paths_with_size_and_place(tmp_path: Path) -> None:
    put(tmp_path, "b.txt", "a/z.md", "a/b/c.PDF", "a.txt")
    result = scan(tmp_path)
    assert found(result) == ["a.txt", "a/b/c.PDF", "a/z.md", "b.txt"]
    place = result.files[1].location
    assert place is not None
    assert place.read_text() == "a/b/c.PDF"
    assert result.files[1].size == len("a/b/c.PDF")
    assert result.skipped == ()


def test_hidden_files_and_droppings_are_not_mentioned(tmp_path: Path) -> None:
    put(tmp_path, ".git/x.md", ".a.txt", "~$x.docx", "Thumbs.db", "a.txt~", "__MACOSX/x.txt", "ok.txt")
    result = scan(tmp_path)
    assert found(result) == ["ok.txt"]
    assert result.skipped == ()


def test_unsupported_kinds_are_listed_with_what_to_do(tmp_path: Path) -> None:
    put(tmp_path, "a.exe", "README")
    result = scan(tmp_path)
    assert reasons(result) == {
        "README": "its name has no suffix that tells its kind",
        "a.exe": "files ending in .exe cannot be read",
    }
    assert ".pdf" in result.skipped[0].hint


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        (["**/*.md"], [], ["a/b/y.md", "a/x.md", "top.md"]),
        (["*.md"], [], ["top.md"]),
        (["a/**"], [], ["a/b/y.md", "a/b/z.txt", "a/x.md"]),
        (["a/"], [], ["a/b/y.md", "a/b/z.txt", "a/x.md"]),
        (["a/**/*.md"], [], ["a/b/y.md", "a/x.md"]),
        (["**/[xy].md"], ["**/[!x].md"], ["a/x.md"]),
        (["**/*"], ["a/b"], ["a/x.md", "top.md"]),
        (["**/*"], ["a/*"], ["top.md"]),
        (["**/*"], ["a/*.md"], ["a/b/y.md", "a/b/z.txt", "top.md"]),
        (["**/?.md"], [], ["a/b/y.md", "a/x.md"]),
        (["./top.md"], [], ["top.md"]),
    ],
)
def test_patterns(tmp_path: Path, include: list[str], exclude: list[str], expected: list[str]) -> None:
    put(tmp_path, "top.md", "a/x.md", "a/b/y.md", "a/b/z.txt")
    result = scan(tmp_path, include=include, exclude=exclude)
    assert found(result) == expected
    assert result.skipped == ()


PIECES = {"**/": "(?:[^/]+/)*", "*": "[^/]*", "?": "[^/]", "[ab]": "[ab]", "[!a]": "[^a/]"}


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from(["**/", "*", "?", "[ab]", "[!a]", "a", "b", "a/", "*/"]), min_size=1, max_size=7),
    st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=4),
)
def test_a_pattern_means_what_its_signs_mean(signs: list[str], names: list[str]) -> None:
    pattern, path = "".join(signs), "/".join(names)
    # Stars are only those of folders where they are a whole name.
    assume(not re.search(r"[^/*]\*\*|\*\*\*|\*\*$", pattern))
    ends = "**" if pattern.endswith("/") else ""
    plain = "".join(PIECES.get(sign, sign) for sign in re.findall(r"\*\*/|\*|\?|\[ab\]|\[!a\]|[ab/]", pattern))
    expected = re.fullmatch(plain + (".+" if ends else ""), path) is not None
    assert compile_globs([pattern])(path) is expected


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 40 + "b", "a" * 250),
        ("**/a/" * 40 + "b", "a/" * 1000 + "a"),
        ("**/*a*a*a*a*a*a/" * 10 + "b", ("a" * 200 + "/") * 20),
        ("*?" * 40 + "b", "a" * 250),
        ("*[ab]" * 40 + "c", "ab" * 125),
        ("**" * 100 + "b", "a" * 250),
    ],
)
def test_no_pattern_takes_long(pattern: str, path: str) -> None:
    assert not compile_globs([pattern])(path)


@pytest.mark.parametrize("pattern", ["", "/etc/*", "../x/*", "a/../*", "[z-a].md"])
def test_patterns_that_mean_nothing_are_errors(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(DocumentError, match="file pattern") as caught:
        scan(tmp_path, include=[pattern])
    assert "**/*.pdf" in caught.value.hint


def test_an_excluded_folder_is_not_even_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "private/x.md", "private/deep/x.md", "ok.md")
    opened: list[str] = []
    real = os.scandir

    def watched(path: Path) -> object:
        opened.append(Path(path).name)
        return real(path)

    monkeypatch.setattr(os, "scandir", watched)
    assert found(scan(tmp_path, exclude=["private/**"])) == ["ok.md"]
    assert set(opened) == {tmp_path.name}


def test_a_single_file_is_a_source(tmp_path: Path) -> None:
    put(tmp_path, "a.md", "a.bin")
    assert found(scan(tmp_path / "a.md")) == ["a.md"]
    assert reasons(scan(tmp_path / "a.bin")) == {"a.bin": "files ending in .bin cannot be read"}


def test_a_missing_source_is_an_error(tmp_path: Path) -> None:
    put(tmp_path, "file.txt")
    for missing in (tmp_path / "nothing", tmp_path / "file.txt" / "below"):
        with pytest.raises(DocumentError, match="there is no folder or file") as caught:
            scan(missing)
        assert caught.value.hint


def test_a_fifo_as_source_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(DocumentError, match="neither a folder nor a regular file"):
        scan(tmp_path / "pipe.txt")


def test_links_out_of_the_root_are_not_followed(tmp_path: Path) -> None:
    put(tmp_path, "secret/password.txt", "root/ok.txt", "root2/near.txt")
    root = tmp_path / "root"
    (root / "file.txt").symlink_to(tmp_path / "secret/password.txt")
    (root / "folder").symlink_to(tmp_path / "secret")
    (root / "sibling").symlink_to(tmp_path / "root2")
    result = scan(root)
    assert found(result) == ["ok.txt"]
    assert reasons(result) == dict.fromkeys(
        ["file.txt", "folder", "sibling"], "it is a link that leads out of the source folder"
    )


def test_a_loop_of_links_is_reported_once(tmp_path: Path) -> None:
    put(tmp_path, "a/b/x.txt")
    (tmp_path / "a/b/up").symlink_to(tmp_path / "a")
    result = scan(tmp_path)
    assert found(result) == ["a/b/x.txt"]
    assert reasons(result) == {"a/b/up": "it is a link to a folder that it lies in (a loop)"}


def test_links_that_point_at_each_other_or_at_nothing_are_reported(tmp_path: Path) -> None:
    (tmp_path / "one.txt").symlink_to(tmp_path / "two.txt")
    (tmp_path / "two.txt").symlink_to(tmp_path / "one.txt")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nothing.txt")
    result = scan(tmp_path)
    assert found(result) == []
    assert sorted(reasons(result)) == ["gone.txt", "one.txt", "two.txt"]
    assert reasons(result)["gone.txt"] == "it is a link to something that is not there"


def test_a_file_is_found_under_one_path_only(tmp_path: Path) -> None:
    put(tmp_path, "z/real.txt")
    (tmp_path / "a.txt").symlink_to(tmp_path / "z/real.txt")
    (tmp_path / "b").symlink_to(tmp_path / "z")
    result = scan(tmp_path)
    assert found(result) == ["z/real.txt"]
    assert reasons(result) == {
        "a.txt": "it is the same file as z/real.txt",
        "b": "it is a link to the folder z, which is read already",
    }


def test_links_within_the_root_to_hidden_places_are_followed(tmp_path: Path) -> None:
    # The way in which Kubernetes mounts a ConfigMap.
    put(tmp_path, "..2026/x.txt", "..2026/sub/y.txt")
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "x.txt").symlink_to("..data/x.txt")
    (tmp_path / "sub").symlink_to("..data/sub")
    result = scan(tmp_path)
    assert found(result) == ["sub/y.txt", "x.txt"]
    assert result.files[1].location == (tmp_path / "..2026/x.txt").resolve()
    assert result.skipped == ()


def test_a_tower_of_doubled_links_ends(tmp_path: Path) -> None:
    for level in range(40):
        put(tmp_path, f".l{level}/x{level}.txt")
        for side in "ab":
            (tmp_path / f".l{level}/{side}").symlink_to(tmp_path / f".l{level + 1}")
    (tmp_path / "in").symlink_to(tmp_path / ".l0")
    assert len(scan(tmp_path).files) == 40


def test_special_files_are_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s.txt"))
        result = scan(tmp_path)
    assert reasons(result) == dict.fromkeys(["pipe.txt", "s.txt"], "it is not a regular file")


def test_names_that_are_not_utf8_are_reported_in_printable_form(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/caf\xe9.txt", "w"):  # noqa: PTH123 - a name that is no text has no Path
        pass
    os.mkdir(os.fsencode(tmp_path) + b"/d\xff")  # noqa: PTH102 - the same
    result = scan(tmp_path)
    assert reasons(result) == {"caf\\udce9.txt": "its name is not UTF-8", "d\\udcff": "its name is not UTF-8"}
    assert [str(s).encode() for s in result.skipped]


def test_names_that_would_steer_a_terminal_or_a_model_are_refused(tmp_path: Path) -> None:
    bad = ["a\n[2] Trusted.txt", "b\x1b[2J.txt", "c\u202etxt.exe.txt", "d\x9b31m.txt", "e\u2028.txt", "folder\r/f.txt"]
    good = ["screen at 9.41\u202fAM.txt", "נמל\u200f.txt", "全角\u3000名.txt"]
    for name in (*bad, *good):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    result = scan(tmp_path)
    assert found(result) == sorted(good)
    assert len(result.skipped) == len(bad)
    assert {item.reason for item in result.skipped} == {"its name has control characters"}
    assert all(item.path.isprintable() for item in result.skipped)
    assert [item.path for item in scan(tmp_path / bad[0]).skipped] == ["a\\n[2] Trusted.txt"]


def test_a_folder_that_cannot_be_read_is_reported_and_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "locked/x.txt", "open/y.txt")
    real = os.scandir

    def refusing(path: Path) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return real(path)

    # The tests may run as root, whom no right stops.
    monkeypatch.setattr(os, "scandir", refusing)
    result = scan(tmp_path)
    assert found(result) == ["open/y.txt"]
    assert reasons(result) == {"locked": "the folder cannot be read: permission denied"}
    assert "rights" in result.skipped[0].hint
    with pytest.raises(DocumentError, match="cannot be scanned: permission denied"):
        scan(tmp_path / "locked")


def test_very_deep_folders_do_not_exhaust_the_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(1200):
        Path("d").mkdir()
        os.chdir("d")
    Path("x.txt").write_text("deep")
    try:
        assert [path.count("/") for path in found(scan(tmp_path))] == [1200]
    finally:
        # pytest's own cleaning is recursive.
        Path("x.txt").unlink()
        for _ in range(1200):
            os.chdir("..")
            Path("d").rmdir()
