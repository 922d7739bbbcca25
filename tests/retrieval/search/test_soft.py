from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from plimsoll.retrieval.search import WordLikeness

_LIKE = {"car": (1.0, 0.0, 0.0), "automobile": (0.8, 0.6, 0.0), "banana": (0.0, 0.0, 1.0)}


class _Words:
    """Vectors of a few words; counts how many it was asked for."""

    name = "test/words"
    fingerprint = "words-1"
    dimension = 3

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return np.array([_LIKE.get(text, (0.0, 1.0, 0.0)) for text in texts], np.float32).reshape(-1, 3)


def test_the_word_itself_is_said_in_full_and_a_like_one_in_part() -> None:
    said = WordLikeness(_Words()).coverage("car", ["A car.", "An automobile!", "A banana"])
    assert said[0] == pytest.approx(1.0)
    assert said[1] == pytest.approx(0.8)
    assert said[2] == 0.0


def test_function_words_do_not_count_unless_there_is_nothing_else() -> None:
    likeness = WordLikeness(_Words())
    assert likeness.coverage("what is the car", ["car"])[0] == pytest.approx(1.0)
    assert likeness.coverage("what is", ["car", "what is"])[1] > 0


def test_nothing_is_said_by_nothing() -> None:
    likeness = WordLikeness(_Words())
    assert likeness.coverage("", ["car"]).tolist() == [0.0]
    assert likeness.coverage("car", []).tolist() == []
    assert likeness.coverage("car", ["", "..."]).tolist() == [0.0, 0.0]


def test_a_word_is_embedded_once() -> None:
    words = _Words()
    likeness = WordLikeness(words)
    for _ in range(3):
        likeness.coverage("car banana", ["the car", "banana car"])
    assert sorted(words.asked) == ["banana", "car", "the"]


def test_threads_get_what_one_thread_gets() -> None:
    likeness = WordLikeness(_Words())
    texts = [f"car word{number} automobile" for number in range(20)]
    alone = [WordLikeness(_Words()).coverage(text, texts).tolist() for text in texts]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda text: likeness.coverage(text, texts).tolist(), texts))
    assert together == alone
