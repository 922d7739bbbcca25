import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.datasets import Row
from plimsoll.evaluation import Observation
from plimsoll.evaluation.judges.embedded import AnswerGraded, grade, prefer, refusal
from plimsoll.evaluation.judges.embedded._numbers import closeness, read_numbers


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("$1,234.50", [1234.5]),
        ("1.6 bn", [1.6e9]),
        ("$ 1.6Bn", [1.6e9]),
        ("12 million", [12e6]),
        ("24.6%", [24.6]),
        (".5", [0.5]),
        ("in 2022", []),
        ("$2022", [2022.0]),
        ("FY22 and Q2", []),
        ("(473)", [473.0]),
        ("-473", [473.0]),
        ("3M", [3e6]),
        ("version 1.2.3", []),
        ("", []),
    ],
)
def test_numbers_are_read_with_their_scale_and_without_years(text: str, values: list[float]) -> None:
    assert [one.value for one in read_numbers(text)] == pytest.approx(values)


@pytest.mark.parametrize(
    ("wanted", "given_", "close"),
    [
        ("24.6%", "24.6 percent", 1.0),
        ("24.6%", "24.58%", 1.0),
        ("24.6%", "24.9%", 0.0),
        ("0.66", "66%", 1.0),
        ("$11588.00", "$11,588 million", 1.0),
        ("$1.6Bn", "$1,604 million", 1.0),
        ("93.86", "93.55", 0.5),
        ("5", "6", 0.0),
        ("12", "12,000,000", 0.0),
    ],
)
def test_a_number_fits_as_far_as_it_was_rounded(wanted: str, given_: str, close: float) -> None:
    (one,), (other,) = read_numbers(wanted), read_numbers(given_)
    assert closeness(one, other) == close


@given(st.floats(0.01, 1e6), st.integers(0, 4))
def test_every_number_fits_itself_however_it_is_rounded(value: float, digits: int) -> None:
    text = f"{value:,.{digits}f}"
    found = read_numbers(f"It was {text} dollars", years=True)
    assert found
    assert closeness(found[0], found[0]) == 1.0


@pytest.mark.parametrize(
    ("question", "reference", "answer", "said"),
    [
        ("What was net income in USD millions?", "$11588.00", "Net income was $11,588 million.", "correct"),
        ("What was net income in USD millions?", "$11588.00", "Net income was $11,855 million.", "incorrect"),
        (
            "What was the margin?",
            "24.6%",
            "Two:\n10.0% of sales\n24.6% of costs\nSo the margin was 10.0%.",
            "incorrect",
        ),
        ("Did sales grow?", "Yes, sales grew.", "Yes. They rose.", "correct"),
        ("Did sales grow?", "Yes, sales grew.", "No, they did not grow.", "incorrect"),
        ("Did sales grow?", "No", "Sales did not grow; they declined.", "correct"),
        ("Who is the landlord?", "Harbour Estates", "The landlord is Harbour Estates Ltd.", "correct"),
        ("Who is the landlord?", "Harbour Estates", "The landlord is Mary Miller.", "incorrect"),
        ("Who is the landlord?", "Harbour Estates", "I'm sorry, but the documents do not mention it.", "refusal"),
        ("Who is the landlord?", "Harbour Estates", "", "refusal"),
    ],
)
def test_answers_are_graded_by_numbers_yes_and_no_and_names(
    question: str, reference: str, answer: str, said: str
) -> None:
    assert grade(question, reference, answer).said == said


def test_the_grader_tells_right_from_wrong_on_answers_that_nobody_fitted_it_to() -> None:
    """Made up here, with other words and numbers than those that the rules were written by."""
    random_ = random.Random(7)
    names = ("rent", "deposit", "premium", "fine", "salary", "fee")
    right, wrong = [], []
    for _ in range(200):
        what, value = random_.choice(names), random_.randrange(1_000, 900_000)
        question, reference = f"How high is the {what}?", f"The {what} is {value:,} euros."
        frames = (f"According to the contract the {what} is {{}} euros.", "It comes to € {} a year.", "{}")
        frame = random_.choice(frames)
        right.append(grade(question, reference, frame.format(f"{value:,}")).probability)
        wrong.append(
            grade(question, reference, frame.format(f"{value + random_.randrange(50_000, 90_000):,}")).probability
        )
    assert sum(one > other for one in right for other in wrong) > 0.95 * len(right) * len(wrong)


@settings(deadline=None)
@given(st.text(), st.text(), st.text())
def test_whatever_is_graded_has_a_probability(question: str, reference: str, answer: str) -> None:
    found = grade(question, reference, answer)
    assert 0.0 <= found.probability <= 1.0


@pytest.mark.parametrize(
    "text", ["9" * 200_000, "1," * 100_000, "no " * 50_000, "looking at " * 20_000, "(" * 100_000, "a.b " * 50_000]
)
def test_long_hostile_answers_are_read_only_in_part(text: str) -> None:
    assert 0.0 <= grade("Is it so?", "Yes, 5% of it.", text).probability <= 1.0
    assert 0.0 <= refusal(text[:50_000]) <= 1.0


@settings(deadline=None)
@given(st.text(), st.text(), st.text())
def test_a_preference_is_the_same_in_both_orders(instruction: str, first: str, second: str) -> None:
    one, other = prefer(instruction, first, second), prefer(instruction, second, first)
    assert one.probability + other.probability == pytest.approx(1.0)
    turned = {"first": "second", "second": "first", "tie": "tie"}
    assert other.which == turned[one.which]


def test_an_output_about_something_else_is_not_preferred() -> None:
    wish = "Name three ways to travel from Boston to New York."
    here = "1. The train from Boston\n2. A bus to New York\n3. A flight"
    elsewhere = "1. Fly to Los Angeles\n2. Drive along the coast"
    assert prefer(wish, here, elsewhere).which == "first"


def test_as_a_scorer_the_best_accepted_answer_counts_and_a_refusal_is_wrong() -> None:
    scorer = AnswerGraded()
    row = Row("r", "How long is the notice?", ("90 days", "three months"), (), answerable=True, tags=())
    right = scorer.score(row, Observation(answer="The notice is three months.", answered=True))
    refused = scorer.score(row, Observation(answer="The notice is three months.", answered=False))
    assert right is not None
    assert refused is not None
    assert (right.value, refused.value) == (1.0, 0.0)
    assert scorer.score(Row("r", "q", (), (), answerable=False, tags=()), Observation()) is None
