"""The sample project of `plimsoll demo`: what stands in it, and that its questions have the answers they claim."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pypdfium2
import pytest
import yaml

from plimsoll.documents import LoadSettings, load

_ROOT = Path(__file__).resolve().parents[2]
_MAKER = _ROOT / "tools" / "make_sample.py"
_PROJECT = _ROOT / "src" / "plimsoll" / "project" / "samples" / "skellan-quay"
_DOCUMENTS = _PROJECT / "documents"
_SCANS = (
    "contracts/by-product-collection-ardlow.png",
    "contracts/forklift-hire-quenby.pdf",
    "invoices/halvern-h-60931.jpg",
    "invoices/quenby-qf-77140.pdf",
    "letters/rent-review-harbour-trust.jpg",
    "letters/termination-pellworth.png",
)
# What each question without an answer asks about; none of it may stand in any document.
_ABSENT = {
    "q24": ("brannoch",),
    "q25": ("lx-40021", "sandvale"),
    "q26": ("harrow point",),
    "q27": ("dental",),
    "q28": ("shed 12",),
    "q29": ("3 august 2025",),
    "q30": ("plastic",),
}


@dataclass(frozen=True, slots=True)
class _Question:
    id: str
    question: str
    answers: list[str]
    documents: list[str]
    answerable: bool
    tags: list[str]


def _questions() -> list[_Question]:
    lines = (_PROJECT / "datasets" / "ask.jsonl").read_text(encoding="utf-8").splitlines()
    return [_Question(**json.loads(line)) for line in lines]


def _paths() -> list[str]:
    return sorted(path.relative_to(_DOCUMENTS).as_posix() for path in _DOCUMENTS.rglob("*") if path.is_file())


def _need_tesseract() -> None:
    if shutil.which("tesseract"):
        return
    if os.environ.get("PLIMSOLL_TEST_REQUIRE_TOOLS") == "1":
        pytest.fail("tesseract is not installed, and PLIMSOLL_TEST_REQUIRE_TOOLS=1 demands it")
    pytest.skip("tesseract is not installed, so scanned documents cannot be read")


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


@cache
def _text(path: str) -> str:
    """The document's text as the platform reads it, with plain white space and in lower case."""
    if path in _SCANS:
        _need_tesseract()
    return _plain(load((_DOCUMENTS / path).read_bytes(), path, LoadSettings()).text)


def _pdf_page_texts(path: str) -> list[str]:
    pdf = pypdfium2.PdfDocument(_DOCUMENTS / path)
    try:
        return [page.get_textpage().get_text_bounded() for page in pdf]
    finally:
        pdf.close()


def _iban_is_valid(iban: str) -> bool:
    """ISO 13616: moved to the end, with letters as numbers, the remainder by 97 is 1."""
    compact = iban.replace(" ", "")
    return int("".join(str(int(sign, 36)) for sign in compact[4:] + compact[:4])) % 97 == 1


def test_there_are_enough_documents_in_each_folder_and_format() -> None:
    paths = _paths()
    folders = Counter(path.split("/", maxsplit=1)[0] for path in paths)
    formats = Counter(Path(path).suffix for path in paths)
    assert len(paths) >= 44
    assert set(folders) == {"contracts", "invoices", "policies", "letters"}
    assert min(folders.values()) >= 10
    assert set(formats) == {".pdf", ".docx", ".html", ".md", ".txt", ".png", ".jpg"}
    assert min(formats.values()) >= 2


def test_the_whole_folder_is_small() -> None:
    assert sum((_DOCUMENTS / path).stat().st_size for path in _paths()) < 1_200_000
    assert sum(path.stat().st_size for path in _PROJECT.rglob("*") if path.is_file()) < 1_500_000


def test_scans_have_no_text_layer_and_all_other_pdfs_have_one() -> None:
    scanned_pdfs = {path for path in _SCANS if path.endswith(".pdf")}
    assert len(scanned_pdfs) == 2
    assert len(_SCANS) >= 4
    for path in (path for path in _paths() if path.endswith(".pdf")):
        texts = [text.strip() for text in _pdf_page_texts(path)]
        if path in scanned_pdfs:
            assert not any(texts), path
        else:
            assert all(len(text) > 200 for text in texts), path


def test_some_pdfs_have_several_pages() -> None:
    pages = [len(_pdf_page_texts(path)) for path in _paths() if path.endswith(".pdf")]
    assert sum(count >= 2 for count in pages) >= 3


def test_every_document_can_be_read() -> None:
    for path in _paths():
        if path not in _SCANS:
            assert len(_text(path)) > 300, path


@pytest.mark.parametrize("path", _SCANS)
def test_a_scan_can_be_read_by_optical_character_recognition(path: str) -> None:
    assert "port verrin" in _text(path) or "ardlow" in _text(path)


def test_there_are_thirty_questions_of_both_kinds_over_all_folders_and_formats() -> None:
    questions = _questions()
    answerable = [question for question in questions if question.answerable]
    named = {path for question in answerable for path in question.documents}
    assert [question.id for question in questions] == [f"q{number:02d}" for number in range(1, 31)]
    assert len(answerable) == 23
    assert {path.split("/", maxsplit=1)[0] for path in named} == {"contracts", "invoices", "policies", "letters"}
    assert {Path(path).suffix for path in named} == {".pdf", ".docx", ".html", ".md", ".txt", ".png", ".jpg"}
    assert len(named & set(_SCANS)) >= 4


@pytest.mark.parametrize("question", _questions(), ids=lambda question: question.id)
def test_a_question_says_what_it_claims(question: _Question) -> None:
    if not question.answerable:
        assert not question.answers
        assert not question.documents
        return
    assert question.documents
    for path in question.documents:
        assert (_DOCUMENTS / path).is_file(), path
    found = [answer for answer in question.answers for path in question.documents if _plain(answer) in _text(path)]
    assert found, f"none of {question.answers} stands in {question.documents}"


@pytest.mark.parametrize("question", [row for row in _questions() if not row.answerable], ids=lambda row: row.id)
def test_what_an_unanswerable_question_asks_about_stands_nowhere(question: _Question) -> None:
    for words in _ABSENT[question.id]:
        assert words in _plain(question.question)
        for path in _paths():
            if path not in _SCANS or shutil.which("tesseract"):
                assert words not in _text(path), path


def test_no_address_of_the_real_world_is_used() -> None:
    for path in _paths():
        if path in _SCANS and not shutil.which("tesseract"):
            continue
        for domain in re.findall(r"[\w.+-]+@([\w.-]+\w)", _text(path)):
            assert domain == "example.com" or domain.endswith(".example.com"), f"{domain} in {path}"


def test_ibans_are_wellformed() -> None:
    pattern = re.compile(r"iban:? ([a-z]{2}\d\d(?: (?=[a-z]*\d)[a-z0-9]{4})+(?: (?=[a-z]*\d)[a-z0-9]{1,3}\b)?)")
    ibans = {iban for path in _paths() if path not in _SCANS for iban in pattern.findall(_text(path))}
    assert len(ibans) >= 8
    for iban in ibans:
        assert _iban_is_valid(iban), iban


def test_the_project_has_all_its_files_and_each_names_files_that_exist() -> None:
    def read(name: str) -> dict[str, object]:
        content: dict[str, object] = yaml.safe_load((_PROJECT / name).read_text(encoding="utf-8"))
        return content

    assert read("plimsoll.yaml")["environments"] == ["staging", "production"]
    endpoint, suite = read("endpoints/ask.yaml"), read("evals/ask.yaml")
    assert (_PROJECT / f"prompts/{endpoint['prompt']}.yaml").is_file()
    assert (_PROJECT / f"knowledge/{endpoint['knowledge']}.yaml").is_file()
    assert (_PROJECT / f"routes/{endpoint['route']}.yaml").is_file()
    assert (_PROJECT / f"datasets/{suite['dataset']}.jsonl").is_file()
    assert (_PROJECT / f"endpoints/{suite['endpoint']}.yaml").is_file()


def test_the_generator_makes_each_format_twice_alike_and_knows_every_committed_document() -> None:
    program = (
        "import sys, json; sys.path.insert(0, sys.argv[1]);"
        "from pathlib import Path;"
        "from sample_maker import read_sources, render;"
        "sources = read_sources(Path(sys.argv[1]) / 'sample_content');"
        "one_each = {source.format: source for source in sources}.values();"
        "unlike = [source.path for source in one_each if render(source) != render(source)];"
        "print(json.dumps([sorted(source.path for source in sources), unlike]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(_MAKER.parent)],
        capture_output=True,
        text=True,
        check=True,
    )
    paths, unlike = json.loads(done.stdout)
    assert paths == _paths()
    assert unlike == []
