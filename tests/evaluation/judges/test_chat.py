import asyncio
import json
from collections.abc import AsyncGenerator

import pytest

from plimsoll.evaluation.judges import Asked, Message
from plimsoll.evaluation.judges.chat import ChatAsker, JudgeTimeoutError
from plimsoll.models import ChatEnd, ChatRequest, Chunks, Completion, Usage


class Model:
    """Answers at once, or never; a try is paid when its server answered."""

    name = "some/model"

    def __init__(self, *, answers: bool = True, paid: float | None = 0.5, lost: int = 0) -> None:
        self._answers, self._paid, self._lost = answers, paid, lost
        self.asked: list[ChatRequest] = []

    async def complete(self, request: ChatRequest) -> Completion:
        self.asked.append(request)
        if not self._answers:
            await asyncio.Event().wait()
        assert request.costs is not None
        for _ in range(self._lost + 1):
            request.costs.begin()
        request.costs.pay(Usage(10, 5, self._paid))
        return Completion({"choices": [{"message": {"content": "{}"}}]}, ChatEnd(Usage(10, 5, self._paid)))

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Chunks | ChatEnd]:
        self.asked.append(request)
        yield ChatEnd(Usage(0, 0))

    async def close(self) -> None:
        self.asked.clear()


ASKED = Asked([Message("system", "judge"), Message("user", "this")], {"name": "verdict"}, {"temperature": 0})


def test_a_route_is_asked_for_structured_output_and_says_what_it_cost() -> None:
    model = Model()
    reply = asyncio.run(ChatAsker(model).ask(ASKED))
    assert reply == ("{}", 0.5)
    body = model.asked[0].body
    assert body["temperature"] == 0
    assert body["response_format"] == {"type": "json_schema", "json_schema": {"name": "verdict"}}
    assert json.loads(json.dumps(body["messages"]))[1] == {"role": "user", "content": "this"}


@pytest.mark.parametrize("model", [Model(paid=None), Model(lost=1)])
def test_an_unknown_price_and_a_try_that_broke_off_make_the_cost_unknown(model: Model) -> None:
    assert asyncio.run(ChatAsker(model).ask(ASKED)).cost_usd is None


def test_a_judge_that_does_not_answer_is_given_up() -> None:
    with pytest.raises(JudgeTimeoutError, match="some/model"):
        asyncio.run(ChatAsker(Model(answers=False), timeout_s=0.01).ask(ASKED))
