import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from plimsoll.kernel.errors import UnavailableError
from plimsoll.retrieval._words import function_words
from plimsoll.retrieval.search import WordLikeness, _soft

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


class _Fine:
    """Words fall into directions by their hash."""

    name = "test/fine"
    fingerprint = "fine-1"
    dimension = 4

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        made = [np.frombuffer(sha256(text.encode()).digest()[:4], np.int8) for text in texts]
        vectors = np.array(made, np.float32).reshape(-1, 4)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


def _fails(texts: Sequence[str]) -> NDArray[np.float32]:
    raise UnavailableError(f"no vectors of {len(texts)} words", hint="wait")


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


def _plainly(embedder: "_Fine", question: str, texts: Sequence[str]) -> list[float]:
    """The definition, one word after the other."""

    def spelled(text: str) -> list[str]:
        return [word for word in re.findall(r"[^\W_]+", text.lower()) if len(word) <= 60]

    asked = list(dict.fromkeys(spelled(question)))
    asked = [word for word in asked if word not in function_words()] or asked
    if not asked:
        return [0.0] * len(texts)
    best = np.zeros((len(texts), len(asked)))
    for row, text in enumerate(texts):
        for word in spelled(text):
            near = embedder.embed(asked) @ embedder.embed([word])[0]
            best[row] = np.maximum(best[row], np.where(near < 0.3, 0, np.minimum(near, 1)))
    holding = (best >= 1 - 1e-6).sum(axis=0)
    weights = np.log1p((len(texts) - holding + 0.5) / (holding + 0.5))
    return list(best @ weights / weights.sum())


_said = st.lists(
    st.sampled_from(["car", "Cars_and", "ÉLAN", "Straße", "the", "x" * 61, "a1b2", "中文", "ΟΔΟΣ", "-", "car2go", "İ"]),
    max_size=8,
).map(" ".join)


@settings(max_examples=80, deadline=None)
@given(_said, st.lists(_said, max_size=5), st.integers(0, 6))
def test_what_is_kept_between_questions_changes_no_share(question: str, texts: list[str], kept: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_soft, "_KEPT_WORDS", kept)
        patch.setattr(_soft, "_FIRST_WORDS", 1)
        likeness = WordLikeness(_Fine())
        for _ in range(2):
            assert likeness.coverage(question, texts) == pytest.approx(_plainly(_Fine(), question, texts), abs=1e-6)
            likeness.coverage("other words than those", ["come between", "car"])


def test_a_word_whose_vector_did_not_come_is_asked_for_again() -> None:
    words = _Words()
    likeness = WordLikeness(words)
    likeness.coverage("car", ["a car"])
    embed, words.embed = words.embed, _fails  # type: ignore[method-assign]
    with pytest.raises(UnavailableError):
        likeness.coverage("automobile", ["car banana"])
    words.embed = embed  # type: ignore[method-assign]
    assert likeness.coverage("automobile", ["car", "banana"]) == pytest.approx([0.8, 0.0])


def test_threads_get_what_one_thread_gets() -> None:
    likeness = WordLikeness(_Words())
    texts = [f"car word{number} automobile" for number in range(20)]
    alone = [WordLikeness(_Words()).coverage(text, texts).tolist() for text in texts]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda text: likeness.coverage(text, texts).tolist(), texts))
    assert together == alone
