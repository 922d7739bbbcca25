"""Checks that ask somebody else are waited for in threads of their own, and no longer than somebody waits."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.flows.test_serve_guard_matrix import WAYS

from plimsoll.checks import NO_CONTEXT, Context, Found
from plimsoll.flows.serve.guarding import Guard, Passing
from plimsoll.flows.serve.large import LARGE_BYTES, Asker, beside
from plimsoll.guardrails import Policy

WAIT_S = 60


@dataclass
class Asks:
    """A check that waits until it is let go, and finds nothing then."""

    name: str = "asks"
    version: str = "1"
    kinds: tuple[str, ...] = ("odd",)
    waits: bool = True
    by_sentence: bool = True
    began: threading.Event = field(default_factory=threading.Event)
    let: threading.Event = field(default_factory=threading.Event)

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:  # noqa: ARG002  # it only waits
        self.began.set()
        self.let.wait(WAIT_S)
        return ()


@pytest.fixture
def check() -> Iterator[Asks]:
    made = Asks()
    yield made
    made.let.set()


def passing_with(check: Asks, stage: str, timeout_s: float = WAIT_S) -> Passing:
    rule: Any = {"check": "asks", "on": [stage], "action": "block", "timeout_s": timeout_s}
    return Passing(Guard(Policy.from_json("p", {"checks": [rule]}, {"asks": check})))


@pytest.mark.parametrize("way", WAYS)
def test_the_loop_goes_on_while_a_check_asks_somebody_else(check: Asks, way: str) -> None:
    stage, walk = WAYS[way]

    async def story() -> Any:
        task = asyncio.ensure_future(walk(passing_with(check, stage)))
        assert await asyncio.to_thread(check.began.wait, WAIT_S)
        assert not task.done()
        check.let.set()
        return await task

    assert asyncio.run(story())


@pytest.mark.parametrize("way", WAYS)
def test_who_leaves_waits_no_more(check: Asks, way: str) -> None:
    """Nothing runs for them any more either, but the check itself, which nobody else can end."""
    stage, walk = WAYS[way]

    async def story() -> None:
        task = asyncio.ensure_future(walk(passing_with(check, stage)))
        assert await asyncio.to_thread(check.began.wait, WAIT_S)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not check.let.is_set()
        running = [one.name for one in threading.enumerate() if one.name.startswith("check-asks")]
        assert running, "the check is left to itself"

    asyncio.run(story())


def test_what_waits_keeps_no_large_text_waiting(check: Asks) -> None:
    async def story() -> None:
        _, walk = WAYS["a message"]
        waiting = [asyncio.ensure_future(walk(passing_with(check, "input"))) for _ in range(12)]
        assert await asyncio.to_thread(check.began.wait, WAIT_S)
        assert await beside(len, "x", size_bytes=LARGE_BYTES, asker=Asker()) == 1
        assert not any(task.done() for task in waiting)
        check.let.set()
        assert len(await asyncio.gather(*waiting)) == 12

    asyncio.run(story())


def test_nothing_is_asked_for_who_has_left_already(check: Asks) -> None:
    passing = passing_with(check, "input")

    async def story() -> None:
        _, walk = WAYS["a message"]
        task = asyncio.ensure_future(walk(passing))
        assert await asyncio.to_thread(check.began.wait, WAIT_S)
        check.began.clear()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not check.began.is_set()

    asyncio.run(story())


def test_a_policy_that_waits_for_nobody_needs_no_thread() -> None:
    here: list[int] = []

    @dataclass
    class Where(Asks):
        waits: bool = False

        def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:  # noqa: ARG002  # only where
            here.append(threading.get_ident())
            return ()

    rule: Any = {"check": "asks", "on": ["input"], "action": "block"}
    passing = Passing(Guard(Policy.from_json("p", {"checks": [rule]}, {"asks": Where()})))
    asyncio.run(passing.messages({"messages": [{"role": "user", "content": "Hi"}]}, 0))
    assert set(here) == {threading.get_ident()}
