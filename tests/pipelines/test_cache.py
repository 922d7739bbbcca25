import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plimsoll.pipelines import CachedStage, StageCache, StageOutputLostError
from plimsoll.storage import Database
from plimsoll.storage.migrations.cache import CACHE


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[StageCache]:
    database = Database(tmp_path / "cache.db", CACHE)
    yield StageCache(database)
    database.close()


class Upper:
    """A stage that remembers what it was asked to make."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self.made: list[str] = []

    def make(self, places: Sequence[int]) -> list[bytes]:
        self.made += [self.texts[place] for place in places]
        return [self.texts[place].upper().encode() for place in places]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=8), max_size=5))
def test_each_key_is_made_once_and_every_place_is_filled(cache: StageCache, rounds: list[list[str]]) -> None:
    made: list[str] = []
    known = {key for key in "abcdef" if cache.present("upper", [key])}
    for texts in rounds:
        stage, upper = CachedStage("upper", cache), Upper(texts)
        assert stage.through(texts, upper.make) == [text.upper().encode() for text in texts]
        assert stage.count.done == len(upper.made)
        made += upper.made
    assert len(made) == len(set(made))
    assert set(made) == {text for texts in rounds for text in texts} - known


def test_stages_do_not_share_keys(cache: StageCache) -> None:
    cache.put("one", {"k": b"1"})
    assert cache.get("other", ["k"]) == {}
    assert cache.get("one", ["k"]) == {"k": b"1"}


def test_many_keys(cache: StageCache) -> None:
    outputs = {str(number): str(number).encode() for number in range(1700)}
    cache.put("s", outputs)
    assert cache.get("s", outputs) == outputs
    assert cache.present("s", [*outputs, "none"]) == set(outputs)


def test_a_damaged_output_is_made_again_or_named(cache: StageCache, tmp_path: Path) -> None:
    cache.put("s", {"k": b"whole"})
    with sqlite3.connect(tmp_path / "cache.db") as connection:
        connection.execute("UPDATE stage_output SET value = ?", [b"whoLe"])
    connection.close()
    assert cache.get("s", ["k"]) == {}
    stage = CachedStage("s", cache)
    with pytest.raises(StageOutputLostError, match="`s` is damaged"):
        stage.read(["k"])
    assert stage.through(["k"], lambda _: [b"again"]) == [b"again"]
    assert stage.read(["k"]) == [b"again"]
