"""What checks ask models is asked in the loop of the request, and paid for, however the request ends."""

import asyncio
import gc
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from tests.flows.scripted import Script, route_to, says
from tests.flows.test_settlement import FakeMeter, parts_of, record

from plimsoll.checks.outside import CheckTimeoutError, OutsideClosedError, Question
from plimsoll.checks.outside.requests import RouteFailedError
from plimsoll.flows.serve.paid import CheckPayer, payer_for
from plimsoll.kernel.errors import UnavailableError
from plimsoll.models import ChatEnd, ChatRequest, Chunks, text_piece

ASKED = Question("judge.tone", "small", {"messages": [{"role": "user", "content": "Is it polite?"}]}, timeout_s=30)


class Hangs:
    """Says a word, and never ends."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.left = False

    async def script(self, _: ChatRequest) -> AsyncGenerator[Chunks | ChatEnd]:
        yield text_piece("Well, ")
        self.began.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.left = True


async def dies(_: ChatRequest) -> AsyncGenerator[Chunks | ChatEnd]:
    yield text_piece("Well, ")
    raise UnavailableError("Is it polite? I do not know")


def payer(script: Script, meter: FakeMeter | None = None) -> tuple[CheckPayer, Any]:
    whole = record()
    made = payer_for({"small": route_to(script)}, parts_of(meter), whole)
    assert made is not None
    return made, whole


def test_who_asks_no_route_needs_nobody_to_pay() -> None:
    assert payer_for({}, parts_of(None), record()) is None


def test_each_question_is_added_to_the_request_and_counts_as_none() -> None:
    meter = FakeMeter()

    async def story() -> Any:
        asking, whole = payer(says("no"), meter)
        for _ in range(3):
            assert await asyncio.to_thread(asking.complete, ASKED) == "no"
        return whole

    whole = asyncio.run(story())
    assert whole.beside.input_tokens == 30
    assert whole.beside.cost_usd == pytest.approx(1.5)
    assert whole.beside_budget["settled"]["tokens"] == 36
    assert [one.attributes["plimsoll.purpose"] for one in whole.spans] == ["judge.tone"] * 3
    # Before each the meter is asked whether the request itself has room, and gets that back.
    assert [made.need.requests for made in meter.made] == [1, 0] * 3
    assert [made.ends == [None] for made in meter.made] == [True, False] * 3


def test_a_request_that_was_let_in_is_not_counted_again() -> None:
    meter = FakeMeter()

    async def story() -> None:
        asking, whole = payer(says("no"), meter)
        whole.is_let_in = True
        await asyncio.to_thread(asking.complete, ASKED)

    asyncio.run(story())
    assert [made.need.requests for made in meter.made] == [0]


def test_what_is_still_asked_when_the_request_ends_is_given_up_and_paid_for() -> None:
    meter = FakeMeter()

    async def story() -> Any:
        model = Hangs()
        asking, whole = payer(model.script, meter)
        question = asyncio.ensure_future(asyncio.to_thread(asking.complete, ASKED))
        await model.began.wait()
        await asking.close()
        assert model.left
        assert all(len(made.ends) == 1 for made in meter.made), "it is settled when the request is closed"
        with pytest.raises(OutsideClosedError):
            await question
        with pytest.raises(OutsideClosedError):
            await asyncio.to_thread(asking.complete, ASKED)
        return whole

    asyncio.run(story())
    assert len(meter.made) == 2, "nothing was asked after the end"


def test_a_question_has_its_time_and_no_more() -> None:
    async def story() -> None:
        model = Hangs()
        asking, _ = payer(model.script)
        with pytest.raises(CheckTimeoutError, match=r"judge\.tone had no answer within 0\.01 seconds"):
            await asyncio.to_thread(asking.complete, Question(ASKED.check, ASKED.route, ASKED.body, timeout_s=0.01))
        assert model.left

    asyncio.run(story())


def test_a_model_that_fails_is_told_without_its_words() -> None:
    async def story() -> None:
        asking, whole = payer(dies)
        with pytest.raises(RouteFailedError, match=r"the route small, which judge\.tone asked, gave no answer") as told:
            await asyncio.to_thread(asking.complete, ASKED)
        assert "polite" not in f"{told.value} {whole.spans}"
        assert whole.spans[0].error == "UnavailableError"

    asyncio.run(story())


def test_a_route_that_nobody_named_is_not_asked() -> None:
    async def story() -> None:
        asking, _ = payer(says("no"))
        with pytest.raises(OutsideClosedError):
            await asyncio.to_thread(asking.complete, Question("judge.tone", "other", ASKED.body))

    asyncio.run(story())


def test_a_loop_that_has_ended_asks_nothing() -> None:
    async def story() -> CheckPayer:
        return payer(says("no"))[0]

    asking = asyncio.run(story())
    with pytest.raises(OutsideClosedError):
        asking.complete(ASKED)
    gc.collect()


def test_many_threads_ask_at_once() -> None:
    async def story() -> Any:
        asking, whole = payer(says("no"), FakeMeter(1000))
        told = await asyncio.gather(*(asyncio.to_thread(asking.complete, ASKED) for _ in range(32)))
        assert told == ["no"] * 32
        return whole

    assert asyncio.run(story()).beside.input_tokens == 320
