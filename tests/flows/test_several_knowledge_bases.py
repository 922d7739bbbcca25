"""Several knowledge bases in one project: each has its documents, its index and its endpoint."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.flows.conftest import TEXTS, Workshop

from plimsoll.flows.ask import Who, ask
from plimsoll.flows.build import BuildReport, NothingIndexedError
from plimsoll.flows.serve import Answer
from plimsoll.flows.serve.parts import Within
from plimsoll.project import ProjectInvalidError

CRANE = "What does an hour of the crane cost?"


def with_tariffs(root: Path) -> Workshop:
    """The project of all tests here, with tariffs of two years beside its texts."""
    workshop = Workshop(root)
    for year, price in ((2019, "120"), (2025, "310")):
        workshop.write(f"tariffs/{year}.md", f"# Tariff\n\nAn hour of the crane costs {price} euro.\n")
        metadata = f'{{"metadata": {{"year": {year}, "valid": {str(year == 2025).lower()}, "place": "Bremen"}}}}'
        workshop.write(f"tariffs/{year}.md.meta.json", metadata)
    workshop.write("knowledge/tariffs.yaml", "sources: [{path: tariffs}]\nchunk: {size: 200, overlap: 20}\n")
    workshop.write("endpoints/tariff.yaml", "kind: rag\nprompt: answer\nknowledge: tariffs\nroute: default\n")
    return workshop


@pytest.fixture
def quay(tmp_path: Path) -> Iterator[Workshop]:
    """For tests that change it."""
    workshop = with_tariffs(tmp_path / "harbour")
    yield workshop
    workshop.close()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workshop, BuildReport]]:
    """For tests that only ask it."""
    workshop = with_tariffs(tmp_path_factory.mktemp("several") / "harbour")
    yield workshop, workshop.build()
    workshop.close()


def asked(workshop: Workshop, endpoint: str, question: str, **within: Any) -> Answer:
    parts, who = workshop.open().serve_parts(), Who(within=Within(**within))
    return asyncio.run(ask("harbour", question, endpoint=endpoint, environment=None, parts=parts, who=who))


def documents(answer: Answer) -> set[str]:
    return {passage.document for passage in answer.started.passages}


def indexes(report: BuildReport) -> dict[str, str]:
    return {key: digest for key, digest in report.draft.artifacts.items() if key.startswith("index:")}


def test_each_endpoint_answers_from_its_own(built: tuple[Workshop, BuildReport]) -> None:
    quay, report = built
    assert [knowledge.name for knowledge in report.knowledge] == ["tariffs", "texts"]
    assert set(indexes(report)) == {"index:tariffs", "index:texts"}
    leave = "How many days of paid leave has an employee?"
    assert "twenty-six" in asked(quay, "ask", leave).done.text
    assert "twenty-six" not in asked(quay, "tariff", leave).done.text
    for question in (leave, CRANE):
        assert documents(asked(quay, "tariff", question)) <= {"2019.md", "2025.md"}
        assert not documents(asked(quay, "ask", question)) & {"2019.md", "2025.md"}


@pytest.mark.parametrize(
    ("conditions", "price", "found"),
    [
        ({"year": 2019}, "120", {"2019.md"}),
        ({"year": {"gte": 2020}}, "310", {"2025.md"}),
        ({"valid": True}, "310", {"2025.md"}),
        ({"place": "Bremen", "year": {"lt": 2020}}, "120", {"2019.md"}),
        ({"year": "2019"}, "", set()),
        ({"place": "Kiel"}, "", set()),
        ({"unheard": {"ne": 1}}, "", set()),
    ],
)
def test_what_stands_beside_a_document_narrows_what_is_found(
    built: tuple[Workshop, BuildReport], conditions: dict[str, Any], price: str, found: set[str]
) -> None:
    answer = asked(built[0], "tariff", CRANE, filter=conditions)
    assert documents(answer) == found
    assert answer.done.answered is bool(price)
    assert price in answer.done.text


def test_a_change_of_one_touches_no_other(quay: Workshop) -> None:
    before = indexes(quay.build())
    quay.write("tariffs/2025.md", "# Tariff\n\nAn hour of the crane costs 333 euro.\n")
    after = indexes(quay.build())
    assert before["index:texts"] == after["index:texts"]
    assert before["index:tariffs"] != after["index:tariffs"]
    quay.write("tariffs/2025.md.meta.json", '{"metadata": {"year": 2026}}')
    assert indexes(quay.build())["index:tariffs"] != after["index:tariffs"], "what is said of a document is searched"
    assert documents(asked(quay, "tariff", CRANE, filter={"year": 2026})) == {"2025.md"}


def test_the_same_document_may_be_for_others_in_another(quay: Workshop) -> None:
    quay.write("knowledge/tariffs.yaml", "sources: [{path: documents, access: [crew]}]\n")
    quay.build()
    freezer = "When did the freezer fail?"
    assert "letters/claim.html" in documents(asked(quay, "ask", freezer, groups=()))
    assert documents(asked(quay, "tariff", freezer, groups=())) == set()
    assert "letters/claim.html" in documents(asked(quay, "tariff", freezer, groups=("crew",)))


def test_one_that_cannot_be_built_leaves_all_as_they_were(quay: Workshop) -> None:
    before = quay.build()
    quay.write("documents/policies/leave.md", "# Leave\n\nThirty days.\n")
    quay.write("knowledge/tariffs.yaml", 'sources: [{path: tariffs, include: ["*.pdf"]}]\n')
    with pytest.raises(NothingIndexedError, match=r"knowledge/tariffs\.yaml"):
        quay.build()
    assert quay.open().releases.working_draft("harbour") == before.draft
    assert "twenty-six" in asked(quay, "ask", "How many days of paid leave has an employee?").done.text


def test_an_endpoint_without_its_knowledge_base_is_told_before_anything_is_done(quay: Workshop) -> None:
    quay.write("endpoints/tariff.yaml", "kind: rag\nprompt: answer\nknowledge: tarifs\nroute: default\n")
    with pytest.raises(ProjectInvalidError) as raised:
        quay.build()
    assert [mistake for mistake in raised.value.mistakes if "tarifs" in str(mistake)]


@pytest.mark.parametrize("nearer_first", [True, False])
def test_what_two_sources_hold_for_different_readers_is_left_out_and_told(
    workshop: Workshop, *, nearer_first: bool
) -> None:
    workshop.write("documents/staff/pay.md", "# Pay\n\nThe pay of the harbour master is 91,400 euro.\n")
    sources = ["{path: documents}", "{path: documents/staff, access: [hr]}"]
    ordered = ", ".join(reversed(sources) if nearer_first else sources)
    workshop.write("knowledge/texts.yaml", f"sources: [{ordered}]\n")
    outcomes = {outcome.path: outcome for outcome in workshop.build().knowledge[0].outcomes}
    told = outcomes["documents/staff/pay.md"]
    assert (told.fate, bool(told.hint)) == ("skipped", True)
    assert outcomes["documents/policies/leave.md"].fate == "indexed"
    pay = "What is the pay of the harbour master?"
    assert "91,400" not in asked(workshop, "ask", pay, groups=()).done.text
    excluded = '{path: documents, exclude: ["staff/**"]}, {path: documents/staff, access: [hr]}'
    workshop.write("knowledge/texts.yaml", f"sources: [{excluded}]\n")
    workshop.build()
    assert "91,400" not in asked(workshop, "ask", pay, groups=()).done.text
    assert "91,400" in asked(workshop, "ask", pay, groups=("hr",)).done.text


def test_what_two_sources_hold_for_the_same_readers_is_there_once(workshop: Workshop) -> None:
    workshop.write("documents/policies/tool.exe", "MZ")
    workshop.write("knowledge/texts.yaml", "sources: [{path: documents}, {path: documents/policies}]\n")
    outcomes = [(outcome.path, outcome.fate) for outcome in workshop.build().knowledge[0].outcomes]
    assert outcomes == sorted({
        *((f"documents/{name}", "indexed") for name in TEXTS),
        ("documents/policies/tool.exe", "skipped"),
    })  # fmt: skip


def test_readers_that_one_source_does_not_understand_are_not_taken_for_everybody_by_another(workshop: Workshop) -> None:
    """A source looks at what stands in its own folder and below, and not at what stands above."""
    workshop.write("documents/.access.yaml", "files: {'policies/**': {access: 3}}\n")
    workshop.write("extra/plain.md", "# Plain\n\nFor everybody.\n")
    workshop.write("knowledge/texts.yaml", "sources: [{path: documents}, {path: documents/policies}, {path: extra}]\n")
    outcomes = {outcome.path: outcome for outcome in workshop.build().knowledge[0].outcomes}
    assert outcomes["extra/plain.md"].fate == "indexed"
    assert outcomes["documents/policies/leave.md"].fate == "skipped"
    assert ".access.yaml" in outcomes["documents/policies/leave.md"].reason
