import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from plimsoll.kernel.errors import ConflictError, InvalidError, UnavailableError
from plimsoll.models.catalogue import make_embedder
from plimsoll.retrieval import Filter, open_index
from plimsoll.retrieval.search import FEATURES, Aids, Retrieval, Retriever, RetrieverSettings, Scope, WordLikeness
from plimsoll.retrieval.search.narrowing import Narrowing
from plimsoll.retrieval.signals import read_thesaurus

if TYPE_CHECKING:
    from tests.retrieval.conftest import Library


class _Reranker:
    """Prefers texts that hold a word."""

    name = "test/reranker"

    def __init__(self, word: str) -> None:
        self._word = word
        self.texts: list[str] = []

    async def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        assert question
        self.texts = list(texts)
        return [float(self._word in text) for text in texts]


class _Paraphraser:
    def __init__(self, *variants: str) -> None:
        self._variants = variants

    async def variants(self, question: str, count: int) -> list[str]:
        assert question
        return list(self._variants)[:count]


class _Broken:
    name = "test/broken"

    async def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        raise UnavailableError(f"no answer for {len(texts)} texts", hint=question)

    async def variants(self, question: str, count: int) -> list[str]:
        raise UnavailableError(f"no {count} variants", hint=question)


def _retriever(library: "Library", aids: Aids | None = None, **settings: Any) -> Retriever:
    index = open_index(library.snapshot(), library.blobs, library.engine, library.embedder)
    return Retriever(index, library.embedder, RetrieverSettings(**settings), aids=aids)


def _ask(retriever: Retriever, question: str, scope: Scope | None = None) -> Retrieval:
    return asyncio.run(retriever.retrieve(question, scope or Scope()))


def _documents(found: Retrieval) -> list[str]:
    return [hit.passage.document for hit in found.hits]


@pytest.mark.parametrize("ranking", ["builtin", "none"])
@pytest.mark.parametrize("mode", ["hybrid", "text", "vector"])
@pytest.mark.parametrize("fusion", ["weighted", "rrf"])
def test_what_was_asked_for_comes_first(ships: "Library", ranking: str, mode: str, fusion: str) -> None:
    found = _ask(_retriever(ships, ranking=ranking, mode=mode, fusion=fusion), "clippers with tea")
    assert _documents(found)[0] == "tea.txt"
    assert len(found.relevances) == len(found.hits)
    assert found.relevance == max(found.relevances)
    assert found.asked == ("clippers with tea",)
    assert not found.notes


def test_a_hit_is_the_exact_stretch(ships: "Library") -> None:
    passage = _ask(_retriever(ships), "Who fought for the load line?").hits[0].passage
    assert passage.text == ships.texts["line.txt"][passage.start : passage.end]


@pytest.mark.parametrize("question", ["", "   ", "\ud800"])
def test_a_question_without_a_word_finds_nothing_certain(ships: "Library", question: str) -> None:
    found = _ask(_retriever(ships, mode="text"), question)
    assert found.hits == ()
    assert found.relevance == 0.0


def test_an_empty_index_finds_nothing(library: "Library") -> None:
    assert _ask(_retriever(library), "tea") == Retrieval((), (), 0.0, ("tea",))


def test_a_scope_leaves_out_documents(ships: "Library") -> None:
    scope = Scope(Filter.from_json({"path": {"ne": "tea.txt"}}))
    assert "tea.txt" not in _documents(_ask(_retriever(ships), "clippers with tea", scope))


def test_a_reranker_has_the_last_word_over_what_it_read(ships: "Library") -> None:
    reranker = _Reranker("hemp")
    found = _ask(_retriever(ships, Aids(reranker=reranker), rerank_weight=1.0, vector_weight=0.5), "tea rope ship")
    assert _documents(found)[0] == "rope.txt"
    assert len(reranker.texts) >= 3
    scores = [hit.passage.score for hit in found.hits]
    assert scores == sorted(scores, reverse=True)


def test_what_the_reranker_did_not_read_stays_below(ships: "Library") -> None:
    reranker = _Reranker("hemp")
    found = _ask(_retriever(ships, Aids(reranker=reranker), rerank_depth=1, rerank_weight=1.0), "clippers with tea")
    assert len(reranker.texts) == 1
    assert _documents(found)[0] == "tea.txt"
    scores = [hit.passage.score for hit in found.hits]
    assert scores == sorted(scores, reverse=True)


def test_without_a_reranker_that_fails_it_goes_on_and_says_so(ships: "Library") -> None:
    found = _ask(_retriever(ships, Aids(reranker=_Broken())), "clippers with tea")
    assert found.hits == _ask(_retriever(ships), "clippers with tea").hits
    assert "test/broken" in found.notes[0]


def test_a_variant_finds_what_the_question_does_not(ships: "Library") -> None:
    settings = {"mode": "text", "variants": 1}
    aids = Aids(paraphraser=_Paraphraser("hemp strands", "never asked"))
    found = _ask(_retriever(ships, aids, **settings), "clippers")
    assert set(_documents(found)) == {"tea.txt", "rope.txt"}
    assert _documents(found)[0] == "tea.txt"
    assert found.asked == ("clippers", "hemp strands")
    assert _documents(_ask(_retriever(ships, mode="text"), "clippers")) == ["tea.txt"]


def test_variants_are_searched_by_vectors_too(ships: "Library") -> None:
    found = _ask(_retriever(ships, Aids(paraphraser=_Paraphraser("rope of hemp")), variants=2), "clippers with tea")
    assert _documents(found)[0] == "tea.txt"
    assert len(found.asked) == 2


def test_without_variants_that_fail_it_goes_on_and_says_so(ships: "Library") -> None:
    found = _ask(_retriever(ships, Aids(paraphraser=_Broken()), variants=2), "clippers")
    assert _documents(found)[0] == "tea.txt"
    assert found.asked == ("clippers",)
    assert "variants" in found.notes[0]


def test_no_model_is_asked_for_variants_that_nobody_wants(ships: "Library") -> None:
    found = _ask(_retriever(ships, Aids(paraphraser=_Paraphraser("hemp"))), "clippers")
    assert found.asked == ("clippers",)


def test_a_thesaurus_finds_other_words(ships: "Library") -> None:
    thesaurus = read_thesaurus(b'{"groups": [{"when": ["draught"], "add": ["load line"]}]}')
    question = "the draught of a vessel"
    assert "line.txt" in _documents(_ask(_retriever(ships, Aids(thesaurus=thesaurus), mode="text"), question))
    assert "line.txt" not in _documents(_ask(_retriever(ships, mode="text"), question))


def test_nothing_is_found_where_nothing_is_probable(ships: "Library") -> None:
    found = _ask(_retriever(ships, least_relevance=1.0), "quarterly revenue of the company")
    assert found.hits == ()
    assert found.relevance < 1


def test_no_more_hits_than_asked_for(ships: "Library") -> None:
    assert len(_ask(_retriever(ships, top_k=1), "tea rope ship").hits) == 1


def test_focus_gives_at_most_as_many(ships: "Library") -> None:
    everything = _ask(_retriever(ships), "clippers raced from China with the first tea")
    focused = _ask(_retriever(ships, focus=50), "clippers raced from China with the first tea")
    assert focused.hits == everything.hits[: len(focused.hits)]
    assert 1 <= len(focused.hits) < len(everything.hits)


def test_diversity_keeps_the_best_first(ships: "Library") -> None:
    found = _ask(_retriever(ships, diversity=0.5), "clippers with tea")
    assert _documents(found)[0] == "tea.txt"
    assert sorted(_documents(found)) == sorted(_documents(_ask(_retriever(ships), "clippers with tea")))


def test_a_document_that_is_named_is_searched_by_itself(ships: "Library") -> None:
    ships.texts |= {f"ACME_{year}_10K.txt": f"Revenue rose. {'Revenue fell. ' * year}" for year in range(2015, 2020)}
    retriever = _retriever(ships, candidates=1, top_k=1)
    found = _ask(retriever, "What was the revenue of Acme in 2017?")
    assert len(found.hits) == 1


def test_the_same_question_has_the_same_answer(ships: "Library") -> None:
    first, second = _retriever(ships), _retriever(ships)
    assert _ask(first, "tea rope ship") == _ask(second, "tea rope ship")


def test_words_alike_are_compared_where_their_vectors_are_given(ships: "Library") -> None:
    place = FEATURES.index("soft")
    without = _retriever(ships).study("clippers")
    with_words = _retriever(ships, Aids(likeness=WordLikeness(ships.embedder))).study("clippers")
    assert not without.features.values[:, place].any()
    assert with_words.features.values[:, place].max() > 0.9
    assert [one.id for one in without.found] == [one.id for one in with_words.found]
    assert np.isfinite(with_words.features.values).all()


def test_searching_after_the_close_is_refused(ships: "Library") -> None:
    retriever = _retriever(ships)
    retriever.close()
    with pytest.raises(ConflictError):
        _ask(retriever, "tea")


def test_searches_at_the_same_time_do_not_disturb_each_other(ships: "Library") -> None:
    retriever = _retriever(ships)
    questions = ["clippers with tea", "strands of hemp", "load line"] * 4

    async def all_of_them() -> list[Retrieval]:
        return list(await asyncio.gather(*(retriever.retrieve(question) for question in questions)))

    together = asyncio.run(all_of_them())
    assert together == [_ask(retriever, question) for question in questions]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("top_k", 0),
        ("top_k", 201),
        ("candidates", 0),
        ("vector_weight", 1.1),
        ("vector_weight", float("nan")),
        ("variants", 9),
        ("rerank_depth", 0),
        ("rerank_weight", -0.1),
        ("diversity", 2),
        ("least_relevance", -1),
        ("focus", -1),
    ],
)
def test_settings_that_cannot_work_are_refused(name: str, value: float) -> None:
    with pytest.raises(InvalidError, match=name):
        RetrieverSettings(**{name: value})  # type: ignore[arg-type]


def test_settings_are_read_from_a_project_file_and_keep_their_defaults() -> None:
    read = RetrieverSettings.of({"top_k": 3, "fusion": None, "reranker": {"model": "x"}, "focus": 1.5})
    assert read == RetrieverSettings(top_k=3, focus=1.5)


def test_hits_are_narrowed_to_their_sentences(ships: "Library") -> None:
    aids = Aids(narrowing=Narrowing(make_embedder("builtin/static")))
    wide = _ask(_retriever(ships, top_k=50), "clippers with tea").hits
    narrow = _ask(_retriever(ships, aids, top_k=50, narrow=True, focus=10), "clippers with tea").hits
    assert 0 < sum(len(hit.passage.text) for hit in narrow) < sum(len(hit.passage.text) for hit in wide)
    chunks = {hit.passage.id: hit.passage for hit in wide}
    for passage in (hit.passage for hit in narrow):
        chunk = chunks[passage.id]
        assert chunk.start <= passage.start < passage.end <= chunk.end
        assert passage.text == ships.texts[passage.document][passage.start : passage.end]


def test_without_what_narrows_hits_stay_as_they_are(ships: "Library") -> None:
    asked = "clippers with tea"
    assert _ask(_retriever(ships, narrow=True), asked).hits == _ask(_retriever(ships), asked).hits
