"""Questions from sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.datasets.questions import Corpus, Proposal, proposals, sentences, swapped


def only(text: str) -> Proposal:
    (sentence,) = sentences("a.md", text)
    (proposal,) = proposals(sentence)
    return proposal


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        ("The notice period is ninety (90) days.", "How long is the notice period?", "ninety (90) days"),
        ("The annual fee is EUR 11,300 per shed.", "How much is the annual fee per shed?", "EUR 11,300"),
        ("A further hour costs EUR 3.70.", "What is the cost of a further hour?", "EUR 3.70"),
        ("The deposit was 12 per cent of the price.", "What percentage was the deposit of the price?", "12 per cent"),
        (
            "The processor must report each breach within 24 hours.",
            "Within what time must the processor report each breach?",
            "24 hours",
        ),
        ("The building has 12 floors in all.", "How many floors does the building have in all?", "12"),
        ("Tenants must give 30 days to the owner.", "How many days must Tenants give to the owner?", "30"),
        ("The contract was signed on 4 March 2021 in Hull.", "When was the contract signed in Hull?", "4 March 2021"),
        ("The agreement expired in 2019 for good.", "When did the agreement expire for good?", "2019"),
        ("The survey was carried by Anna de Vries.", "By whom was the survey carried?", "Anna de Vries"),
        ("Maria Lopez is the head of the harbour office.", "Who is the head of the harbour office?", "Maria Lopez"),
        ("A quay is a place where ships are loaded.", "What is a quay?", "a place where ships are loaded"),
    ],
)
def test_a_sentence_of_a_known_form_becomes_a_question(sentence: str, question: str, answer: str) -> None:
    found = only(sentence)
    assert (found.question, found.answer) == (question, answer)


def test_a_figure_in_any_other_sentence_is_left_out() -> None:
    found = only("Fresh fish from the morning auction leaves the north gate with a surcharge of 11 per cent.")
    assert found.kind == "blank"
    assert found.answer == "11 per cent"
    assert found.question.endswith('with a surcharge of …."')


@pytest.mark.parametrize(
    "text",
    [
        "It is ninety days in all cases here.",
        "# The notice period is ninety days.",
        "- The notice period is ninety days.",
        "The notice period is ninety days",
        "| The notice | period is | ninety days. |",
        "Too few words.",
        "The value of `limit` is 30 days here.",
        "word " * 50 + "is 30 days.",
    ],
)
def test_what_cannot_be_asked_about_by_itself_is_passed_over(text: str) -> None:
    assert [one for sentence in sentences("a.md", text) for one in proposals(sentence)] == []


def test_sentences_know_where_they_stand() -> None:
    text = "First page here.\n\nThe lease of Dr. Smith began on\n1 May 2020. The notice period is ninety days."
    found = list(sentences("a.md", text, {0: 1, 18: 2}))
    assert [one.text for one in found] == [
        "The lease of Dr. Smith began on 1 May 2020.",
        "The notice period is ninety days.",
    ]
    assert [one.page for one in found] == [2, 2]
    assert [" ".join(text[one.start : one.end].split()) for one in found] == [one.text for one in found]


@given(st.text())
def test_any_text_can_be_read_and_every_answer_stands_in_it(text: str) -> None:
    for sentence in sentences("a.md", text):
        assert " ".join(text[sentence.start : sentence.end].split()) == sentence.text
        for proposal in proposals(sentence):
            assert proposal.answer in sentence.text
            assert proposal.answer not in proposal.question or proposal.kind == "blank"


def corpus(*texts: str) -> Corpus:
    return Corpus(texts)


def test_a_question_that_another_sentence_answers_otherwise_is_ambiguous() -> None:
    one = only("The notice period for the cold store is ninety days.")
    assert corpus("Under clause 4 the notice period for the cold store was thirty days.").is_ambiguous(one)
    assert not corpus("Under clause 4 the notice period for the cold store was ninety days.").is_ambiguous(one)
    assert not corpus("The notice period for the crane was thirty days.").is_ambiguous(one)


def test_a_definition_is_ambiguous_only_where_there_is_another() -> None:
    one = only("A quay is a place where ships are loaded.")
    assert not corpus("The crane stands on the quay next to the old lamp.").is_ambiguous(one)
    assert corpus("A quay is a wall that keeps the sea out.").is_ambiguous(one)


def test_a_name_that_the_corpus_does_not_have_makes_a_question_without_an_answer() -> None:
    one = only("The contract with Lumenfrost was signed on 4 March 2021.")
    there = corpus("Lumenfrost is at Tarnwick and at Ostrevale since last year.")
    other = swapped(one, there.has_word)
    assert other is not None
    assert other.answer == ""
    assert "Lumenfrost" not in other.question
    assert not there.has_word(other.question.split("with ")[1].split(" signed")[0])
    assert swapped(only("The notice period is ninety days."), there.has_word) is None
    year = swapped(only("The rent for 2019 was 30 euros."), there.has_word)
    assert year is not None
    assert "2019" not in year.question
