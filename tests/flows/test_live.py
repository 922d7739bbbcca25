"""Which release answers: read once, and again as soon as anything was changed."""

import asyncio
from dataclasses import dataclass, field

import pytest

from plimsoll.flows.serve._live import LivePointers
from plimsoll.releases import NothingLiveError
from plimsoll.releases.environments import TrafficSplit


@dataclass
class Pointers:
    """Environments that count how often they are read."""

    state: int | None = 1
    splits: dict[str, TrafficSplit] = field(default_factory=dict)
    reads: int = 0

    def split(self, app: str, environment: str) -> TrafficSplit:
        self.reads += 1
        if environment not in self.splits:
            raise NothingLiveError(app, environment)
        return self.splits[environment]

    def move(self, environment: str, live: str, candidate: str = "", share: float = 0.0) -> None:
        self.splits[environment] = TrafficSplit(live, candidate or live, share)
        if self.state is not None:
            self.state += 1


class Clock:
    """Another moment each time it is asked."""

    def __init__(self) -> None:
        self.now = 10.0

    def __call__(self) -> float:
        self.now += 0.01
        return self.now


def pointers(places: Pointers) -> LivePointers:
    return LivePointers(places, now=Clock())


def chosen(live: LivePointers, environment: str = "staging", key: str = "anna") -> str:
    return asyncio.run(live.choose("harbour", environment, key))


def test_a_pointer_is_read_once_while_nothing_changes() -> None:
    places = Pointers()
    places.move("staging", "sha256:one")
    live = pointers(places)
    assert [chosen(live) for _ in range(5)] == ["sha256:one"] * 5
    assert places.reads == 1


def test_a_move_is_seen_by_the_next_request() -> None:
    places = Pointers()
    places.move("staging", "sha256:one")
    live = pointers(places)
    assert chosen(live) == "sha256:one"
    places.move("staging", "sha256:two")
    assert chosen(live) == "sha256:two"


def test_a_move_while_the_pointer_is_read_is_seen_by_the_next_request() -> None:
    places = Pointers()
    places.move("staging", "sha256:one")
    live = pointers(places)
    read = places.split

    def moved_meanwhile(app: str, environment: str) -> TrafficSplit:
        found = read(app, environment)
        places.move("staging", "sha256:two")
        places.split = read  # type: ignore[method-assign]
        return found

    places.split = moved_meanwhile  # type: ignore[method-assign]
    assert chosen(live) == "sha256:one"
    assert chosen(live) == "sha256:two"


def test_where_the_database_cannot_tell_it_is_looked_at_twice_a_second() -> None:
    places, now = Pointers(state=None), 10.0
    places.move("staging", "sha256:one")
    live = LivePointers(places, now=lambda: now)
    assert chosen(live) == "sha256:one"
    places.move("staging", "sha256:two")
    assert chosen(live) == "sha256:one"
    now += 0.5
    assert chosen(live) == "sha256:two"


def test_within_five_milliseconds_the_database_is_not_asked_again() -> None:
    places, now = Pointers(), 10.0
    places.move("staging", "sha256:one")
    live = LivePointers(places, now=lambda: now)
    assert chosen(live) == "sha256:one"
    places.move("staging", "sha256:two")
    assert chosen(live) == "sha256:one"
    now += 0.005
    assert chosen(live) == "sha256:two"


def test_that_nothing_is_live_is_never_remembered() -> None:
    places = Pointers()
    live = pointers(places)
    with pytest.raises(NothingLiveError):
        chosen(live)
    places.splits["staging"] = TrafficSplit("sha256:one", "sha256:one", 0.0)
    assert chosen(live) == "sha256:one"


def test_the_candidate_answers_its_share_of_the_keys_and_always_the_same_ones() -> None:
    places = Pointers()
    places.move("staging", "sha256:live", "sha256:candidate", 0.5)
    live = pointers(places)
    answers = {key: chosen(live, key=key) for key in map(str, range(40))}
    assert set(answers.values()) == {"sha256:live", "sha256:candidate"}
    assert all(chosen(live, key=key) == answer for key, answer in answers.items())
