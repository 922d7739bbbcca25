"""The section `search` of `knowledge/*.yaml`."""

from typing import Any

import pytest
from pydantic import ValidationError

from plimsoll.project.schemas.knowledge._search import SearchSection
from plimsoll.retrieval.search import RetrieverSettings


def test_what_is_not_said_is_the_default_of_the_search() -> None:
    assert RetrieverSettings.of(SearchSection().model_dump(mode="json")) == RetrieverSettings()


def test_everything_that_is_given_reaches_the_search() -> None:
    given: dict[str, Any] = {
        "mode": "text",
        "top_k": 3,
        "candidates": 50,
        "fusion": "rrf",
        "vector_weight": 0.25,
        "variants": 2,
        "ranking": "none",
        "rerank_depth": 10,
        "rerank_weight": 0.75,
        "diversity": 0.5,
        "parents": False,
        "merge": True,
        "least_relevance": 0.125,
        "focus": 1.5,
    }
    section = SearchSection.model_validate({**given, "variants_by": "helper"})
    assert section.variants_by == "helper"
    assert RetrieverSettings.of(section.model_dump(mode="json")) == RetrieverSettings(**given)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"thesaurus": "builtin/acounting"}, "no thesaurus"),
        ({"thesaurus": "../../etc/passwd"}, "no thesaurus"),
        ({"reranker": {"model": "nonsense"}}, "no reranker"),
        ({"reranker": {}}, "model"),
        ({"synonyms": [{"when": [], "add": ["x"]}]}, "when"),
        ({"focus": -1}, "focus"),
        ({"diversity": 1.5}, "diversity"),
        ({"ranking": "magic"}, "ranking"),
        ({"variants": 2}, "no route is named that puts questions in other words"),
        ({"variants_by": "helper"}, "does not say how often it is asked"),
        ({"variants": 2, "variants_by": "Not a name"}, "variants_by"),
    ],
)
def test_what_cannot_work_is_refused_with_what_would_be_right(content: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        SearchSection.model_validate(content)


def test_variants_may_be_switched_off_with_their_route_still_named() -> None:
    assert SearchSection.model_validate({"variants": 0, "variants_by": "helper"}).variants == 0


def test_a_wrong_number_of_variants_is_told_once() -> None:
    with pytest.raises(ValidationError) as caught:
        SearchSection.model_validate({"variants": 9, "variants_by": "helper"})
    assert [one["loc"] for one in caught.value.errors()] == [("variants",)]
