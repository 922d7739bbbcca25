"""What speaks for a candidate."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.retrieval._types import Found
from plimsoll.retrieval._words import query_words
from plimsoll.retrieval.signals import DEFAULT_WEIGHTS, SIGNALS, Signals, WordCounts, count_words, signals
from plimsoll.retrieval.signals._bm25 import bm25, by_document, word_weights

Finds = Callable[..., Found]


def _signals(question: str, found: list[Found]) -> Signals:
    none = np.zeros(len(found))
    counts = count_words(query_words(question), found)
    return signals(question, found, counts, text_scores=none, vector_scores=none)


def _column(result: Signals, name: str) -> list[float]:
    return [float(value) for value in result.values[:, SIGNALS.index(name)]]


def test_words_are_counted_in_the_text_and_above_it(find: Finds) -> None:
    counts = count_words(query_words("lease term"), [find("the term of a lease; a term", title="Lease")])
    assert counts.text.tolist() == [[1.0, 2.0, 0.0]]
    assert counts.head.tolist() == [[1.0, 0.0, 0.0]]
    assert counts.text_lengths.tolist() == [3.0]


def test_the_same_text_twice_is_counted_alike(find: Finds) -> None:
    one = find("a lease")
    counts = count_words(["leas"], [one, one])
    assert counts.text.tolist() == [[1.0], [1.0]]


def test_scores_of_the_search_become_shares_of_the_best(find: Finds) -> None:
    found = [find("x"), find("y"), find("z")]
    result = signals(
        "x",
        found,
        count_words(["x"], found),
        text_scores=np.array([4.0, 2.0, 0.0]),
        vector_scores=np.array([-0.1, 0.3, 0.6]),
    )
    assert _column(result, "text") == [1.0, 0.5, 0.0]
    assert _column(result, "vector") == [0.0, 0.5, 1.0]


def test_a_heading_that_says_the_question_speaks_for_its_chunk(find: Finds) -> None:
    found = [find("same words", title="Holidays"), find("same words", title="Notice"), find("same words")]
    values = _column(_signals("How many holidays are there?", found), "head")
    assert values[0] > values[1] == values[2] == 0


def test_a_document_is_judged_by_all_its_candidates(find: Finds) -> None:
    found = [
        find("the pump", document="pump.txt"),
        find("its warranty", document="pump.txt", ordinal=1),
        find("the warranty", document="other.txt"),
    ]
    values = _column(_signals("pump warranty", found), "document")
    assert values[0] == values[1] > values[2]


def test_figures_count_only_where_the_question_asks_for_one(find: Finds) -> None:
    found = [find("revenue 1,200 1,100 1,050 " * 10), find("revenue rose as customers bought more " * 10)]
    table, prose = _column(_signals("How much revenue was there?", found), "numbers")
    assert table > prose == 0
    assert _column(_signals("Who buys from us?", found), "numbers") == [0.0, 0.0]


def test_the_document_that_is_named_comes_first(find: Finds) -> None:
    found = [find("net income was high", document=name) for name in ("ACME_2020.pdf", "ACME_2021.pdf", "ZETA_2021.pdf")]
    scores = _signals("What was the net income of Acme in FY2021?", found).weighted(DEFAULT_WEIGHTS)
    assert int(scores.argmax()) == 1


def test_no_candidates_give_no_signals() -> None:
    assert _signals("anything", []).values.shape == (0, len(SIGNALS))


def test_a_question_without_words_gives_zeros(find: Finds) -> None:
    assert _signals("", [find("text")]).values.tolist() == [[0.0] * len(SIGNALS)]


def test_a_signal_without_a_weight_does_not_count() -> None:
    result = Signals(("a", "b"), np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert result.weighted({"b": 0.5, "c": 9.0}).tolist() == [1.0, 2.0]


def test_every_weight_is_one_of_a_signal() -> None:
    assert set(DEFAULT_WEIGHTS) <= set(SIGNALS)


@st.composite
def _counted(draw: st.DrawFn) -> WordCounts:
    rows, columns = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    cell = st.integers(0, 5)
    table = st.lists(st.lists(cell, min_size=columns, max_size=columns), min_size=rows, max_size=rows)
    text, head = (np.array(draw(table), np.float64) for _ in range(2))
    return WordCounts(text, head, text.sum(axis=1) + 3, head.sum(axis=1) + 1)


@given(_counted())
def test_scores_of_words_lie_between_nothing_and_everything(counts: WordCounts) -> None:
    scores = bm25(counts.text, counts.text_lengths, word_weights(counts))
    assert (scores >= 0).all()
    assert (scores <= 1).all()


@given(_counted())
def test_one_more_of_a_word_never_makes_a_score_worse(counts: WordCounts) -> None:
    weights = word_weights(counts)
    more = counts.text.copy()
    more[0, 0] += 1
    before = bm25(counts.text, counts.text_lengths, weights)
    assert bm25(more, counts.text_lengths, weights)[0] >= before[0] - 1e-12


@given(_counted())
def test_a_document_of_one_candidate_is_that_candidate(counts: WordCounts) -> None:
    weights = word_weights(counts)
    alone = by_document(counts.text, counts.text_lengths, weights, np.arange(len(counts.text)))
    assert alone == pytest.approx(bm25(counts.text, counts.text_lengths, weights))


@given(st.permutations(range(4)))
def test_the_order_of_candidates_does_not_matter(order: list[int]) -> None:
    texts = ("net income 2021", "income of the net", "fishing nets", "other 12 13 14")
    found = [
        Found(str(at), f"{at % 2}.txt", "Income", 1, at, 0, 1, text, (), None, "", "en", {})
        for at, text in enumerate(texts)
    ]
    plain = _signals("How much net income?", found).values
    mixed = _signals("How much net income?", [found[at] for at in order]).values
    assert mixed == pytest.approx(plain[order])
