"""The section `chunk` of `knowledge/*.yaml`."""

from typing import Any

import pytest
from pydantic import ValidationError

from plimsoll.project.schemas.knowledge._chunk import ChunkSection
from plimsoll.retrieval.chunkers import KINDS, ChunkSettings


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_sizes_that_suit_it(kind: str) -> None:
    settings = ChunkSection.model_validate({"kind": kind}).settings()
    usual = ChunkSettings.of_kind(kind)
    assert (settings.size, settings.overlap, settings.kind) == (usual.size, usual.overlap, kind)
    assert settings.most_of_parent == usual.most_of_parent


def test_what_is_written_into_a_version_is_only_what_the_kind_has() -> None:
    assert ChunkSection().model_dump() == {
        "kind": "recursive",
        "size": 1000,
        "overlap": 150,
        "context": "headings",
    }
    written = ChunkSection.model_validate({"kind": "parent_child", "size": 300}).model_dump()
    assert (written["parent_size"], "method" in written, "options" in written) == (1500, False, False)
    written = ChunkSection.model_validate({"kind": "semantic", "method": "percentile"}).model_dump()
    assert (written["method"], written["percentile"]) == ("percentile", 90)


def test_everything_that_is_given_reaches_the_chunker() -> None:
    given = {
        "kind": "semantic",
        "size": 700,
        "overlap": 70,
        "method": "percentile",
        "percentile": 75,
        "context": "auto",
    }
    assert ChunkSection.model_validate(given).settings() == ChunkSettings(
        700, 70, "semantic", method="percentile", percentile=75, context="auto"
    )
    own = ChunkSection.model_validate({"kind": "my_chunkers:cut", "size": 50, "overlap": 0, "options": {"deep": True}})
    assert own.settings() == ChunkSettings(50, 0, "my_chunkers:cut", options={"deep": True})


def test_a_key_with_nothing_behind_it_has_its_default() -> None:
    assert ChunkSection.model_validate({"kind": "tokens", "size": None, "overlap": None}).size == KINDS["tokens"].size
    assert ChunkSection.model_validate({"kind": None}) == ChunkSection()


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"kind": "recursif"}, 'no chunker "recursif"'),
        ({"size": 100}, "must be from 200 to 8000 characters for recursive"),
        ({"kind": "tokens", "size": 5000}, "must be from 16 to 4096 tokens for tokens"),
        ({"kind": "sentences", "size": 1000}, "must be from 1 to 100 sentences for sentences"),
        ({"size": 250}, "must be less than half of the size 250"),
        ({"parent_size": 4000}, "is for the kind parent_child, and this is recursive"),
        ({"method": "cluster"}, "is for the kind semantic, and this is recursive"),
        ({"kind": "parent_child", "parent_size": 300}, "less than the size 400"),
        ({"options": {"deep": True}}, "is for chunkers of your own, and recursive is built in"),
        ({"kind": "my_chunkers:cut", "options": {"deep": float("nan")}}, "options"),
        ({"kind": 5}, "kind"),
        ({"size": True}, "size"),
        ({"kind": "parent_child", "size": "big"}, "size"),
        ({"kind": "semantic", "percentile": 100}, "percentile"),
    ],
)
def test_what_cannot_work_is_refused(given: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ChunkSection.model_validate(given)
    assert what in str(caught.value)
