"""The live release goes back to the index of last month: one command, no rebuild, the answers of last month."""

import shutil
from typing import Any

import pytest
from tests.cli.conftest import Run
from tests.flows.conftest import TEXTS, Workshop

from plimsoll.retrieval.engines.embedded import IndexFolder

QUESTIONS = (
    "How many days of paid leave has an employee?",
    "When did the freezer fail?",
    "Which notice ends the lease of the shed?",
    "Who cleans the office on Tuesday?",
)


def _answers(run: Run, workshop: Workshop) -> list[dict[str, Any]]:
    said = [run("ask", question, "--env", "production", "--json", folder=workshop.root).json for question in QUESTIONS]
    return [{key: answer[key] for key in ("text", "citations", "release_name")} for answer in said]


def _month(run: Run, workshop: Workshop) -> None:
    """Build, release and ship what the project says now."""
    made = run("release", "--json", folder=workshop.root)
    assert made.code == 0, made.out
    assert run("ship", made.json["release"]["name"], "production", folder=workshop.root).code == 0


def _nothing(*_: object) -> None:
    message = "something was derived again"
    raise AssertionError(message)


def test_going_back_to_an_index_of_last_month_takes_one_command_and_no_rebuild(
    run: Run, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.write("plimsoll.yaml", "name: harbour\nenvironments: [production]\n")
    _month(run, workshop)
    before = _answers(run, workshop)
    assert "twenty-six days" in before[0]["text"]

    # A month goes by: documents change, come and go, and the knowledge base is cut in another way.
    workshop.write("documents/policies/leave.md", TEXTS["policies/leave.md"].replace("twenty-six", "thirty"))
    workshop.write("documents/contracts/sale.md", "# Sale\n\nThe freezer was sold on 9 June 2025 for scrap.")
    (workshop.documents / "contracts" / "cleaning.txt").unlink()
    workshop.write("knowledge/texts.yaml", "sources: [{path: documents}]\nchunk: {size: 300, overlap: 0}\n")
    _month(run, workshop)
    after = _answers(run, workshop)
    assert "thirty days" in after[0]["text"]

    # From here on nothing may be loaded, cut, embedded or derived: neither sources nor the cache of stages are there.
    monkeypatch.setattr(IndexFolder, "_derive", _nothing)
    shutil.rmtree(workshop.documents)
    for cache in workshop.home.glob("cache.db*"):
        cache.unlink()
    assert run("rollback", "production", folder=workshop.root).code == 0
    assert _answers(run, workshop) == before
    # And forward again, as quickly.
    assert run("ship", after[0]["release_name"], "production", folder=workshop.root).code == 0
    assert _answers(run, workshop) == after
