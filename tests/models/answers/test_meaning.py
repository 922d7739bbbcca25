"""Which questions may be taken for the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.models.answers import difference


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How do I reset my password?", "how can I reset my password"),
        ("What is the capital of France?", "what's France's capital"),
        ("Could you tell me when the office opens?", "What time does the office open?"),
        ("I'd like to know the price of the plan.", "What is the price of the plan?"),
        ("Please cancel my order", "cancel my order, thanks"),
        ("Is it possible to pay by invoice?", "Can I pay by invoice?"),
        ("How do I purchase tickets?", "How can I buy a ticket?"),
        ("With a broken screen, what can I do today?", "What can I do today with a broken screen?"),
        ("Why can't I log in?", "Why can I not log in?"),
    ],
)
def test_the_same_in_other_words(one: str, other: str) -> None:
    assert difference(one, other) is None


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        ("How do I turn on the heating?", "How do I turn off the heating?", "words"),
        ("How do I enable backups?", "How do I disable backups?", "words"),
        ("Wie schalte ich das Licht ein?", "Wie schalte ich das Licht aus?", "words"),
        ("What is due before delivery?", "What is due after delivery?", "words"),
        ("Which of them are covered?", "Which of them are not covered?", "negation"),
        ("May I open it with a key?", "May I open it without a key?", "negation"),
        ("Can I return it within 30 days?", "Can I return it within 60 days?", "number"),
        ("What does E101 mean?", "What does E110 mean?", "number"),
        ("How far is it in km?", "How far is it in miles?", "words"),
        ("What is the capital of Austria?", "What is the capital of Australia?", "words"),
        ("Does the US law apply?", "Does the law apply?", "words"),
        ("What is vitamin C?", "What is C++?", "code"),
        ('What does "disk full" mean?', 'What does "disk busy" mean?', "quoted"),
        ("What does `git push` do?", "What does `git pull` do?", "quoted"),
        ("What does \U0001f44d mean?", "What does \U0001f44e mean?", "code"),
        ("When was the bridge built?", "Where was the bridge built?", "question"),
        ("How many rooms are booked?", "How are rooms booked?", "question"),
        ("May I open the box?", "Must I open the box?", "modal"),
        ("Who is the director?", "Who was the director?", "tense"),
        ("What is your address?", "What is my address?", "person"),
        ("What is his balance?", "What is her balance?", "words"),
        ("How do I get from Oslo to Rome?", "How do I get from Rome to Oslo?", "order"),
        ("Does a dog chase a cat?", "Does a cat chase a dog?", "order"),
        ("Does Anna report today, says Ben?", "Does Ben report today, says Anna?", "order"),
        ("What are you?", "What?", "words"),
        ("Tell me " + "more " * 600, "Tell me much " + "more " * 600, "length"),
    ],
)
def test_not_the_same_although_nearly_in_the_same_words(one: str, other: str, what: str) -> None:
    assert difference(one, other) == what
    assert difference(other, one) == what


texts = st.text(max_size=80) | st.lists(
    st.sampled_from(["how", "do", "I", "not", "the", "Anna", "5", "to", "of", "'s", "'", "`x`", "open", "?", "tell me"])
).map(" ".join)


@given(texts, texts)
def test_any_two_texts_can_be_compared_in_either_order(one: str, other: str) -> None:
    assert difference(one, other) == difference(other, one)
    assert difference(one, one) is None
