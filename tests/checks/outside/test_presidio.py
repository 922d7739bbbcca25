"""The check `presidio`: with a package that stands in for it, and with the real one where `make sdks` put it."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import pytest
from tests.checks.outside.fakes import FakeOutside
from tests.conftest import must_skip

from plimsoll.checks import CheckOptionsError, Found
from plimsoll.checks.outside import FACTORIES, KINDS, NobodyToAskError, NoVerdictError, OutsideCheck
from plimsoll.checks.outside._presidio import PresidioMissingError
from plimsoll.checks.outside._types import Shared
from plimsoll.kernel.errors import InvalidError

ROOT = Path(__file__).resolve().parents[3]
PLACE = ROOT / ".venv-sdk" / "presidio"
TEXT = "Write to ann@example.org, 4111111111111111."
KNOWN = ["EMAIL_ADDRESS", "CREDIT_CARD", "PERSON", "IN_AADHAAR"]


@dataclass
class FakeResult:
    entity_type: str
    start: int
    end: int
    score: float


class FakeRegistry:
    def __init__(self, *, supported_languages: Sequence[str]) -> None:
        self.languages = supported_languages

    def load_predefined_recognizers(self, *, languages: Sequence[str], nlp_engine: Any) -> None:
        assert [*nlp_engine.nlp] == [*languages] == [*self.languages]

    def get_supported_entities(self, *, languages: Sequence[str]) -> list[str]:
        assert languages
        return KNOWN


class FakeEngine:
    results: ClassVar[Any] = [FakeResult("CREDIT_CARD", 26, 42, 1.0), FakeResult("EMAIL_ADDRESS", 9, 24, 0.5)]
    asked: ClassVar[list[Any]] = []

    def __init__(self, **parts: Any) -> None:
        assert set(parts) == {"registry", "nlp_engine", "supported_languages"}

    def analyze(self, **asked: Any) -> Any:
        self.asked.append(asked)
        if isinstance(self.results, Exception):
            raise self.results
        return self.results


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """No engine that another test made."""
    monkeypatch.setattr("plimsoll.checks.outside._presidio._ENGINES", Shared())


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeEngine]:
    """A package that stands in for the real one."""

    def install(name: str, **content: Any) -> None:
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)

    engine = SimpleNamespace
    install("presidio_analyzer", RecognizerRegistry=FakeRegistry, AnalyzerEngine=FakeEngine)
    install("presidio_analyzer.nlp_engine", SpacyNlpEngine=engine)
    install("spacy", blank=lambda language: f"words of {language}", util=SimpleNamespace(is_package="known".__eq__))
    sys.modules["spacy"].load = lambda name: f"model {name}"  # type: ignore[attr-defined]  # a module of the moment
    install("tldextract")
    install("tldextract.tldextract", TLDExtract=lambda **how: how)
    monkeypatch.setattr(FakeEngine, "asked", [])
    return FakeEngine


def check(outside: FakeOutside | None, rule: Any = None, **options: Any) -> OutsideCheck:
    return FACTORIES["presidio"]({"check": "presidio", **(rule or {}), "options": options}, outside)


@pytest.mark.usefixtures("fake")
def test_what_it_finds_has_our_names() -> None:
    assert check(FakeOutside()).find(TEXT) == [Found(9, 24, "email", 0.5), Found(26, 42, "credit_card", 1.0)]


def test_what_it_is_hardly_sure_of_counts_only_with_a_threshold(
    fake: type[FakeEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake, "results", [FakeResult("CREDIT_CARD", 0, 4, 0.0), FakeResult("EMAIL_ADDRESS", 0, 4, 0.3)])
    assert check(FakeOutside()).find(TEXT) == []
    assert [one.kind for one in check(FakeOutside(), {"at_least": 0}).find(TEXT)] == ["credit_card", "email"]


def test_it_looks_for_what_is_asked_for(fake: type[FakeEngine]) -> None:
    check(FakeOutside(), {"kinds": ["email", "credit_card"]}, entities=["IN_AADHAAR"]).find(TEXT)
    assert fake.asked[0]["entities"] == ["CREDIT_CARD", "EMAIL_ADDRESS", "IN_AADHAAR"]
    assert fake.asked[0]["language"] == "en"


@pytest.mark.usefixtures("fake")
def test_names_of_domains_are_not_fetched() -> None:
    check(FakeOutside())
    assert sys.modules["tldextract.tldextract"].TLD_EXTRACTOR == {"cache_dir": None, "suffix_list_urls": ()}


@pytest.mark.usefixtures("fake")
def test_what_it_cannot_find_is_told_and_not_passed_over() -> None:
    with pytest.raises(CheckOptionsError, match="'person' without a model"):
        check(None, {"kinds": ["person"]})
    with pytest.raises(CheckOptionsError, match="does not look for US_SSN"):
        check(FakeOutside(), {"kinds": ["us_ssn"]})
    assert "person" not in check(FakeOutside()).kinds
    assert "person" in check(FakeOutside(), model="known").kinds
    with pytest.raises(PresidioMissingError, match="spaCy's model unknown"):
        check(FakeOutside(), model="unknown")


@pytest.mark.parametrize(
    "results",
    [
        RuntimeError("no"),
        None,
        [FakeResult("OTHER", 0, 1, 1.0)],
        [SimpleNamespace(start="x")],
        [FakeResult("EMAIL_ADDRESS", 0, 1, float("nan"))],
    ],
)
def test_an_analyzer_that_fails_gives_no_verdict(
    fake: type[FakeEngine], monkeypatch: pytest.MonkeyPatch, results: Any
) -> None:
    monkeypatch.setattr(fake, "results", results)
    with pytest.raises(NoVerdictError, match="failed on a text"):
        check(FakeOutside()).find(TEXT)


@pytest.mark.usefixtures("fake")
def test_one_engine_serves_all_checks_of_a_language(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [check(FakeOutside(), {"kinds": [kind]}) for kind in ("email", "credit_card")]
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)
    made.append(check(FakeOutside()))
    assert len({one.version for one in made}) == 1
    with pytest.raises(PresidioMissingError):
        check(FakeOutside(), language="de")


@pytest.mark.usefixtures("fake")
def test_long_texts_and_wrong_options_are_told() -> None:
    with pytest.raises(InvalidError, match="at most 100 characters"):
        check(FakeOutside(), most_characters=100).find("x" * 101)
    with pytest.raises(CheckOptionsError, match="finds no 'shoe_size'"):
        check(None, {"kinds": ["shoe_size"]})
    with pytest.raises(CheckOptionsError, match="no key `threshold`"):
        check(None, threshold=1)


def test_without_the_package_the_install_line_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)
    with pytest.raises(PresidioMissingError) as caught:
        check(FakeOutside())
    assert "plimsoll[pii]" in caught.value.hint
    with pytest.raises(NobodyToAskError):
        check(None).find(TEXT)


def real(*asked: tuple[dict[str, Any], str]) -> list[Any]:
    """What the real analyzer says of texts, each under a rule; a process of its own, without any network."""
    if not PLACE.is_dir():
        must_skip(f"Presidio is not in {PLACE.relative_to(ROOT)} (make sdks)")
    ran = subprocess.run(
        [sys.executable, "-P", str(Path(__file__).with_name("with_presidio.py"))],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (PLACE, ROOT)))},
        input=json.dumps([{"rule": rule, "text": text} for rule, text in asked]),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found: list[Any] = json.loads(ran.stdout)
    return found


def test_the_real_analyzer() -> None:
    before = "\U0001d538\x00\u202e "  # places are counted as Python counts them, whatever stands before
    named, usual, threshold = real(
        ({"kinds": ["email", "credit_card", "iban"]}, TEXT),
        ({}, f"{before}{TEXT} DE89370400440532013000, S3 and EKS"),
        ({"at_least": 0}, "Where is the S3 bucket?"),
    )
    assert named == [["ann@example.org", "email", 1.0], ["4111111111111111", "credit_card", 1.0]]
    assert {(words, kind) for words, kind, _ in usual if kind != "url"} == {
        ("ann@example.org", "email"),
        ("4111111111111111", "credit_card"),
        ("DE89370400440532013000", "iban"),
    }
    assert [(words, kind) for words, kind, _ in threshold] == [("S3", "driver_license")]


def test_what_the_real_analyzer_cannot_find_is_told() -> None:
    model, entity = real(
        ({"options": {"model": "en_core_web_lg"}}, TEXT),
        ({"options": {"entities": ["SHOE_SIZE"]}}, TEXT),
    )
    assert model == "the check presidio needs spaCy's model en_core_web_lg, which is not installed"
    assert entity == "the check presidio: the analyzer does not look for SHOE_SIZE"


def test_kinds_are_those_that_can_be_named() -> None:
    assert {"email", "person", "iban"} <= set(KINDS["presidio"])
