import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.models import Passage
from plimsoll.models.catalogue import RouteSettings, make_chat_model, make_embedder
from plimsoll.models.providers.reader._answer import ABSTAIN, answer
from plimsoll.models.providers.reader._summary import asks_for_summary
from plimsoll.models.providers.reader._weights import load_weights
from plimsoll.models.providers.reader.summaries import (
    SummaryPlan,
    Turn,
    is_general,
    prepare,
    summarise,
    utterance_features,
    utterances,
)

EMBED = make_embedder("builtin/static").embed
TURNS = [
    Turn("Um okay {vocalsound} let us uh begin the meeting about the new remote control today .", "Chair"),
    Turn("Yeah .", "Designer"),
    Turn("The battery of the remote control should last for two years at least .", "Engineer"),
    Turn("I think that the the colour of the case ought to be yellow like a banana .", "Designer"),
    Turn("The budget for the whole project is twelve euros for each remote control .", "Chair"),
    Turn("We will meet again on Thursday in the small room next to the kitchen .", "Chair"),
]


def test_utterances_lose_fillers_marks_and_words_said_twice_but_keep_their_place() -> None:
    found = utterances(TURNS)
    assert found[0].text == "okay let us begin the meeting about the new remote control today."
    assert "the the" not in " ".join(one.text for one in found)
    assert [one.turn for one in found] == [0, 2, 3, 4, 5]
    assert TURNS[3].text[found[2].start : found[2].end] == TURNS[3].text


def test_a_query_brings_what_was_said_about_its_subject() -> None:
    meeting = prepare(TURNS, EMBED)
    plan = SummaryPlan(words_of_part=10)
    said = summarise("What was said about the battery?", meeting, EMBED, model=load_weights().summaries, plan=plan)
    assert "battery" in said.text
    assert said.text.startswith("Engineer: ")


def test_the_same_thing_is_not_said_twice() -> None:
    meeting = prepare([*TURNS, TURNS[2], TURNS[2]], EMBED)
    plan = SummaryPlan(words_of_part=40, repetition=5.0)
    said = summarise("What was said about the battery?", meeting, EMBED, model=load_weights().summaries, plan=plan)
    assert said.text.count("battery") == 1


@pytest.mark.parametrize("turns", [[], [Turn("")], [Turn("Yes. No.", "A")]])
def test_of_nothing_the_summary_is_empty(turns: list[Turn]) -> None:
    assert summarise("", prepare(turns, EMBED), EMBED, model=load_weights().summaries).text == ""


@pytest.mark.parametrize(
    ("query", "general"),
    [("", True), ("Summarize the whole meeting.", True), ("What did they say about the battery?", False)],
)
def test_a_query_without_words_of_its_own_asks_for_the_whole(query: str, general: bool) -> None:
    assert is_general(query) is general


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(alphabet="ab cde.?! {}<>\n", max_size=80), max_size=6), st.text(max_size=30))
def test_every_utterance_lies_in_its_turn_and_has_finite_features(texts: list[str], query: str) -> None:
    meeting = prepare([Turn(text) for text in texts], EMBED)
    for one in meeting.utterances:
        assert 0 <= one.start < one.end <= len(texts[one.turn])
        assert not texts[one.turn][one.start].isspace()
    if meeting.utterances:
        assert np.isfinite(utterance_features(query, meeting, EMBED)).all()


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("Summarise the report.", True),
        ("Please summarize what was said about pay", True),
        ("Could you give me a short summary of the lease?", True),
        ("Who wrote the summary?", False),
        ("What is the notice period?", False),
    ],
)
def test_requests_for_a_summary_are_told_from_questions(question: str, asks: bool) -> None:
    assert asks_for_summary(question) is asks


def test_a_summary_quotes_exactly_and_cites(passage: Callable[..., Passage]) -> None:
    text = "The lease runs for five years from May.  The rent is EUR 900 a month.\n\nDogs are not allowed in the rooms."
    passages = [passage(text, "lease.txt", start=30)]
    said = answer("Summarise the lease.", passages, EMBED)
    assert said.answered
    assert len(said.quotes) == 3
    for quote in said.quotes:
        assert text[quote.start - 30 : quote.end - 30] == quote.text
    assert said.text.endswith("[1] lease.txt, page 1")


def test_a_summary_of_what_nobody_mentions_is_refused(passage: Callable[..., Passage]) -> None:
    said = answer("Summarise what it says about submarines.", [passage("The rent is paid on the first of May.")], EMBED)
    assert said.text == ABSTAIN


def test_the_chat_model_summarises(ask: Any, passage: Callable[..., Passage]) -> None:
    reader = make_chat_model(RouteSettings(model="builtin/reader"), embedder=make_embedder("builtin/static"))
    passages: Sequence[Passage] = (passage("The harbour opens at six in the morning on all days."),)
    text, end = asyncio.run(ask(reader, "Summarise this.", passages=passages))
    assert "opens at six" in text
    assert end.answered is True
