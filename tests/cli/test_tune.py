"""`plimsoll tune knowledge`: a table, a proposal as a diff, nothing changed."""

from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.flows.conftest import Workshop
from tests.flows.test_tune import POOR, Yard


@pytest.fixture
def yard(workshop: Workshop) -> Workshop:
    Yard(workshop).platform.close()
    return workshop


def test_a_proposal_is_shown_and_written_as_what_differs(run: Run, yard: Workshop, tmp_path: Path) -> None:
    out = tmp_path / "better.diff"
    ended = run("tune", "knowledge", "texts", "--trials", "4", "--out", out, folder=yard.root)
    assert ended.code == 0
    assert "held back" in ended.out
    assert "as it is" in ended.out
    assert out.read_text().startswith("--- a/knowledge/texts.yaml")
    assert (yard.root / "knowledge/texts.yaml").read_text() == POOR
    again = run("tune", "knowledge", "texts", "--trials", "4", "--json", folder=yard.root)
    assert again.json["trials"] == 4
    assert again.json["proposal"]["diff"] == out.read_text()


def test_a_knowledge_base_that_is_not_there_is_wrong_use(run: Run, workshop: Workshop) -> None:
    assert run("tune", "knowledge", "nothing", folder=workshop.root).code == 2


def test_too_few_questions_are_wrong_use(run: Run, workshop: Workshop) -> None:
    ended = run("tune", "knowledge", "texts", folder=workshop.root)
    assert ended.code == 2
    assert "12" in ended.err
