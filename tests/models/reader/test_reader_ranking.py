from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.models import Passage
from plimsoll.models.catalogue import RouteSettings, make_chat_model, make_embedder
from plimsoll.models.providers.reader._answer import ABSTAIN, answer
from plimsoll.models.providers.reader._evidence import find
from plimsoll.models.providers.reader._model import ReaderModel
from plimsoll.models.providers.reader._question import read_question
from plimsoll.models.providers.reader._refusal import answer_probability, refusal_features
from plimsoll.models.providers.reader._spans import candidate_rows
from plimsoll.models.providers.reader._weights import load_weights
from plimsoll.models.providers.reader.ranking import COUNT
from plimsoll.models.providers.reader.verdicts import VERDICTS, decide

EMBED = make_embedder("builtin/static").embed
TEXT = (
    "The harbour of Skellan was opened in 1887 by Ada Quay. The final score of the boat race was 20-18. "
    "About 4,200 people live on the island, and 36% of them own a boat."
)


@pytest.mark.parametrize(
    ("question", "span"),
    [
        ("When was the harbour of Skellan opened?", "1887"),
        ("Who opened the harbour of Skellan?", "Ada Quay"),
        ("How many people live on the island?", "4,200"),
        ("What percentage of the people own a boat?", "36%"),
    ],
)
def test_the_span_is_the_shortest_stretch_that_answers(
    passage: Callable[..., Passage], question: str, span: str
) -> None:
    assert answer(question, [passage(TEXT)], EMBED).span == span


def test_a_cell_of_a_table_row_is_not_joined_with_the_next(passage: Callable[..., Passage]) -> None:
    text = "Rope, ten metres    3   EUR 12.00   EUR 36.00"
    asked = read_question("What is the amount for rope?")
    findings = find(asked, [passage(text)], EMBED)
    found = candidate_rows(asked, findings.units[0], findings.weights, EMBED)
    assert found is not None
    assert all("   " not in text[one.start : one.end] for one in found.candidates)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=120), st.text(max_size=60))
def test_every_candidate_has_a_row_of_finite_numbers(text: str, question: str) -> None:
    asked = read_question(question)
    one = Passage("p", "d.txt", "", 1, 0, len(text), text, 1.0)
    findings = find(asked, [one], EMBED)
    for unit in findings.units:
        found = candidate_rows(asked, unit, findings.weights, EMBED)
        if found is not None:
            assert found.rows.shape == (len(found.candidates), COUNT)
            assert np.isfinite(found.rows).all()
    assert np.isfinite(refusal_features(asked, findings, EMBED)).all()
    assert 0.0 <= answer_probability(asked, findings, EMBED, model=load_weights().refusal) <= 1.0


def test_a_passage_that_answers_is_likelier_to_than_one_that_does_not(passage: Callable[..., Passage]) -> None:
    asked = read_question("When was the harbour of Skellan opened?")
    chances = [
        answer_probability(asked, find(asked, [passage(text)], EMBED), EMBED, model=load_weights().refusal)
        for text in (TEXT, "The bakery sells bread and rolls on weekdays.")
    ]
    assert chances[0] > 0.5 > chances[1]


def test_a_refusal_says_how_likely_an_answer_was(passage: Callable[..., Passage]) -> None:
    said = answer("Who painted the ceiling of the chapel?", [passage(TEXT)], EMBED)
    assert said.text == ABSTAIN
    assert said.probability is not None
    assert 0.0 <= said.probability < 0.5


def test_the_fingerprint_names_the_weights() -> None:
    embedder = make_embedder("builtin/static")
    reader = make_chat_model(RouteSettings(model="builtin/reader"), embedder=embedder)
    assert isinstance(reader, ReaderModel)
    assert load_weights().digest in reader.fingerprint
    assert embedder.fingerprint in reader.fingerprint


def test_a_verdict_is_one_of_three_with_probabilities() -> None:
    found = decide(
        "Does rest help?", ["We asked 40 people.", "Rest improved it."], EMBED, model=load_weights().verdicts
    )
    assert set(found.probabilities) == set(VERDICTS)
    assert sum(found.probabilities.values()) == pytest.approx(1.0, abs=1e-5)
    assert found.probabilities[found.verdict] == max(found.probabilities.values())
