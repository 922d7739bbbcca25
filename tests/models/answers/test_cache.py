"""What is given again, to whom, for how long, and what is forgotten."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conftest import ENGINES, Schemas

from plimsoll.models import ChatEnd, Completion, Quote, Usage
from plimsoll.models._types import Attempt
from plimsoll.models.answers import AnswerCache, AnswerStore, Cached, Lifetimes, Scope, Similar, pieces
from plimsoll.models.answers._memory import Memory
from plimsoll.models.answers._pieces import is_whole
from plimsoll.models.answers._types import Entry
from plimsoll.storage import Database, PostgresPlace
from plimsoll.storage.migrations.answers import ANSWERS

SCOPE = Scope("acme", "sha256:1", "default")
EXACT = Lifetimes(exact_s=100)
SIMILAR = Lifetimes(semantic_s=100, at_least=0.9)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def body(question: str = "How do I reset my password?", **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": question}], **more}


def completion(text: str | None = "Like this.", reason: str = "stop", **message: Any) -> Completion:
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": reason}
    end = ChatEnd(
        Usage(10, 5, 0.25),
        model="m-1",
        quotes=(Quote(1, "p", "d", 1, 0, 4, "Like"),),
        answered=True,
        target="openai/m",
        attempts=(Attempt("openai/m", "ok"),),
    )
    return Completion({"id": "chatcmpl-1", "choices": [choice]}, end)


def letters(texts: Sequence[str]) -> Any:
    """Vectors of how often each letter stands in a text: alike for texts that look alike."""
    counts = np.array(
        [[text.lower().count(chr(97 + place)) for place in range(26)] for text in texts], dtype=np.float32
    )
    return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9)


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    place: Path | PostgresPlace = tmp_path / "answers.db"
    if request.param == "postgres":
        schemas: Schemas = request.getfixturevalue("schemas")
        place = schemas.empty("answers", ANSWERS)
    opened = Database(place, ANSWERS)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(database: Database) -> AnswerStore:
    return AnswerStore(database)


@pytest.fixture
def cache(store: AnswerStore, clock: Clock) -> Iterator[AnswerCache]:
    made = AnswerCache(store, similar=Similar(letters, "letters"), clock=clock)
    yield made
    made.close()


def find(
    cache: AnswerCache, asked: dict[str, Any], lifetimes: Lifetimes = EXACT, scope: Scope = SCOPE
) -> Cached | None:
    return asyncio.run(cache.find(scope, asked, lifetimes))


def test_the_same_call_gets_the_same_answer_for_nothing(cache: AnswerCache, clock: Clock) -> None:
    cache.keep(SCOPE, body(), completion(), EXACT)
    clock.now += 7
    found = find(cache, body(user="somebody else", stream=True))
    assert found is not None
    assert (found.kind, found.completion.text, found.age_s, found.similarity) == ("exact", "Like this.", 7.0, 1.0)
    end = found.completion.end
    assert end.usage == Usage(10, 5, 0.0)
    assert (end.model, end.target, end.answered, end.attempts) == ("m-1", "openai/m", True, ())
    assert end.quotes == (Quote(1, "p", "d", 1, 0, 4, "Like"),)
    assert found.completion.body["id"] == "chatcmpl-1"


def test_another_process_finds_it_in_the_database(cache: AnswerCache, store: AnswerStore, clock: Clock) -> None:
    cache.keep(SCOPE, body(), completion(), EXACT)
    cache.flush()
    other = AnswerCache(store, clock=clock)
    try:
        assert [find(other, body()) is not None for _ in range(2)] == [True, True]
    finally:
        other.close()


@pytest.mark.parametrize(
    "scope",
    [Scope("rival", "sha256:1", "default"), Scope("acme", "sha256:2", "default"), Scope("acme", "sha256:1", "big")],
)
def test_nobody_else_and_no_other_release_gets_it(cache: AnswerCache, scope: Scope) -> None:
    cache.keep(SCOPE, body(), completion(), Lifetimes(exact_s=100, semantic_s=100, at_least=0.5))
    cache.flush()
    assert find(cache, body(), Lifetimes(exact_s=100, semantic_s=100, at_least=0.5), scope) is None


def test_an_answer_has_its_time(cache: AnswerCache, clock: Clock) -> None:
    cache.keep(SCOPE, body(), completion(), EXACT)
    cache.flush()
    clock.now += 99
    assert find(cache, body()) is not None
    clock.now += 1
    assert find(cache, body()) is None


def test_a_route_that_keeps_nothing_finds_nothing(cache: AnswerCache, store: AnswerStore) -> None:
    cache.keep(SCOPE, body(), completion(), Lifetimes())
    cache.flush()
    assert (store.count(), find(cache, body(), Lifetimes())) == (0, None)


@pytest.mark.parametrize(
    "answer",
    [
        completion("Half of", "length"),
        completion("", "content_filter"),
        completion("", "stop"),
        completion(None, "stop", refusal="No."),
        Completion({"choices": []}, completion().end),
        completion("\ud800"),
        completion("x" * 2_000_000),
    ],
)
def test_what_is_not_whole_is_not_kept(cache: AnswerCache, store: AnswerStore, answer: Completion) -> None:
    cache.keep(SCOPE, body(), answer, EXACT)
    cache.flush()
    assert (store.count(), find(cache, body())) == (0, None)


def test_one_choice_that_is_cut_off_spoils_all() -> None:
    good, bad = completion().body["choices"][0], completion("x", "length").body["choices"][0]
    assert not is_whole(Completion({"choices": [good, bad]}, completion().end))


def test_a_question_that_means_the_same_gets_the_answer(cache: AnswerCache) -> None:
    cache.keep(SCOPE, body(), completion(), SIMILAR)
    cache.flush()
    found = find(cache, body("How can I reset my password?"), SIMILAR)
    assert found is not None
    assert found.kind == "semantic"
    assert 0.9 <= found.similarity < 1.0
    same = find(cache, body(), SIMILAR)
    assert same is not None
    assert same.kind == "semantic"


@pytest.mark.parametrize(
    "asked",
    [
        body("How do I reset your password?"),
        body("Where do I reset my password?"),
        body("How do I reset my own big bad password to something else?"),
        body("How can I reset my password?", temperature=1),
        body("How can I reset my password?", tools=[{"type": "function"}]),
        {"messages": [{"role": "system", "content": "Lie."}, *body("How can I reset my password?")["messages"]]},
        body("5 + 5"),
    ],
)
def test_a_question_that_does_not_gets_none(cache: AnswerCache, asked: dict[str, Any]) -> None:
    cache.keep(SCOPE, body(), completion(), SIMILAR)
    cache.flush()
    assert find(cache, asked, SIMILAR) is None


def test_the_nearest_that_means_the_same_is_chosen(cache: AnswerCache) -> None:
    alike = Lifetimes(semantic_s=100, at_least=0.7)
    for text, answer in (("Turn off the light now", "Off."), ("Please turn on the light", "On.")):
        cache.keep(SCOPE, body(text), completion(answer), alike)
    cache.flush()
    found = find(cache, body("Turn on the light now"), alike)
    assert found is not None
    assert found.completion.text == "On."


def test_a_similar_question_has_its_time_as_well(cache: AnswerCache, clock: Clock) -> None:
    cache.keep(SCOPE, body(), completion(), SIMILAR)
    cache.flush()
    clock.now += 100
    assert find(cache, body("How can I reset my password?"), SIMILAR) is None


def test_purges_forget_what_they_name_and_nothing_else(cache: AnswerCache, store: AnswerStore) -> None:
    rival, newer = Scope("rival", "sha256:1", "default"), Scope("acme", "sha256:2", "default")
    for scope in (SCOPE, rival, newer):
        cache.keep(scope, body(), completion(), EXACT)
    assert cache.purge_release("sha256:2") == 1
    assert [find(cache, body(), EXACT, scope) is None for scope in (SCOPE, rival, newer)] == [False, False, True]
    assert cache.purge_tenant("rival") == 1
    assert [find(cache, body(), EXACT, scope) is None for scope in (SCOPE, rival)] == [False, True]
    assert cache.purge_all() == 1
    assert (store.count(), find(cache, body())) == (0, None)


def test_a_person_is_forgotten_wherever_they_stand(cache: AnswerCache, store: AnswerStore) -> None:
    about = [
        (body(user="ada@example.org"), completion()),
        (body("Who is Ada@Example.org?"), completion()),
        (body("Who is our best customer?"), completion("It is ada@example.org.")),
        (body(safety_identifier="ada@example.org", seed=3), completion()),
    ]
    others = [(body("Who is Ben?", user="ben"), completion("Nobody.")), (body("Who is Ada?"), completion())]
    for asked, answer in (*about, *others):
        cache.keep(SCOPE, asked, answer, EXACT)
    cache.flush()
    assert store.count_subject("ada@example.org") == 4
    assert cache.purge_subject("ada@example.org") == 4
    assert [find(cache, asked) is None for asked, _ in about] == [True] * 4
    assert [find(cache, asked) is None for asked, _ in others] == [False] * 2


def test_a_short_identifier_is_only_a_user(cache: AnswerCache) -> None:
    cache.keep(SCOPE, body("b b b"), completion(), EXACT)
    cache.keep(SCOPE, body("other", user="b"), completion(), EXACT)
    assert cache.purge_subject("b") == 1


def test_nothing_of_a_person_is_left_in_the_files(tmp_path: Path) -> None:
    opened = Database(tmp_path / "answers.db", ANSWERS)
    cache = AnswerCache(AnswerStore(opened))
    for number in range(50):
        cache.keep(SCOPE, body(f"Who is zanzibar-{number}?"), completion(f"zanzibar-{number}"), EXACT)
    assert cache.purge_subject("zanzibar") == 50
    cache.close()
    opened.close()
    assert all(b"zanzibar" not in path.read_bytes() for path in tmp_path.iterdir())


def test_what_another_process_purged_is_forgotten_here(database: Database, clock: Clock) -> None:
    store = AnswerStore(database)
    here, there = AnswerCache(store, clock=clock), AnswerCache(store, clock=clock)
    try:
        here.keep(SCOPE, body(), completion(), EXACT)
        here.flush()
        there.purge_all()
        # Any work of the writer makes it look; without work it looks every few seconds.
        here.keep(SCOPE, body("Something else"), completion(), EXACT)
        here.flush()
        here.flush()
        assert find(here, body()) is None
    finally:
        here.close()
        there.close()


def test_the_oldest_make_room(database: Database, clock: Clock) -> None:
    store = AnswerStore(database)
    cache = AnswerCache(store, clock=clock)
    try:
        for number in range(10):
            clock.now += 1
            cache.keep(SCOPE, body(str(number)), completion("x" * 1000), EXACT)
        cache.flush()
        one = 512 + 2000
        store.tidy(clock.now, 4 * one)
        assert 0 < store.count() <= 4
        fresh = AnswerCache(store, clock=clock)
        assert [find(fresh, body(str(number))) is not None for number in (0, 9)] == [False, True]
        fresh.close()
        store.tidy(clock.now + 1000, 10**9)
        assert store.count() == 0
    finally:
        cache.close()


def test_a_database_that_is_away_is_a_miss_and_no_error(tmp_path: Path) -> None:
    opened = Database(tmp_path / "answers.db", ANSWERS)
    cache = AnswerCache(AnswerStore(opened))
    opened.close()
    for path in tmp_path.iterdir():
        path.unlink()
    (tmp_path / "answers.db").write_bytes(b"no database at all" * 100)
    assert find(cache, body()) is None
    cache.keep(SCOPE, body(), completion(), EXACT)
    cache.flush()
    assert cache.lost == 1
    assert find(cache, body()) is not None, "what this process remembers needs no database"
    cache.close()
    opened.close()


def test_memory_forgets_what_was_used_the_longest_ago() -> None:
    def entry(key: str) -> Entry:
        return Entry(key, "", "t", "r", "", "", "", None, "x" * 488, kept_at=0, expires_at=10, similar_until=0)

    memory = Memory(3000)
    for key in "abc":
        memory.put(entry(key))
    assert memory.get("a", 5) is not None
    memory.put(entry("d"))
    memory.put(entry("d"))
    assert [memory.get(key, 5) is None for key in "abcd"] == [False, True, False, False]
    assert memory.size <= 3000
    assert memory.get("a", 10) is None
    memory.clear()
    assert (memory.size, memory.get("d", 5), memory.purges) == (0, None, 1)


def test_a_kept_answer_can_be_streamed() -> None:
    calls = [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    answer = completion("Hi", "tool_calls", tool_calls=calls, refusal=None)
    two = {**answer.body["choices"][0], "index": 1, "finish_reason": "stop", "logprobs": {"content": []}}
    streamed = list(pieces(Completion({"choices": [*answer.body["choices"], two]}, answer.end)))
    assert "".join(piece.text for piece in streamed) == "Hi"
    first, ended, *_ = [piece.chunks[0]["choices"][0] for piece in streamed]
    assert first["delta"]["tool_calls"] == [{"index": 0, **calls[0]}]
    assert "refusal" not in first["delta"]
    assert (first["finish_reason"], ended["finish_reason"], ended["delta"]) == (None, "tool_calls", {})
    assert [piece.chunks[0]["choices"][0]["index"] for piece in streamed] == [0, 0, 1, 1]
