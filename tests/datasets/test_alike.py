"""Questions that are the same, nearly the same, or stand in something larger."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from plimsoll.datasets import Row
from plimsoll.datasets.alike import NEAR, Inside, Pair, near_pairs, normal_text, without_duplicates

words = st.lists(st.sampled_from(["lease", "notice", "period", "shed", "rent", "7", "8"]), max_size=9).map(" ".join)


def row(name: str, question: str) -> Row:
    return Row(name, question, ("x",), (), answerable=True, tags=())


def test_case_punctuation_and_forms_of_letters_do_not_count() -> None:
    assert (
        normal_text("  What IS the \ufb01rst notice-period?! ") == "what is the first notice period"
    )  # codespell:ignore


def share(one: str, other: str) -> float:
    """Jaccard, written down once more."""

    def pieces(text: str) -> set[tuple[str, ...]]:
        some = text.split()
        return {(word,) for word in some} | set(pairwise(some))

    both, either = pieces(one) & pieces(other), pieces(one) | pieces(other)
    return len(both) / len(either) if either else 0.0


def numbers(text: str) -> list[str]:
    return [word for word in text.split() if word.isdigit()]


@given(st.lists(words, max_size=25))
def test_no_pair_is_missed_and_none_is_made_up(texts: list[str]) -> None:
    expected = {
        (first, second)
        for second in range(len(texts))
        for first in range(second)
        if numbers(texts[first]) == numbers(texts[second]) and share(texts[first], texts[second]) >= NEAR
    }
    found = near_pairs(texts)
    assert {(pair.first, pair.second) for pair in found} == expected
    assert all(pair.similarity == share(texts[pair.first], texts[pair.second]) for pair in found)


def test_other_numbers_ask_for_other_things() -> None:
    old, new = (f"What was the net revenue of the whole group in the fiscal year {year}?" for year in (2021, 2022))
    assert near_pairs([old, new]) == []
    assert near_pairs([old, old.lower()]) == [Pair(0, 1, 1.0)]


def test_very_many_like_texts_take_no_more_than_a_bounded_number_of_comparisons() -> None:
    texts = [f"How long is the notice period for tenant number {number} in the old harbour?" for number in range(3_000)]
    assert near_pairs([*texts, texts[7]]) == [Pair(7, 3_000, 1.0)]


def test_questions_are_found_where_they_stand_word_by_word() -> None:
    inside = Inside({"a": "How long is the lease?", "b": "How long is the notice period?", "c": "Why?"})
    assert inside.of("Q: how long is the Notice-Period? A: 30 days. Why? Q: How long is the lease") == ["b", "a"]
    assert inside.of("How long is the release?") == []


def test_the_first_of_those_that_ask_the_same_is_kept() -> None:
    rows = [
        row("a", "How long is the notice period for the cold store at the quay?"),
        row("b", "how long is the notice period for the cold store at the quay"),
        row("c", "How long is the notice period for the cold store at the quay now?"),
        row("d", "Who owns it?"),
    ]
    found = without_duplicates(rows)
    assert [one.id for one in found.rows] == ["a", "d"]
    assert (found.same, found.near) == (1, 1)
    assert [one.id for one in without_duplicates(rows, near=None).rows] == ["a", "c", "d"]
    assert without_duplicates([]).rows == ()
