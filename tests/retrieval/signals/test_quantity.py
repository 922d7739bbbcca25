"""Questions for figures, and texts of figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.retrieval.signals._quantity import asks_for_quantity, number_density


@pytest.mark.parametrize(
    "question",
    [
        "How much was paid?",
        "What is the gross margin?",
        "By what % did it rise?",
        "Which region had the biggest drop?",
        "Did sales grow between FY20 and FY21?",
    ],
)
def test_a_question_for_a_figure_is_known(question: str) -> None:
    assert asks_for_quantity(question)


@pytest.mark.parametrize(
    "question", ["Who signed the lease?", "How do examples improve answers?", "Describe the roundabout."]
)
def test_a_question_for_something_else_is_not(question: str) -> None:
    assert not asks_for_quantity(question)


def test_a_table_has_more_figures_than_a_sentence() -> None:
    table = "Cash 1,200 1,100\nDebt 900 850\n" * 10
    sentence = "In 2021 the company moved its office to the harbour because of the rent. " * 10
    assert number_density(table) > 0.8
    assert number_density(sentence) < 0.3


def test_a_text_of_few_words_is_no_table() -> None:
    assert number_density("17") < 0.2


@given(st.text(max_size=100))
def test_density_is_a_share(text: str) -> None:
    assert 0 <= number_density(text) <= 1
