import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plimsoll.kernel.digest import canonical_json, digest_bytes
from plimsoll.kernel.errors import IntegrityError, InvalidError, UnavailableError
from plimsoll.releases.bundle import (
    BUNDLE_FORMAT,
    BUNDLE_KIND,
    BundleInvalidError,
    BundleNewerError,
    BundleTamperedError,
    BundleUnusableError,
    MemberTooLargeError,
    blob_name,
    read_bundle,
    write_bundle,
)
from plimsoll.releases.bundle._format import END, header, padding

BLOBS = [b"", b"x", b"y" * 511, b"z" * 512, b"\xff" * 5000]


def head(**changes: object) -> bytes:
    return canonical_json({"format": BUNDLE_FORMAT, "kind": BUNDLE_KIND, **changes})  # type: ignore[dict-item]


def members(blobs: list[bytes] | None = None) -> dict[str, bytes]:
    files = {blob_name(digest_bytes(blob)): blob for blob in (BLOBS if blobs is None else blobs)}
    return dict(sorted({**files, "bundle.json": head(), "manifest.json": b"{}", "verify.py": b"print()\n"}.items()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app-r-123456.plimsoll"


def write(path: Path, files: dict[str, bytes]) -> Path:
    write_bundle(path, files.items())
    return path


def raw(*files: tuple[str, bytes]) -> bytes:
    """An archive without the writer's own checks."""
    return b"".join(header(name, len(data)) + data + b"\0" * padding(len(data)) for name, data in files) + END


def foreign(*entries: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for entry in entries:
            archive.addfile(entry)
    return buffer.getvalue()


def refused(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(BundleInvalidError) as caught:
        read_bundle(path)
    assert str(path) in caught.value.message
    return caught.value.message


def test_what_was_written_is_read(path: Path) -> None:
    files = members()
    size = write_bundle(path, files.items())
    assert path.stat().st_size == size
    with read_bundle(path) as bundle:
        assert bundle.names == tuple(files)
        assert bundle.blobs == tuple(sorted(digest_bytes(blob) for blob in BLOBS))
        assert {name: bundle.read(name) for name in bundle.names} == files
        assert all(bundle.digest(name) == digest_bytes(data) for name, data in files.items())
        assert bundle.has_blob(digest_bytes(b"x"))
        assert not bundle.has_blob(digest_bytes(b"other"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.lists(st.binary(max_size=2000), max_size=5))
def test_same_members_same_file_and_every_tool_reads_it(path: Path, blobs: list[bytes]) -> None:
    files = members(blobs)
    write(path, files)
    data = path.read_bytes()
    assert write(path, files).read_bytes() == data
    with tarfile.open(path) as archive:
        found = {entry.name: archive.extractfile(entry) for entry in archive}
        assert {name: file.read() for name, file in found.items() if file} == files
        assert {(entry.mode, entry.mtime, entry.uid) for entry in archive} == {(0o644, 0, 0)}
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_every_byte_outside_the_members_is_checked(path: Path) -> None:
    """Headers, padding and the end of the file: no byte can be another one."""
    data = raw(("bundle.json", head()), ("manifest.json", b"{}"))
    path.write_bytes(data)
    with read_bundle(path) as bundle:
        spans = [(member.start, member.start + member.size) for member in bundle._members.values()]
    outside = [place for place in range(len(data)) if not any(start <= place < end for start, end in spans)]
    for place in outside:
        changed = bytearray(data)
        changed[place] ^= 0x01
        refused(path, bytes(changed))


@pytest.mark.parametrize("kept", [0, 1, 511, 512, 600, 1024, 1536])
def test_a_file_that_is_cut_off_is_refused(path: Path, kept: int) -> None:
    refused(path, raw(("bundle.json", head()))[:kept])


@pytest.mark.parametrize("more", [b"\0", b"\0" * 512, b"x" * 512])
def test_a_file_that_goes_on_after_its_end_is_refused(path: Path, more: bytes) -> None:
    assert "does not end" in refused(path, raw(("bundle.json", head())) + more)


@pytest.mark.parametrize(
    "name",
    ["../etc/passwd", "/etc/passwd", "notes.txt", "blobs/../x", "blobs/" + "A" * 64, "blobs/" + "a" * 63, "ledger"],
)
def test_a_name_without_a_place_is_refused(path: Path, name: str) -> None:
    files = sorted([("bundle.json", head()), (name, b"x")])
    assert repr(name) in refused(path, raw(*files))
    with pytest.raises(ValueError, match="cannot stand"):
        write_bundle(path, files)


@pytest.mark.parametrize(
    ("kind", "flag"),
    [
        ("link", tarfile.SYMTYPE),
        ("hard link", tarfile.LNKTYPE),
        ("device", tarfile.CHRTYPE),
        ("folder", tarfile.DIRTYPE),
        ("pipe", tarfile.FIFOTYPE),
    ],
)
def test_only_plain_files_are_read(path: Path, kind: str, flag: bytes) -> None:
    entry = tarfile.TarInfo("bundle.json")
    entry.type, entry.linkname = flag, "manifest.json"
    assert "plain file" in refused(path, foreign(entry)), kind


def test_extended_headers_are_refused(path: Path) -> None:
    assert "plain file" in refused(path, foreign(tarfile.TarInfo("a" * 300)))


def test_members_stand_once_and_in_order(path: Path) -> None:
    assert "twice" in refused(path, raw(("bundle.json", head()), ("bundle.json", head())))
    assert "out of order" in refused(path, raw(("manifest.json", b"{}"), ("bundle.json", head())))
    with pytest.raises(ValueError, match="cannot stand"):
        write_bundle(path, [("manifest.json", b"{}"), ("bundle.json", head())])


def test_a_member_that_claims_to_be_huge_is_refused_before_it_is_read(path: Path) -> None:
    assert "more than" in refused(path, header("bundle.json", 2**32))
    assert "cut off" in refused(path, header("blobs/" + "a" * 64, 2**30) + END)


def test_what_could_not_be_read_is_not_written(path: Path) -> None:
    with pytest.raises(MemberTooLargeError, match=r"bundle\.json has 65537 bytes"):
        write_bundle(path, [("bundle.json", b" " * 65537)])
    assert list(path.parent.iterdir()) == []


def test_other_files_are_refused(path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("bundle.json", head())
    assert "is not an exported release" in refused(path, buffer.getvalue() + b"\0" * 512)
    refused(path, b"")
    refused(path, b"\0" * 1024)
    refused(path, b"{" * 4096)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"[" * 60_000, b"\xff", b'{"kind": "release"}', b"{}"])
def test_a_head_that_says_nothing_is_refused(path: Path, content: bytes) -> None:
    refused(path, raw(("bundle.json", content)))


@pytest.mark.parametrize("form", ["1", True, 0, -1, None, 1.5])
def test_a_format_is_a_number(path: Path, form: object) -> None:
    assert "format" in refused(path, raw(("bundle.json", head(format=form))))


def test_another_kind_of_export_is_no_release(path: Path) -> None:
    assert "'audit'" in refused(path, raw(("bundle.json", head(kind="audit"))))


def test_a_newer_format_is_said_also_when_it_has_other_members(path: Path) -> None:
    path.write_bytes(raw(("bundle.json", head(format=2)), ("future.json", b"{}")))
    with pytest.raises(BundleNewerError, match="its format is 2") as caught:
        read_bundle(path)
    assert isinstance(caught.value, InvalidError)


def test_a_missing_member_is_named(path: Path) -> None:
    with read_bundle(write(path, members())) as bundle, pytest.raises(BundleTamperedError, match=r"versions\.json"):
        bundle.read("versions.json")


def test_differences_are_named_and_counted(path: Path) -> None:
    error = BundleTamperedError(path, [f"part {number}" for number in range(8)])
    assert isinstance(error, IntegrityError)
    assert len(error.differences) == 8
    assert "part 4; and 3 more" in error.message


def test_a_file_that_cannot_be_opened_or_written_is_said(path: Path) -> None:
    for use in (lambda: read_bundle(path), lambda: write_bundle(path / "x.plimsoll", members().items())):
        with pytest.raises(BundleUnusableError) as caught:
            use()
        assert isinstance(caught.value, UnavailableError)


def test_a_write_that_fails_leaves_what_was_there(path: Path) -> None:
    def interrupted() -> object:
        yield "bundle.json", head()
        raise RuntimeError

    before = write(path, members()).read_bytes()
    with pytest.raises(RuntimeError):
        write_bundle(path, interrupted())  # type: ignore[arg-type]
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
