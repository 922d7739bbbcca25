"""Asking a chat model, such as a route of the release: the asker of judges that are no fakes."""

import asyncio
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

from plimsoll.kernel.errors import UnavailableError
from plimsoll.models import ChatModel, ChatRequest, Usage
from plimsoll.models.routing import CallCosts

from ._types import Asked, Reply

_NOTHING: Final = Usage(0, 0, 0.0)


class JudgeTimeoutError(UnavailableError):
    """A judge took too long."""

    code = "judge_timeout"

    def __init__(self, model: str, timeout_s: float) -> None:
        super().__init__(
            f"the judge {model} did not answer within {timeout_s:g} s",
            hint="ask fewer rows at a time, or a faster model",
        )


@dataclass(frozen=True, slots=True)
class ChatAsker:
    """Asks a chat model. Whoever opened the model closes it."""

    model: ChatModel
    timeout_s: float = 120.0

    async def ask(self, asked: Asked) -> Reply:
        """One answer, and what all tries for it cost. Raises JudgeTimeoutError and what the model raises."""
        costs = CallCosts()
        body: dict[str, Any] = {
            **asked.parameters,
            "response_format": {"type": "json_schema", "json_schema": asked.form},
            "messages": [{"role": message.role, "content": message.text} for message in asked.messages],
        }
        try:
            async with asyncio.timeout(self.timeout_s):
                completion = await self.model.complete(ChatRequest(body, costs=costs))
        except TimeoutError:
            raise JudgeTimeoutError(self.model.name, self.timeout_s) from None
        finally:
            costs.end()
        used = reduce(Usage.plus, costs.paid, _NOTHING) if costs.paid else completion.end.usage
        return Reply(completion.text, None if costs.unknown else used.cost_usd)
