from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from plimsoll.models.catalogue import make_embedder
from plimsoll.retrieval.search import FEATURES
from plimsoll.retrieval.search.narrowing import (
    CHUNK_FACTS,
    FACTS,
    NarrowerFormatError,
    Narrowing,
    Network,
    Told,
    builtin_narrower,
    chunk_facts,
    read_narrower,
)
from plimsoll.retrieval.signals import Signals

STATIC = make_embedder("builtin/static")
LEASE = (
    "The shed stands on the east side of the quay. It has two doors and a ramp for trucks. "
    "The notice period for the lease is ninety days. The tenant keeps the roof in repair."
)
CATERING = "Meals are cooked on board every day. The cook orders fish on Mondays. Fruit comes from the market in town."


def _words_only(weight: float = 8.0) -> Network:
    """A network that goes by the share of the question's words that a sentence says."""
    count = len(FACTS)
    hidden = np.zeros((1, count, 1), np.float32)
    hidden[0, FACTS.index("words"), 0] = 1.0
    return Network(
        mean=np.zeros(count, np.float32),
        scale=np.ones(count, np.float32),
        hidden=hidden,
        bias=np.zeros((1, 1), np.float32),
        output=np.full((1, 1), weight, np.float32),
        threshold=np.full(1, -0.4 * weight, np.float32),
    )


def _told(*texts: str) -> list[Told]:
    known = np.linspace(0, -3, len(texts))
    features = Signals(FEATURES, np.tile(np.linspace(1, 0, len(texts))[:, None], len(FEATURES)))
    facts = chunk_facts(features, known)
    return [Told(text, own, "en") for text, own in zip(texts, facts, strict=True)]


def test_only_the_sentence_that_says_it_is_given() -> None:
    (part,) = Narrowing(STATIC, _words_only(40.0)).narrowed("notice period of the lease", _told(LEASE, CATERING), 5.0)
    assert part.chunk == 0
    assert LEASE[part.start : part.end] == "The notice period for the lease is ninety days."


def test_what_lies_between_two_sentences_is_given_with_them() -> None:
    text = "The fee is due in March. Nobody has asked about that yet so far. The fee is nine euros."
    (part,) = Narrowing(STATIC, _words_only(3.0)).narrowed("What is the fee?", _told(text), 0.1)
    assert (part.start, part.end) == (0, len(text))


def test_the_weights_that_come_along_find_the_sentence() -> None:
    parts = Narrowing(STATIC).narrowed("How long is the notice period for the lease?", _told(LEASE, CATERING), 1.5)
    given_ = " ".join((LEASE, CATERING)[part.chunk][part.start : part.end] for part in parts)
    assert "ninety days" in given_
    assert len(given_) < len(LEASE) + len(CATERING)


@pytest.mark.parametrize("texts", [(), ("",), ("   \n ", "\n")])
def test_nothing_to_cut_gives_nothing(texts: tuple[str, ...]) -> None:
    assert Narrowing(STATIC).narrowed("What?", _told(*texts), 1.0) == []


@given(st.lists(st.text(max_size=120), max_size=6), st.text(max_size=40), st.floats(0.01, 100))
def test_whatever_the_texts_say_parts_are_inside_their_chunks_and_in_order(
    texts: list[str], question: str, focus: float
) -> None:
    narrowing = Narrowing(STATIC)
    parts = narrowing.narrowed(question, _told(*texts), focus)
    numbers = [part.chunk for part in parts]
    assert numbers == sorted(set(numbers))
    assert all(0 <= part.start < part.end <= len(texts[part.chunk]) for part in parts)
    assert bool(parts) == any(text.strip() for text in texts)
    assert parts == narrowing.narrowed(question, _told(*texts), focus)


def test_facts_of_one_sentence_by_hand() -> None:
    narrowing = Narrowing(STATIC)
    _, parted = narrowing.parted(_told("The fee is nine euros and fifty cents.", "The quay is made of very old stone."))
    table = narrowing.facts("fee", parted)
    assert table.shape == (2, len(FACTS))
    by_name = dict(zip(FACTS, table.T, strict=True))
    assert by_name["words"].tolist() == by_name["words_of_chunk"].tolist() == [1, 0]
    assert by_name["words_behind"].tolist() == [0, -1]
    assert by_name["words_behind_chunk"].tolist() == by_name["words_before"].tolist() == [0, 0]
    assert by_name["sentences"].tolist() == [1, 1]
    assert by_name["first"].tolist() == by_name["last"].tolist() == [1, 1]
    assert by_name["near_behind"].max() == 0
    assert by_name["log_length"].tolist() == pytest.approx(np.log([38, 35]).tolist())


def test_facts_of_chunks_by_hand() -> None:
    scores = np.array([1.0, 3.0, 2.0])
    values: NDArray[np.float64] = np.arange(3 * len(FEATURES), dtype=np.float64).reshape(3, -1)
    table = dict(zip(CHUNK_FACTS, chunk_facts(Signals(FEATURES, values), scores).T, strict=True))
    assert table["behind"].tolist() == [-2, 0, -1]
    assert table["lead"].tolist() == [1, 1, 1]
    assert table["spread"].tolist() == [1, 1, 1]
    assert table["log_rank"].tolist() == pytest.approx(np.log([3, 1, 2]).tolist())
    assert table["share"].sum() == pytest.approx(1)
    assert table[FEATURES[0]].tolist() == values[:, 0].tolist()


def test_weights_come_back_as_they_were_written() -> None:
    network = builtin_narrower()
    read = read_narrower(network.to_bytes())
    rows = np.random.default_rng(1).normal(size=(5, len(FACTS)))
    assert read.shares(rows).tolist() == network.shares(rows).tolist()
    assert read.to_bytes() == network.to_bytes()
    assert ((read.shares(rows) > 0) & (read.shares(rows) < 1)).all()


def _damaged() -> list[bytes]:
    network = builtin_narrower()
    tables = safetensors.numpy.load(network.to_bytes())
    return [
        b"",
        b"not weights",
        network.to_bytes()[:-9],
        safetensors.numpy.save({"mean": tables["mean"]}),
        safetensors.numpy.save({**tables, "more": tables["mean"]}),
        safetensors.numpy.save({**tables, "hidden": tables["hidden"][:, :-1].copy()}),
        replace(network, scale=np.zeros_like(network.scale)).to_bytes(),
        replace(network, bias=np.full_like(network.bias, np.nan)).to_bytes(),
    ]


@pytest.mark.parametrize("data", _damaged())
def test_weights_that_are_none_are_refused(data: bytes) -> None:
    with pytest.raises(NarrowerFormatError):
        read_narrower(data)
