"""The words by which a text is found."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.retrieval._words import query_words, sequence, words

_TEXTS = st.text(max_size=200)
_ASCII = st.text(st.characters(max_codepoint=127), max_size=200)
_PARTS = st.lists(st.text(st.sampled_from("bcdfghklmnprtvz"), min_size=3, max_size=8), min_size=2, max_size=4)


def test_case_accents_and_endings_do_not_matter() -> None:
    assert words("Contracts") == words("contract") == words("CONTRACT'S")[:1]
    assert words("Änderung") == words("anderung")


def test_a_name_is_found_by_its_parts_and_as_a_whole() -> None:
    found = words("self.getTarget(run_target)")
    assert set(words("get target")) <= set(found)
    assert set(words("gettarget")) <= set(found)
    assert set(words("runtarget")) <= set(found)


@given(_PARTS)
def test_however_a_name_is_written_its_parts_find_it(parts: list[str]) -> None:
    camel = parts[0] + "".join(part.capitalize() for part in parts[1:])
    for name in (camel, "_".join(parts), "_".join(parts).upper()):
        found = set(words(name))
        assert {word for part in parts for word in words(part)} <= found
        assert set(words("".join(parts))) <= found


@given(_TEXTS)
def test_any_text_has_words_and_they_are_never_empty(text: str) -> None:
    assert all(words(text))
    assert all(query_words(text))


@given(_ASCII)
def test_the_fast_way_for_ascii_gives_the_same_words(text: str) -> None:
    assert Counter(words(f"{text} ö")) == Counter(words(text)) + Counter(["o"])


@given(_TEXTS)
def test_a_question_holds_each_word_once(text: str) -> None:
    found = query_words(text)
    assert len(found) == len(set(found))


def test_a_question_loses_what_tells_no_texts_apart() -> None:
    assert query_words("What does the reserve mean, and how is it used?") == words("reserve")


def test_a_question_of_nothing_else_keeps_its_words() -> None:
    assert query_words("How does it differ?") == words("how does it differ")


def test_neighbours_are_also_searched_as_one_word() -> None:
    found = query_words("the margin of American Express")
    assert words("AMERICANEXPRESS")[0] in found
    assert words("marginamerican")[0] not in found


@pytest.mark.parametrize("text", ["", "  ", "___", "x" * 61])
def test_what_has_no_words_gives_none(text: str) -> None:
    assert words(text) == []


def test_a_name_of_enormous_length_costs_no_more_than_its_length() -> None:
    text = "aB" * 50_000
    assert len(words(text)) <= 2 * len(text)


def test_a_sequence_keeps_the_order_and_every_word() -> None:
    assert sequence("Return on Assets") == f"{words('return')[0]} on {words('assets')[0]}"


@given(_TEXTS)
def test_a_text_has_the_words_of_its_lines(text: str) -> None:
    lines = text.splitlines()
    assert Counter(words("\n".join(lines))) == Counter(word for line in lines for word in words(line))


def test_signs_beyond_ascii_part_words_and_letters_do_not() -> None:
    assert words("the company\u2019s\xa0profit\u2014loss na\xefve") == words("company s profit loss naive")


def test_half_a_surrogate_pair_is_no_reason_to_stop() -> None:
    assert words("lease \ud800 rent") == words("lease rent")


def test_what_is_written_without_spaces_is_found_by_a_part_of_it() -> None:
    assert set(query_words("租赁合同")) <= set(words("本租赁合同自2021年起生效"))
    assert words("第3条") == ["第", "3", "条"]
    assert query_words("数据 索引") == ["数据", "索引"]
