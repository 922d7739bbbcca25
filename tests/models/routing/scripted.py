"""Models that do what a test scripts, in an event loop whose time passes only where something waits for it."""

import asyncio
import selectors
from collections.abc import AsyncGenerator, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from plimsoll.kernel.errors import PlimsollError
from plimsoll.models import ChatEnd, ChatRequest, Chunks, Completion, Usage, text_piece
from plimsoll.models._types import ChatEvent

T = TypeVar("T")

ROLE = Chunks(({"choices": [{"index": 0, "delta": {"role": "assistant"}, "finish_reason": None}]},))
REQUEST = ChatRequest({"messages": [{"role": "user", "content": "Hi"}]})

Step = str | float | PlimsollError
"""A text to say ("" is the role alone), seconds to wait, or an error to raise."""


class VirtualSelector(selectors.SelectSelector):
    """Never waits: it says how long it would have."""

    def __init__(self) -> None:
        super().__init__()
        self.waited_s = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everything waits, and nothing will ever happen"
            self.waited_s += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop in which an hour takes no time."""

    def __init__(self) -> None:
        self.selector = VirtualSelector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.waited_s


def now() -> float:
    """The virtual time, as a clock for what is tested."""
    return asyncio.get_running_loop().time()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


@dataclass
class FakeModel:
    """Plays one script for each call, the last one for all that follow."""

    name: str
    scripts: Sequence[Sequence[Step]]
    usage: Usage = Usage(10, 5, 0.25)  # noqa: RUF009  # it is frozen
    answered: bool | None = None
    message: dict[str, Any] = field(default_factory=dict)
    """What else stands in the message of a whole answer."""
    asked: int = 0
    open: int = 0
    """Calls that go on now."""
    closed: bool = False

    def script(self) -> Sequence[Step]:
        self.asked += 1
        return self.scripts[min(self.asked, len(self.scripts)) - 1]

    async def complete(self, request: ChatRequest) -> Completion:
        assert request is not None
        self.open += 1
        said = ""
        try:
            for step in self.script():
                said += await self.play(step)
        finally:
            self.open -= 1
        message = {"role": "assistant", "content": said, **self.message}
        return Completion({"choices": [{"index": 0, "message": message}]}, self.end())

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        assert request is not None
        self.open += 1
        try:
            for step in self.script():
                said = await self.play(step)
                if isinstance(step, str):
                    yield text_piece(said) if said else ROLE
            yield self.end()
        finally:
            self.open -= 1

    async def close(self) -> None:
        self.closed = True

    async def play(self, step: Step) -> str:
        if isinstance(step, PlimsollError):
            raise step
        if isinstance(step, str):
            return step
        await asyncio.sleep(step)
        return ""

    def end(self) -> ChatEnd:
        return ChatEnd(self.usage, model=self.name, answered=self.answered)


async def read(events: AsyncGenerator[ChatEvent]) -> tuple[str, ChatEnd]:
    """The text of a stream, and its end."""
    texts: list[str] = []
    async for event in events:
        if isinstance(event, ChatEnd):
            return "".join(texts), event
        texts.append(event.text)
    pytest.fail("the stream had no end")
