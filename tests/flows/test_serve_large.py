"""Large texts are looked at beside the event loop, with the same verdict as in one go."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.checks import NO_CONTEXT
from plimsoll.flows.serve._errors import GuardrailBlockedError
from plimsoll.flows.serve.guarding import Guard
from plimsoll.flows.serve.large import LARGE_BYTES, Asker, AskerLeftError, beside, review, said_bytes
from plimsoll.guardrails import Policy, Stage
from plimsoll.models import Body

CHECKS: list[dict[str, Any]] = [
    {"check": "pii", "kinds": ["email", "iban"], "on": ["input", "output"], "action": "redact", "numbered": True},
    {"check": "blocklist", "name": "rival", "words": ["zeus ltd"], "on": ["input"], "action": "block"},
    {"check": "blocklist", "name": "noted", "words": ["delivery"], "on": ["input"], "action": "flag"},
]
POLICY = Policy.from_json("standard", {"checks": CHECKS})
WORDS = (
    "The lease ends in May. ",
    "bob@example.org ",
    "Mieter übergibt ",
    "delivery ",
    "DE89 3704 0044 0532 0130 00 ",
    "\u200b",
)
PIECE = 16_384


def asked(text: str) -> Body:
    return {"messages": [{"role": "user", "content": text}]}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=8),
    st.integers(PIECE - 30, PIECE + 30),
    st.sampled_from(["", "Zeus Ltd"]),
    st.sampled_from(["input", "output", "retrieved"]),
)
def test_a_large_text_gets_the_verdict_that_it_gets_in_one_go(
    words: list[str], at: int, stop: str, stage: Stage
) -> None:
    text = ("".join(words) * (at // 2))[:at] + "".join(words) + stop + "".join(words) * 3
    whole = POLICY.review(text, stage)
    assert review(POLICY, text, stage, asker=Asker(), context=NO_CONTEXT) == whole


def test_a_large_text_is_blocked_by_a_policy_that_is_no_policy() -> None:
    closed = Policy.load("broken", {"checks": [{"check": "nothing"}]})
    found = review(closed, "x" * (2 * PIECE), "input", asker=Asker(), context=NO_CONTEXT)
    assert found == closed.review("x", "input")


def test_only_large_work_leaves_the_thread() -> None:
    async def story() -> None:
        def where(_: int) -> int:
            return threading.get_ident()

        here = threading.get_ident()
        assert await beside(where, 0, size_bytes=LARGE_BYTES - 1, asker=Asker()) == here
        assert await beside(where, 0, size_bytes=LARGE_BYTES, asker=Asker()) != here

    asyncio.run(story())


def test_the_loop_goes_on_while_a_large_text_is_looked_at() -> None:
    async def story() -> None:
        went_on, ended = threading.Event(), asyncio.Event()

        def work(body: Body) -> Body:
            assert went_on.wait(30), "the loop stood still"
            return body

        async def other() -> None:
            went_on.set()
            ended.set()

        task = asyncio.create_task(other())
        assert await beside(work, asked("x"), size_bytes=LARGE_BYTES, asker=Asker()) == asked("x")
        await task
        assert ended.is_set()

    asyncio.run(story())


def test_what_the_work_raises_is_raised() -> None:
    async def story() -> None:
        guard = Guard(POLICY)
        with pytest.raises(GuardrailBlockedError):
            await beside(guard.messages, asked("Zeus Ltd " * 9000), size_bytes=LARGE_BYTES, asker=guard.asker)
        assert [note.kind for note in guard.notes] == ["rival"]

    asyncio.run(story())


@pytest.fixture
def slow() -> Iterator[tuple[threading.Event, threading.Event]]:
    """Told when the work has begun; and what lets it go on."""
    began, go_on = threading.Event(), threading.Event()
    yield began, go_on
    go_on.set()


def test_work_ends_when_its_caller_leaves(slow: tuple[threading.Event, threading.Event]) -> None:
    async def story() -> None:
        began, go_on = slow
        asker = Asker()
        ended: list[str] = []

        def work(text: str) -> str:
            began.set()
            go_on.wait(30)
            try:
                review(POLICY, text, "input", asker=asker, context=NO_CONTEXT)
            except AskerLeftError:
                ended.append("left")
                raise
            return "not left"

        task = asyncio.create_task(beside(work, "x" * LARGE_BYTES, size_bytes=LARGE_BYTES, asker=asker))
        assert await asyncio.to_thread(began.wait, 30)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done(), "what it works on is not given up while a thread still works on it"
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended == ["left"]

    asyncio.run(story())


def test_work_that_has_not_begun_never_begins_for_a_caller_who_left(
    slow: tuple[threading.Event, threading.Event],
) -> None:
    async def story() -> None:
        began, go_on = slow
        most: list[int] = []
        running: list[int] = []
        lock = threading.Lock()

        def work(number: int) -> int:
            with lock:
                running.append(number)
                most.append(len(running))
            began.set()
            go_on.wait(30)
            with lock:
                running.remove(number)
            return number

        tasks = [
            asyncio.create_task(beside(work, number, size_bytes=LARGE_BYTES, asker=Asker())) for number in range(9)
        ]
        assert await asyncio.to_thread(began.wait, 30)
        tasks[-1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[-1]
        go_on.set()
        assert await asyncio.gather(*tasks[:-1]) == list(range(8))
        assert max(most) <= 2, "few are looked at at once"

    asyncio.run(story())


def test_the_size_of_an_answer_is_that_of_its_texts_and_calls() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    message = {"role": "assistant", "content": "Hello", "tool_calls": [call], "reasoning_content": None}
    assert said_bytes({"choices": [{"index": 0, "message": message}]}) == 13
