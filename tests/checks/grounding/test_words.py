import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.checks.grounding.words import relative_times, sentences, stem_of, tokens_of


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One fact. Another one.", ["One fact.", "Another one."]),
        ("Dr. Smith paid $4.50 in the U.S. market. He left.", ["Dr. Smith paid $4.50 in the U.S. market.", "He left."]),
        ("- first line\n- second line", ["first line", "second line"]),
        ("Is it so? Yes!", ["Is it so?", "Yes!"]),
        ("1. Pay the rent.\n2. Keep the key.", ["Pay the rent.", "Keep the key."]),
        ("", []),
        (" \n\n ", []),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, parts: list[str]) -> None:
    assert [text[one.start : one.end] for one in sentences(text)] == parts


@pytest.mark.parametrize(
    ("one", "other"),
    [("signs", "signed"), ("films", "movie"), ("bought", "buys"), ("announcement", "announced"), ("stopped", "stop")],
)
def test_forms_of_a_word_have_one_stem(one: str, other: str) -> None:
    assert stem_of(one) == stem_of(other)


def test_different_words_have_different_stems() -> None:
    assert len({stem_of(word) for word in ("tenant", "landlord", "notice", "north", "south")}) == 5


def test_a_number_has_one_value_however_it_is_written() -> None:
    stems = [word.stem for one in sentences("12,000 twelve 12 007 12.50 12.5") for word in one.words]
    assert stems == ["12000", "12", "12", "7", "12.5", "12.5"]


@given(st.text(alphabet="ab1 .,:!?'\"()[]\n-", max_size=60))
def test_texts_in_ascii_have_the_same_tokens_as_in_other_company(text: str) -> None:
    beside = f"{text}\n\u00e9"
    assert tokens_of(f"{text}\n").findall(f"{text}\n") == tokens_of(beside).findall(beside)[:-1]


@pytest.mark.parametrize(
    ("text", "times"), [("It fell last year.", 1), ("for the first time this month", 2), ("a year", 0)]
)
def test_times_that_depend_on_when_it_is_said_are_known(text: str, times: int) -> None:
    (one,) = sentences(text)
    assert len(relative_times(one.words)) == times


def test_no_sentence_is_longer_than_a_hundred_words() -> None:
    assert max(len(one.words) for one in sentences("word " * 1234)) == 100
