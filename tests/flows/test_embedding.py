"""The embed stage: what is remembered, what is stopped, and what an error leaves behind."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plimsoll.flows.build._embedding import Embedding, Pace, check_embedder
from plimsoll.kernel.errors import UnavailableError
from plimsoll.models.embedders import EmbedderChangedError, VectorsWrongError
from plimsoll.models.embedders._probes import PROBES
from plimsoll.pipelines import CachedStage, StageCache
from plimsoll.storage import Database
from plimsoll.storage.migrations.cache import CACHE

WORDS = [f"word{number}" for number in range(10)]


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[StageCache]:
    database = Database(tmp_path / "cache.db", CACHE)
    yield StageCache(database)
    database.close()


class Counting:
    """A vector for each text from its characters; remembers what it was asked, and may change or fail."""

    name = "counting"
    fingerprint = "counting-1"
    dimension = 4

    def __init__(self, *, turn: int = 0, fails_on: str = "", wrong_on: str = "") -> None:
        self._turn = turn
        self._fails_on = fails_on
        self._wrong_on = wrong_on
        self._lock = threading.Lock()
        self.batches: list[list[str]] = []

    @property
    def asked(self) -> list[str]:
        return [text for batch in self.batches for text in batch if text not in PROBES]

    def embed(self, texts: Sequence[str]) -> Any:
        with self._lock:
            self.batches.append(list(texts))
        if self._fails_on in texts:
            raise UnavailableError("the server is gone")
        rows = np.array([np.bincount([ord(char) % 4 for char in text], minlength=4) + 1.0 for text in texts])
        rows = np.roll(rows / np.linalg.norm(rows, axis=1, keepdims=True), self._turn, axis=1).astype(np.float32)
        for place, text in enumerate(texts):
            if text == self._wrong_on:
                rows[place, 0] = np.nan
        return rows


def stage(cache: StageCache) -> CachedStage:
    return CachedStage("embed", cache)


def test_each_text_is_embedded_once_across_builds(cache: StageCache) -> None:
    first, second = Counting(), Counting()
    texts = [*WORDS[:6], *WORDS[:3]]
    matrix = Embedding(first, stage(cache)).through(texts)
    assert np.array_equal(matrix, Counting().embed(texts))
    assert matrix.dtype.name == "float32"
    again = Embedding(second, stage(cache)).through(WORDS)
    assert np.array_equal(again, Counting().embed(WORDS))
    assert (first.asked, second.asked) == (WORDS[:6], WORDS[6:])


def test_no_texts_are_no_rows(cache: StageCache) -> None:
    embedder = Counting()
    assert Embedding(embedder, stage(cache)).through([]).shape == (0, 4)
    assert embedder.batches == []


def test_half_of_a_surrogate_pair_is_a_text_too(cache: StageCache) -> None:
    assert Embedding(Counting(), stage(cache)).through(["\ud800", "\ud801"]).shape == (2, 4)


@pytest.mark.parametrize("batches", [1, 3])
def test_batches_and_progress(cache: StageCache, batches: int) -> None:
    told: list[tuple[int, int]] = []
    embedder = Counting()
    many = [f"{word} {number}" for number in range(120) for word in WORDS]
    embedding = Embedding(
        embedder, stage(cache), Pace(texts=100, batches=batches), lambda done, total: told.append((done, total))
    )
    assert np.array_equal(embedding.through(many), Counting().embed(many))
    assert max(len(batch) for batch in embedder.batches) == 100
    assert sorted(embedder.asked) == sorted(many)
    assert told == [(1024, 1200), (1200, 1200)]


@pytest.mark.parametrize("batches", [1, 2, 4])
def test_what_was_made_before_an_error_is_remembered(cache: StageCache, batches: int) -> None:
    failing = Counting(fails_on="word6")
    with pytest.raises(UnavailableError, match="gone"):
        Embedding(failing, stage(cache), Pace(texts=2, batches=batches)).through(WORDS)
    made = {text for batch in failing.batches if "word6" not in batch for text in batch} - set(PROBES)
    going_on = Counting()
    Embedding(going_on, stage(cache)).through(WORDS)
    assert set(WORDS[:2]) <= made
    assert set(going_on.asked) == set(WORDS) - made


def test_wrong_vectors_are_never_remembered(cache: StageCache) -> None:
    with pytest.raises(VectorsWrongError, match="'word3'"):
        Embedding(Counting(wrong_on="word3"), stage(cache)).through(WORDS)
    good = Counting()
    assert np.isfinite(Embedding(good, stage(cache)).through(WORDS)).all()
    assert good.asked == WORDS


def test_a_row_of_another_size_is_made_again(cache: StageCache) -> None:
    embedding = Embedding(Counting(), stage(cache))
    cache.put("embed", {embedding._key("word1"): b"1234"})
    assert np.array_equal(embedding.through(WORDS), Counting().embed(WORDS))


def test_a_silent_change_of_the_model_stops_the_build_before_anything_is_embedded(cache: StageCache) -> None:
    Embedding(Counting(), stage(cache)).through(WORDS[:5])
    changed = Counting(turn=1)
    with pytest.raises(EmbedderChangedError):
        Embedding(changed, stage(cache)).through(WORDS)
    assert changed.asked == []
    assert np.array_equal(Embedding(Counting(), stage(cache)).through(WORDS), Counting().embed(WORDS))


def test_the_canary_is_asked_once_in_a_build_and_only_when_something_is_embedded(cache: StageCache) -> None:
    embedder = Counting()
    embedding = Embedding(embedder, stage(cache))
    embedding.through(WORDS[:2])
    embedding.through(WORDS[2:])
    assert [list(PROBES) == batch for batch in embedder.batches] == [True, False, False]
    known = Counting()
    Embedding(known, stage(cache)).through(WORDS)
    assert known.batches == []


def test_a_running_embedder_is_checked_on_schedule(cache: StageCache) -> None:
    kept = CachedStage("canary", cache)
    assert check_embedder(Counting(), kept).changed == ()
    assert check_embedder(Counting(), kept).changed == ()
    report = check_embedder(Counting(turn=1), kept)
    assert report.changed
    assert report.worst_cosine == report.changed[0].cosine < 0.999
    # What is kept is what the index was built with, until its fingerprint changes.
    assert check_embedder(Counting(), kept).changed == ()
