"""What goes wrong while a knowledge base is built is told, and what was built and is live stays as it is."""

import asyncio
import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.api.harbour import Harbour
from tests.cli.test_serve import COMMAND
from tests.flows.conftest import Workshop

from plimsoll.documents.sources import SourceUnreachableError
from plimsoll.flows.ask import ask
from plimsoll.flows.audit import verify
from plimsoll.flows.build import BuildReport, DocumentOutcome, build
from plimsoll.flows.serve import Answer
from plimsoll.kernel.errors import IntegrityError, PlimsollError, UnavailableError
from plimsoll.models import Embedder
from plimsoll.project import load_project
from plimsoll.retrieval import Snapshot

Vectors = NDArray[np.float32]
WAIT_S = 120
FREEZER = "When did the freezer fail?"
SOUP = "What is there in the canteen on Mondays?"
CANTEEN = "# Canteen\n\nThere is soup in the canteen on Mondays.\n"
_MANY = 40
"""More than are loaded ahead."""
CLAUSES = "\n\n".join(f"Rule {number}. Berth {number} is for boat {number * 7}. " + "x" * 330 for number in range(300))
"""Cut into more chunks than are embedded at once."""


class Quay(Harbour):
    """A project with a live release, in which something goes wrong."""

    def __init__(self, workshop: Workshop) -> None:
        super().__init__(workshop)
        self.ship()
        self.before = self.state()

    def state(self) -> tuple[Any, ...]:
        """The working draft, the live release, and what is answered from each."""
        platform = self.platform
        live = platform.environments.live("harbour", "staging")
        return platform.releases.working_draft("harbour"), live, self.answer("staging"), self.answer(None)

    def answer(self, environment: str | None, question: str = FREEZER) -> str:
        return self.asked(question, environment).done.text

    def asked(self, question: str, environment: str | None = None) -> Answer:
        parts = self.platform.serve_parts()
        return asyncio.run(ask("harbour", question, endpoint="ask", environment=environment, parts=parts))

    def build(self, **changes: Any) -> BuildReport:
        parts = self.platform.build_parts(lambda *_: None)
        return build(load_project(self.workshop.root), replace(parts, **changes))

    def fails(self, kind: type[PlimsollError], **changes: Any) -> PlimsollError:
        """Build, which must fail so and change nothing; what is told has a hint."""
        with pytest.raises(kind) as raised:
            self.build(**changes)
        assert raised.value.message
        assert raised.value.hint
        assert self.state() == self.before
        return raised.value

    def embedder(self, change: Callable[[Sequence[str], Vectors], Vectors]) -> Callable[[Any], Embedder]:
        make = self.platform.build_parts(lambda *_: None).make_embedder
        return lambda name: Faulty(make(name), change)


class Faulty:
    """Another embedder under the name, the fingerprint and the dimension of a good one."""

    def __init__(self, real: Embedder, change: Callable[[Sequence[str], Vectors], Vectors]) -> None:
        self.name, self.fingerprint, self.dimension = real.name, real.fingerprint, real.dimension
        self._real, self._change = real, change

    def embed(self, texts: Sequence[str]) -> Vectors:
        return self._change(texts, self._real.embed(texts))


@pytest.fixture
def quay(workshop: Workshop) -> Quay:
    return Quay(workshop)


def fates(report: BuildReport) -> dict[str, DocumentOutcome]:
    return {outcome.path: outcome for outcome in report.knowledge[0].outcomes}


FAULTS: Mapping[str, Callable[[Vectors], Vectors]] = {
    "no number": lambda vectors: np.where(np.arange(len(vectors))[:, None] == len(vectors) - 1, np.nan, vectors),
    "infinite": lambda vectors: vectors * np.inf,
    "another dimension": lambda vectors: vectors[:, :-1],
    "too few": lambda vectors: vectors[:-1],
    "too many": lambda vectors: np.concatenate([vectors, vectors[:1]]),
    "too long": lambda vectors: vectors * 3,
    "nothing": np.zeros_like,
    "one number for each": lambda vectors: vectors[:, 0],
}


def test_vectors_that_are_wrong_are_told_and_nothing_of_them_is_kept(quay: Quay) -> None:
    quay.workshop.write("documents/canteen.md", CANTEEN)

    def only_of_the_new(fault: Callable[[Vectors], Vectors]) -> Callable[[Sequence[str], Vectors], Vectors]:
        return lambda texts, vectors: fault(vectors) if "canteen" in " ".join(texts) else vectors

    for fault in FAULTS.values():
        for change in (only_of_the_new(fault), lambda _, vectors, fault=fault: fault(vectors)):
            error = quay.fails(IntegrityError, make_embedder=quay.embedder(change))
            assert (error.code, "builtin/" in error.message) == ("vectors_wrong", True)
    assert quay.build().stages["embed"].done == 1
    assert "soup" in quay.answer(None, SOUP)


def test_an_embedder_that_dies_half_way_goes_on_from_where_it_was(quay: Quay) -> None:
    quay.workshop.write("documents/rules.txt", CLAUSES)
    asked: list[int] = []

    def dies(texts: Sequence[str], vectors: Vectors) -> Vectors:
        if "Rule" in texts[0]:
            asked.append(len(texts))
        if len(asked) > 1:
            raise UnavailableError("the embedding server does not answer", hint="start it")
        return vectors

    quay.fails(UnavailableError, make_embedder=quay.embedder(dies))
    report = quay.build()
    chunks = sum(asked) - asked[-1]
    assert chunks > 0
    assert report.stages["embed"].done == report.knowledge[0].snapshot.chunks - quay_chunks(quay) - chunks
    assert "rules.txt" in {passage.document for passage in quay.asked("Which boat has berth 299?").started.passages}


def quay_chunks(quay: Quay) -> int:
    """How many chunks the index of the live release has."""
    manifest = quay.platform.releases.manifest(quay.before[1])
    content: Any = quay.platform.registry.content(manifest.artifacts["index:texts"])
    return Snapshot.from_json(content).chunks


def test_another_model_behind_the_same_name_stops_the_build(quay: Quay) -> None:
    quay.workshop.write("documents/canteen.md", CANTEEN)
    error = quay.fails(IntegrityError, make_embedder=quay.embedder(lambda _, vectors: np.roll(vectors, 1, axis=1)))
    assert error.code == "embedder_changed"
    assert "revision" in error.hint
    assert quay.build().stages["embed"].done == 1


@pytest.mark.parametrize("place", ["blobs", "indexes"])
def test_a_disk_that_fills_is_told_and_the_next_build_goes_on(
    quay: Quay, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    quay.workshop.write("documents/canteen.md", CANTEEN)
    fsync, filled = os.fsync, []

    def full(file: int) -> None:
        if f"/.plimsoll/{place}" in str(Path(f"/proc/self/fd/{file}").readlink()):
            filled.append(place)
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(file)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        error = quay.fails(UnavailableError)
    assert filled
    assert str(quay.workshop.home) in error.message
    assert quay.build().same_draft is False
    assert "soup" in quay.answer(None, SOUP)
    assert [path for path in quay.workshop.home.rglob("*unfinished*") if path.is_file()] == []


@pytest.mark.parametrize("after", [0, 1], ids=["before any of it is loaded", "after the first is loaded"])
def test_a_source_that_disappears_half_way_is_told(quay: Quay, after: int) -> None:
    for number in range(_MANY):
        quay.workshop.write(f"documents/canteen{number}.md", f"{CANTEEN}Table {number}.\n")

    def vanish(name: str, done: int, total: int) -> None:
        if (name, done) == ("load", total - _MANY + after):
            shutil.rmtree(quay.workshop.documents)

    error = quay.fails(SourceUnreachableError, on_progress=vanish)
    assert "disappeared while it was read" in error.message


def test_a_file_that_disappears_half_way_is_listed_and_the_others_go_on(quay: Quay) -> None:
    gone = quay.workshop.write("documents/canteen.md", CANTEEN)

    def vanish(name: str, done: int, total: int) -> None:
        if name == "scan" and done == total:
            gone.unlink()

    found = fates(quay.build(on_progress=vanish))
    assert found.pop("canteen.md").fate == "failed"
    assert {outcome.fate for outcome in found.values()} == {"indexed"}
    assert quay.answer(None) == quay.before[3]


def hostile(folder: Path) -> dict[str, str]:
    """Files that were made to harm, and what must become of each."""
    folder.mkdir()
    (folder / "cut.pdf").write_bytes(b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n")
    circle = b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[2 0 R]/Count 9>>endobj\n"
    (folder / "circle.pdf").write_bytes(circle + b"trailer<</Root 1 0 R>>\n%%EOF")
    (folder / "deep.pdf").write_bytes(circle + b"[" * 100_000 + b"trailer<</Root 1 0 R>>\n%%EOF")
    with ZipFile(folder / "bomb.docx", "w", ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", b"<w>" + b" " * 250_000_000)
    laughs = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {chr(98 + number)} "{f"&{chr(97 + number)};" * 10}">' for number in range(10)
    )
    with ZipFile(folder / "laughs.docx", "w", ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", f"{laughs}]><x>&k;</x>")
    (folder / "deep.json").write_text("[" * 100_000)
    for name in ("huge.txt", "huge.pdf"):
        (folder / name).touch()
        os.truncate(folder / name, 2_000_000_000)
    return dict.fromkeys((path.name for path in folder.iterdir()), "failed")


def test_hostile_files_are_listed_and_the_good_ones_beside_them_are_found(quay: Quay) -> None:
    wanted = hostile(quay.workshop.documents / "hostile")
    quay.workshop.write("documents/hostile/good.md", CANTEEN)
    found = fates(quay.build())
    told = {path.rpartition("/")[2]: outcome for path, outcome in found.items()}
    assert {name: told[name].fate for name in wanted} == wanted
    assert all(told[name].reason and told[name].hint for name in wanted), told
    assert [name for name in ("huge.txt", "huge.pdf") if "MB" not in told[name].reason] == []
    assert told["good.md"].fate == "indexed"
    assert "soup" in quay.answer(None, SOUP)
    assert quay.answer("staging") == quay.before[2]


SCRIPTS = {
    "western.txt": ("latin-1", "Die Gebühr für das Öffnen der Schleuse beträgt neunzig Kronen.", "Gebühr Schleuse"),
    "marks.txt": ("utf-16", "Le prix de l’écluse d’Évian est de quarante francs.", "prix écluse Évian"),  # noqa: RUF001  # these marks are what is tested
    "cyrillic.txt": (
        "cp1251",
        "Портовый сбор для малых судов составляет семьдесят рублей в сутки, и он оплачивается до выхода из порта.",  # noqa: RUF001  # these marks are what is tested
        "Портовый сбор малых судов",  # noqa: RUF001  # these marks are what is tested
    ),
    "hebrew.md": ("utf-8", "# נמל\n\nדמי העגינה בנמל חיפה הם שישים שקלים ליום.", "דמי העגינה בנמל חיפה"),  # noqa: RUF001  # these marks are what is tested
    "arabic.html": (
        "utf-8",
        "<html dir='rtl' lang='ar'><p>رسوم الميناء في الإسكندرية خمسون جنيها لكل يوم.</p></html>",
        "رسوم الميناء في الإسكندرية",
    ),
    "mixed.txt": (
        "utf-8-sig",
        "Berth 12 רציף שתים עשרה is reserved for the pilot boat Miriam מרים.",
        "רציף pilot boat",
    ),
    "japanese.txt": ("utf-8", "横浜港の停泊料は一日五千円です。", "横浜港の停泊料"),
}


def test_texts_of_any_encoding_and_direction_are_found_again(workshop: Workshop) -> None:
    for name, (encoding, text, _) in SCRIPTS.items():
        (workshop.documents / name).write_bytes(text.encode(encoding))
    quay = Quay(workshop)
    for name, (_, _, question) in SCRIPTS.items():
        passages = quay.asked(question).started.passages
        assert passages[0].document == name, (question, [passage.document for passage in passages])
        assert "\ufffd" not in passages[0].text


def test_two_builds_at_once_end_well_and_damage_nothing(quay: Quay) -> None:
    quay.workshop.write("documents/canteen.md", CANTEEN)
    quay.workshop.write("documents/rules.txt", CLAUSES)
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PLIMSOLL_")}
    environ = {**plain, "PLIMSOLL_ACTOR": "ada", "PLIMSOLL_HOME": str(quay.workshop.home)}
    command = [*COMMAND, "-C", str(quay.workshop.root), "build", "--json"]
    builds = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=WAIT_S) for process in builds]
    assert [process.returncode for process in builds] == [0, 0], told
    report = quay.build()
    assert report.same_draft
    assert report.work_done == 0
    assert quay.answer("staging") == quay.before[2]
    assert "soup" in quay.answer(None, SOUP)
    assert verify(quay.platform.audit_parts(lambda *_: None)).sound
