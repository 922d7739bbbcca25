"""What an index counts itself is what counting the texts gives: the same signals, without reading anything."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.retrieval.engines.shelf import Shelf, document, documents, embedded, texts, vector_of

from plimsoll.kernel.errors import ConflictError
from plimsoll.retrieval import IndexedDocument
from plimsoll.retrieval._words import query_words
from plimsoll.retrieval.engines import Query
from plimsoll.retrieval.engines.embedded import _writing
from plimsoll.retrieval.signals import CountsWords, WordCounts, count_words

if TYPE_CHECKING:
    from random import Random

    from plimsoll.retrieval.engines.embedded import EmbeddedIndex

_often = st.builds(" ".join, st.lists(st.sampled_from(["rope " * 300, "tea", "run_target " * 255]), max_size=3))
_odd = st.builds(
    partial(document, "often.txt"),
    st.lists(st.one_of(texts, _often), min_size=1, max_size=3),
    title=st.sampled_from(["rope", "tea " * 260, "", "Line\nrope"]),
    headings=st.lists(st.sampled_from(["rope", "tea", "", "Line\nrope", "rope " * 256]), max_size=4).map(tuple),
)


def _equal(one: WordCounts, other: WordCounts) -> bool:
    names = ("text", "head", "text_lengths", "head_lengths")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(documents, max_size=8, unique_by=lambda each: each.path),
    _odd,
    st.lists(st.sampled_from("abcdefghijklmno"), max_size=4),
    st.one_of(texts, st.sampled_from(["", "the", "never said", "getTarget run target", "élan"])),
    st.randoms(use_true_random=False),
)
def test_an_index_counts_as_the_texts_say(
    tmp_path_factory: pytest.TempPathFactory,
    members: list[IndexedDocument],
    odd: IndexedDocument,
    gone: list[str],
    question: str,
    chance: "Random",
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_writing, "MOST_ROWS", 4)
        shelf, opened = Shelf(), embedded(tmp_path_factory.mktemp("index"))
        for member in (*members, odd):
            shelf.add(member)
        opened(shelf, shelf.snapshot())
        for name in gone:
            shelf.documents.pop(f"{name}.txt", None)
        index = opened(shelf, shelf.snapshot())
    rows = index.find(Query("rope tea load line clipper mast keel", vector_of("rope tea"), 100)).rows.tolist()
    chance.shuffle(rows)
    words = query_words(question)
    found = index.read(rows)
    assert isinstance(index, CountsWords)
    assert _equal(count_words(words, found, index.count(rows, words)), count_words(words, found))


def test_a_word_that_is_asked_for_twice_is_counted_twice(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.add(document("a", ["rope rope tea"]))
    index: EmbeddedIndex = embedded(tmp_path)(shelf, shelf.snapshot())  # type: ignore[assignment]
    assert index.count([0], ["rope", "tea", "rope"]).text.tolist() == [[2, 1, 2]]
    assert index.count([], ["rope"]).text.shape == (0, 1)
    assert index.count([0, 0], []).text_lengths.tolist() == [3, 3]


def test_nothing_is_counted_after_the_close(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.add(document("a", ["rope"]))
    index: EmbeddedIndex = embedded(tmp_path)(shelf, shelf.snapshot())  # type: ignore[assignment]
    index.close()
    with pytest.raises(ConflictError):
        index.count([0], ["rope"])
