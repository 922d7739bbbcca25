import os
import pickle
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from plimsoll.documents import (
    Box,
    Document,
    DocumentError,
    Heading,
    LoadSettings,
    Page,
    _errors,
    decode_document,
    digest_file,
    encode_document,
    load,
    load_file,
    loader_fingerprint,
)
from plimsoll.documents._sniff import supported_suffixes
from plimsoll.kernel.digest import digest_bytes
from plimsoll.kernel.errors import IntegrityError, InvalidError, PlimsollError

SETTINGS = LoadSettings()
PATH = Path("folder")
ERRORS: list[PlimsollError] = [
    _errors.DocumentError("message", hint="hint"),
    _errors.StoredDocumentError("reason"),
    _errors.SourceMissingError(PATH),
    _errors.SourceUnusableError(PATH, "reason"),
    _errors.PatternError("[", "reason"),
    _errors.EmptyFileError("a"),
    _errors.NoTextError("a", detail="page 1"),
    _errors.UnsupportedError("a", (".b",)),
    _errors.WrongSuffixError("a", found="b", suffix=".c"),
    _errors.NotTextError("a"),
    _errors.BrokenFileError("a", kind="PDF", reason="b"),
    _errors.EncryptedError("a"),
    _errors.OldOfficeError("a.xlsx"),
    _errors.FileTooLargeError("a", size_bytes=2_500_000, limit_mb=1),
    _errors.TooManyPagesError("a", pages=2, limit=1),
    _errors.UnpackedTooLargeError("a", "b"),
    _errors.MemoryExceededError("a"),
    _errors.ImageTooLargeError("a", width=1, height=2, limit_megapixels=3),
    _errors.OcrAbsentError("a"),
    _errors.OcrOffError("a"),
    _errors.OcrLanguageError("a", ("b",)),
    _errors.OcrFailedError("a", "b"),
    _errors.OcrTimeoutError("a", 1.5),
    _errors.OcrFileTimeoutError("a"),
    _errors.VanishedError("a"),
    _errors.ChangedError("a"),
    _errors.UnreadableError("a", "b"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_survive_the_way_out_of_a_worker_process(error: PlimsollError) -> None:
    back = pickle.loads(pickle.dumps(error))  # noqa: S301 - what was pickled a moment ago
    assert type(back) is type(error)
    assert (back.message, back.hint, back.code, str(back)) == (error.message, error.hint, error.code, str(error))
    assert getattr(back, "permanent", None) == getattr(error, "permanent", None)
    assert back.hint
    assert "\n" not in back.message


def test_every_error_of_the_room_is_tested_and_has_its_own_code() -> None:
    leaves = {value for value in vars(_errors).values() if isinstance(value, type) and issubclass(value, PlimsollError)}
    mine = {leaf for leaf in leaves if leaf.__module__ == _errors.__name__}
    assert {type(error) for error in ERRORS} == mine
    assert len({leaf.code for leaf in mine}) == len(mine)
    assert all(issubclass(leaf, InvalidError) for leaf in mine - {_errors.StoredDocumentError})


def test_names_in_messages_cannot_steer_a_terminal() -> None:
    assert "\x1b" not in _errors.EmptyFileError("a\x1b[31m\n\udce9.txt").message


def test_a_document_is_read_back_identically(contract: str) -> None:
    document = load(f"{contract} \U0001f600\u2028\u00e9".encode(), "a.md", SETTINGS)
    document = replace(
        document,
        pages=(Page(1, 0, 3, 0.9375), Page(2, 3, 3)),
        notes=("n",),
        headings=(Heading(1, 0, 4), Heading(2, 4, 9)),
        boxes=(Box(0, 4, 1, 12.5, 0.1, 300, 24), Box(5, 9, 2, 1, 2, 3, 4)),
        metadata={"author": "Ada", "year": 2024, "weight": 0.5, "final": True},
    )
    assert decode_document(encode_document(document)) == document


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"\xff",
        b'{"title":"","text":"abc","media_type":"","pages":[{"number":1,"start":2,"end":9}],"notes":[]}',
    ],
)
def test_bytes_that_are_no_document_are_an_integrity_error(data: bytes) -> None:
    with pytest.raises(IntegrityError, match="cannot be read back"):
        decode_document(data)


@pytest.mark.parametrize("pages", [[(0, 4)], [(-1, 2)], [(2, 1)], [(0, 2), (1, 3)], [(2, 3), (0, 1)]])
def test_pages_that_do_not_fit_the_text_are_impossible(pages: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Document("t", "abc", "m", tuple(Page(n, *span) for n, span in enumerate(pages, 1)))


def test_headings_and_boxes_that_do_not_fit_the_text_are_impossible() -> None:
    for wrong in ({"headings": (Heading(1, 2, 9),)}, {"boxes": (Box(2, 3, 1, 0, 0, 1, 1), Box(0, 1, 1, 0, 0, 1, 1))}):
        with pytest.raises(ValueError, match="does not fit"):
            Document("t", "abc", "m", (Page(1, 0, 3),), **wrong)


def test_metadata_that_are_no_numbers_are_impossible() -> None:
    with pytest.raises(ValueError, match="metadata weight is nan"):
        Document("t", "abc", "m", (Page(1, 0, 3),), metadata={"weight": float("nan")})


def test_a_file_is_loaded_in_another_process(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        good = pool.submit(load_file, tmp_path / "a.txt", "docs/a.txt", SETTINGS, expected=digest_bytes(b"hello"))
        bad = pool.submit(load_file, tmp_path / "b.txt", "docs/b.txt", SETTINGS)
        assert good.result() == Document("a", "hello", "text/plain", (Page(1, 0, 5),))
        with pytest.raises(DocumentError, match=r"docs/b\.txt vanished"):
            bad.result()


def failure(path: Path, settings: LoadSettings = SETTINGS, expected: str | None = None) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        load_file(path, "a.txt", settings, expected=expected)
    return caught.value


def test_files_that_are_gone_or_changed_or_not_regular(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    assert failure(path).code == "document_vanished"
    path.write_text("hello")
    assert failure(path / "below").code == "document_vanished"
    assert digest_file(path, "a.txt", SETTINGS) == digest_bytes(b"hello")
    assert failure(path, expected=digest_bytes(b"other")).code == "document_changed"
    os.mkfifo(tmp_path / "pipe")
    assert failure(tmp_path / "pipe").code == "document_unreadable"
    assert failure(tmp_path).code == "document_unreadable"


def test_a_file_is_known_by_its_digest_without_being_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(bytes(30_000_000))
    tracemalloc.start()
    try:
        digest = digest_file(path, "a.txt", SETTINGS)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    assert digest == digest_bytes(bytes(30_000_000))


def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("hello")
    real, calls = os.fstat, [0]

    def growing(handle: int) -> os.stat_result:
        calls[0] += 1
        if calls[0] == 2:
            path.write_text("hello and more")
        return real(handle)

    monkeypatch.setattr(os, "fstat", growing)
    assert failure(path).code == "document_changed"


def test_a_file_without_rights_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    # The tests may run as root, whom no right stops.
    monkeypatch.setattr(os, "open", refusing)
    error = failure(tmp_path / "a.txt")
    assert (error.code, error.message) == ("document_unreadable", "a.txt cannot be read: Permission denied")


def test_the_size_is_checked_before_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(5_000_000_000)
    error = failure(path, LoadSettings(max_file_mb=1))
    assert error.message == "a.txt has 5,000.0 MB, and the limit is 1 MB"
    assert "load.max_file_mb" in error.hint
    assert not error.permanent
    with pytest.raises(DocumentError, match="the limit is 1 MB"):
        load(bytes(1_000_001), "a.txt", LoadSettings(max_file_mb=1))


@pytest.mark.parametrize("name", ["a.exe", "a", ".pdf", "a.xlsb"])
def test_other_kinds_are_refused(name: str) -> None:
    for attempt in (lambda: load(b"x", name, SETTINGS), lambda: loader_fingerprint(name, SETTINGS)):
        with pytest.raises(DocumentError, match="cannot be read") as caught:
            attempt()
        assert ".docx" in caught.value.hint


def test_a_file_named_as_another_kind_says_how_to_rename_it() -> None:
    with pytest.raises(DocumentError, match="it holds a PDF") as caught:
        load(b"%PDF-1.4", "a.txt", SETTINGS)
    assert caught.value.hint == "rename it to end in .pdf"


def test_a_fingerprint_is_made_of_everything_that_shapes_the_document(
    fake_tesseract: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def prints(**changes: object) -> tuple[str, str]:
        settings = replace(SETTINGS, **changes)  # type: ignore[arg-type]  # any field
        return loader_fingerprint("a.pdf", settings), loader_fingerprint("a.md", settings)

    absent = prints()
    assert absent == prints()
    fake_tesseract("exit 1")
    scan, text = prints()
    assert scan != absent[0]
    assert text == absent[1]
    assert prints(ocr_languages=("deu",)) == (prints(ocr_languages=("deu",))[0], text)
    assert len({scan, prints(ocr="off")[0], prints(ocr_languages=("deu",))[0], absent[0]}) == 4
    assert prints(ocr="off", ocr_languages=("deu",)) == prints(ocr="off")
    assert prints(max_pages=1, max_file_mb=1, ocr_timeout_s=1) == (scan, text)
    assert loader_fingerprint("b.pdf", SETTINGS) != scan
    monkeypatch.setattr("plimsoll.documents.loaders.pdf.VERSION", 99)
    assert prints()[0] != scan


@pytest.mark.parametrize("suffix", supported_suffixes())
def test_every_suffix_has_a_loader(suffix: str) -> None:
    assert loader_fingerprint(f"a{suffix.upper()}", LoadSettings(ocr="off"))
