"""The embed stage: what is remembered, what is stopped, and what an error leaves behind."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plimsoll.flows.build._embedding import Embedding, Pace, nobody
from plimsoll.flows.build._guard import EmbedderGuard
from plimsoll.flows.build.canary import STAGE, Canaries, EmbedderCheck, report_on
from plimsoll.kernel.digest import digest_bytes
from plimsoll.kernel.errors import UnavailableError
from plimsoll.models.embedders import EmbedderChangedError, VectorsWrongError, canary_key, take_canary
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


class Leaning(Counting):
    """Each step turns every vector by some more; each alone is too little to be seen."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self._angle = 0.02 * step

    def embed(self, texts: Sequence[str]) -> Any:
        rows = super().embed(texts)
        turn = np.array([[np.cos(self._angle), -np.sin(self._angle)], [np.sin(self._angle), np.cos(self._angle)]])
        return np.hstack([rows[:, :2] @ turn, rows[:, 2:] @ turn]).astype(np.float32)


class NoVersions:
    """A registry of which nobody has published an index."""

    def versions(self, _app: str, **_wanted: Any) -> tuple[()]:
        return ()


def guard(embedder: Any, cache: StageCache, told: list[EmbedderCheck] | None = None) -> EmbedderGuard:
    blobs: dict[str, bytes] = {}

    def put(content: bytes) -> str:
        blobs[digest_bytes(content)] = content
        return digest_bytes(content)

    registry: Any = NoVersions()
    tell = told.append if told is not None else lambda _check: None
    return EmbedderGuard(
        embedder, Canaries(registry, cache, blobs.__getitem__, put, lambda _app, check: tell(check), "harbour", "texts")
    )


def making(embedder: Any, cache: StageCache, pace: Pace | None = None, on_done: Any = nobody) -> Embedding:
    return Embedding(guard(embedder, cache), CachedStage("embed", cache), pace or Pace(), on_done)


def test_each_text_is_embedded_once_across_builds(cache: StageCache) -> None:
    first, second = Counting(), Counting()
    texts = [*WORDS[:6], *WORDS[:3]]
    matrix = making(first, cache).through(texts)
    assert np.array_equal(matrix, Counting().embed(texts))
    assert matrix.dtype.name == "float32"
    again = making(second, cache).through(WORDS)
    assert np.array_equal(again, Counting().embed(WORDS))
    assert (first.asked, second.asked) == (WORDS[:6], WORDS[6:])


def test_no_texts_are_no_rows(cache: StageCache) -> None:
    embedder = Counting()
    assert making(embedder, cache).through([]).shape == (0, 4)
    assert embedder.batches == []


def test_half_of_a_surrogate_pair_is_a_text_too(cache: StageCache) -> None:
    assert making(Counting(), cache).through(["\ud800", "\ud801"]).shape == (2, 4)


@pytest.mark.parametrize("batches", [1, 3])
def test_batches_and_progress(cache: StageCache, batches: int) -> None:
    told: list[tuple[int, int]] = []
    embedder = Counting()
    many = [f"{word} {number}" for number in range(120) for word in WORDS]
    embedding = making(
        embedder, cache, Pace(texts=100, batches=batches), lambda done, total: told.append((done, total))
    )
    assert np.array_equal(embedding.through(many), Counting().embed(many))
    assert max(len(batch) for batch in embedder.batches) == 100
    assert sorted(embedder.asked) == sorted(many)
    assert told == [(1024, 1200), (1200, 1200)]


@pytest.mark.parametrize("batches", [1, 2, 4])
def test_what_was_made_before_an_error_is_remembered(cache: StageCache, batches: int) -> None:
    failing = Counting(fails_on="word6")
    with pytest.raises(UnavailableError, match="gone"):
        making(failing, cache, Pace(texts=2, batches=batches)).through(WORDS)
    made = {text for batch in failing.batches if "word6" not in batch for text in batch} - set(PROBES)
    going_on = Counting()
    making(going_on, cache).through(WORDS)
    assert set(WORDS[:2]) <= made
    assert set(going_on.asked) == set(WORDS) - made


def test_wrong_vectors_are_never_remembered(cache: StageCache) -> None:
    with pytest.raises(VectorsWrongError, match="'word3'"):
        making(Counting(wrong_on="word3"), cache).through(WORDS)
    good = Counting()
    assert np.isfinite(making(good, cache).through(WORDS)).all()
    assert good.asked == WORDS


def test_a_row_of_another_size_is_made_again(cache: StageCache) -> None:
    embedding = making(Counting(), cache)
    cache.put("embed", {embedding._key("word1"): b"1234"})
    assert np.array_equal(embedding.through(WORDS), Counting().embed(WORDS))


def test_a_silent_change_of_the_model_stops_the_build_before_anything_is_embedded(cache: StageCache) -> None:
    making(Counting(), cache).through(WORDS[:5])
    changed = Counting(turn=1)
    with pytest.raises(EmbedderChangedError):
        making(changed, cache).through(WORDS)
    assert changed.asked == []
    assert np.array_equal(making(Counting(), cache).through(WORDS), Counting().embed(WORDS))


def test_the_canary_is_asked_once_in_a_build_and_only_when_something_is_embedded(cache: StageCache) -> None:
    embedder = Counting()
    embedding = making(embedder, cache)
    embedding.through(WORDS[:2])
    embedding.through(WORDS[2:])
    assert [list(PROBES) == batch for batch in embedder.batches] == [True, False, False]
    known = Counting()
    making(known, cache).through(WORDS)
    assert known.batches == []


def test_a_changed_embedder_is_told_and_what_is_kept_is_never_replaced(cache: StageCache) -> None:
    told: list[EmbedderCheck] = []
    guard(Counting(), cache, told).require_unchanged()
    for _ in range(2):
        with pytest.raises(EmbedderChangedError):
            guard(Counting(turn=1), cache, told).require_unchanged()
    guard(Counting(), cache, told).require_unchanged()
    assert [check.verdict for check in told] == ["same", "changed", "changed", "same"]
    assert (told[1].knowledge, told[1].embedder) == ("texts", "counting")
    assert told[1].worst_cosine is not None
    assert told[1].worst_cosine < 0.999


def test_many_small_steps_are_no_way_round(cache: StageCache) -> None:
    guard(Leaning(0), cache).require_unchanged()
    guard(Leaning(1), cache).require_unchanged()
    reports = [report_on(Leaning(9), [take_canary(Leaning(step))], take_canary(Leaning(step + 1))) for step in range(9)]
    assert not any(report.changed for report in reports), "each step alone"
    with pytest.raises(EmbedderChangedError):
        guard(Leaning(9), cache).require_unchanged()


def test_an_embedder_that_is_gone_has_not_changed_and_is_asked_again(cache: StageCache) -> None:
    told: list[EmbedderCheck] = []
    gone = guard(Counting(fails_on=PROBES[0]), cache, told)
    gone.require_unchanged_if_reached()
    assert told == []
    with pytest.raises(UnavailableError):
        gone.require_unchanged()


def test_probes_that_are_no_vectors_are_a_change(cache: StageCache) -> None:
    told: list[EmbedderCheck] = []
    with pytest.raises(VectorsWrongError):
        guard(Counting(wrong_on=PROBES[3]), cache, told).require_unchanged_if_reached()
    assert [check.verdict for check in told] == ["changed"]
    assert cache.get(STAGE, [canary_key(Counting())]) == {}


def test_where_probe_vectors_are_kept_their_address_needs_no_embedder(cache: StageCache) -> None:
    first = guard(Counting(), cache).address()
    assert guard(Counting(fails_on=PROBES[0]), cache).address() == first
