"""The `index` group of `knowledge/*.yaml`."""

from typing import Any

import pytest
from pydantic import ValidationError

from plimsoll.project import KnowledgeDefinition


def knowledge(**given: Any) -> KnowledgeDefinition:
    return KnowledgeDefinition.model_validate({"sources": ({"path": "documents"},), **given})


@pytest.mark.parametrize("given", [{}, {"index": None}, {"index": {}}, {"index": {"engine": None}}])
def test_an_engine_that_is_not_given_is_no_part_of_the_version(given: dict[str, Any]) -> None:
    assert "index" not in knowledge(**given).content()
    assert knowledge(**given).content() == knowledge().content()


@pytest.mark.parametrize("engine", ["auto", "embedded", "lance", "pgvector"])
def test_an_engine_that_is_given_is_part_of_it_and_changes_nothing_else(engine: str) -> None:
    content = knowledge(index={"engine": engine}).content()
    assert content == {**knowledge().content(), "index": {"engine": engine}}


def test_when_it_is_made_anew_is_still_no_part_of_it() -> None:
    assert "refresh" not in knowledge(index={"engine": "lance"}, refresh={"every": "6h"}).content()


@pytest.mark.parametrize("wrong", [{"engine": "tantivy"}, {"engine": 1}, {"motor": "lance"}, "lance"])
def test_anything_else_is_refused(wrong: object) -> None:
    with pytest.raises(ValidationError):
        knowledge(index=wrong)
