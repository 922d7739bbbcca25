"""The context stage: a route is asked where each chunk stands; each answer is remembered by what was asked."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from plimsoll.documents import Document
from plimsoll.kernel.errors import BudgetError, PlimsollError, UnavailableError
from plimsoll.models import ChatModel, ChatRequest, Completion, Usage
from plimsoll.pipelines import CachedStage
from plimsoll.retrieval import Chunk
from plimsoll.retrieval.chunkers import ModelContextualizer

OpenModel = Callable[[], AbstractAsyncContextManager[ChatModel]]

_WINDOW: Final = 256
"""Chunks whose questions are held at the same time; each may be of 12,000 characters and more."""
_AT_ONCE: Final = 4
_WAITS_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
_TRIES_UNASKED: Final = 2
"""How often a server is asked again that does not say when."""
_LONGEST_WAIT_S: Final = 60.0


class ContextUnwrittenError(UnavailableError):
    """A route did not say where a chunk stands."""

    code = "context_unwritten"

    def __init__(self, route: str, path: str, chunk: Chunk, reason: str) -> None:
        super().__init__(
            f"the route {route} wrote no context for chunk {chunk.ordinal} of {path}, on page {chunk.page}: {reason}",
            hint="set right what is named, and run the same command again: every context that was written is kept",
        )
        self.path = path


@dataclass(frozen=True, slots=True)
class Cut:
    """A document that was cut, and its path."""

    path: str
    document: Document
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question about one chunk."""

    path: str
    chunk: Chunk
    request: ChatRequest


def nobody(_done: int, _total: int) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class ContextWriter:
    """Asks a route about chunks, several at a time, and again where a server is busy.

    It has an event loop for the time of a build, which runs only while it is asked: in the thread that asks, where no
    other loop may run. The route is opened with the first question; `with` closes it.
    """

    route: str
    """Its name, for what is told."""
    writer: ModelContextualizer
    open_model: OpenModel
    stage: CachedStage
    on_done: Callable[[int, int], None] = nobody
    """Told how many of the chunks that were seen have their contexts, and how many were seen."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    usage: Usage = field(default=Usage(0, 0, 0.0), init=False)
    """Tokens and cost of all answers; the cost is None once an answer had none that is known."""
    _runner: asyncio.Runner = field(default_factory=asyncio.Runner, init=False)
    _opened: AsyncExitStack = field(default_factory=AsyncExitStack, init=False)
    _model: ChatModel | None = field(default=None, init=False)
    _seen: int = field(default=0, init=False)
    _done: int = field(default=0, init=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._model is not None:
                self._runner.run(self._opened.aclose())
        finally:
            self._runner.close()

    @property
    def fingerprint(self) -> str:
        """See Contextualizer."""
        return self.writer.fingerprint

    def contexts(self, document: Document, chunks: Sequence[Chunk]) -> Sequence[str]:
        """See Contextualizer. Raises as `written` does."""
        return self.written([Cut(document.title, document, tuple(chunks))])[0]

    def written(self, cut: Sequence[Cut]) -> list[list[str]]:
        """The contexts of the chunks of each document, in order.

        What was answered before an error is remembered, so that the next build goes on from there. Raises
        ContextUnwrittenError.
        """
        places = [(each, chunk) for each in cut for chunk in each.chunks]
        self._seen += len(places)
        said: list[str] = []
        for first in range(0, len(places), _WINDOW):
            said += self._window(places[first : first + _WINDOW])
        rest = iter(said)
        return [[next(rest) for _ in each.chunks] for each in cut]

    def _window(self, places: Sequence[tuple[Cut, Chunk]]) -> list[str]:
        keys = [self.writer.key(each.document, chunk) for each, chunk in places]
        known = self.stage.known(keys)
        missing = {
            key: _Asked(each.path, chunk, self.writer.request(each.document, chunk))
            for key, (each, chunk) in zip(keys, places, strict=True)
            if key not in known
        }
        self._advance(len(places) - len(missing))
        if missing:
            known |= self._runner.run(self._answers(missing))
        return [known[key].decode() for key in keys]

    def _advance(self, count: int) -> None:
        self._done += count
        self.on_done(self._done, self._seen)

    async def _answers(self, missing: dict[str, _Asked]) -> dict[str, bytes]:
        """The context for each key. The first error ends what has not begun; what runs is remembered first."""
        if self._model is None:
            self._model = await self._opened.enter_async_context(self.open_model())
        made: dict[str, bytes] = {}
        failed: list[PlimsollError] = []
        waiting = iter(missing.items())
        async with asyncio.TaskGroup() as group:
            for _ in range(min(_AT_ONCE, len(missing))):
                group.create_task(self._work(self._model, waiting, made, failed))
        if failed:
            raise failed[0]
        return made

    async def _work(
        self,
        model: ChatModel,
        waiting: Iterable[tuple[str, _Asked]],
        made: dict[str, bytes],
        failed: list[PlimsollError],
    ) -> None:
        for key, asked in waiting:
            if failed:
                return
            try:
                made[key] = (await self._answer(model, asked)).encode("utf-8", "replace")
            except PlimsollError as error:
                failed.append(error)
                return
            self.stage.remember({key: made[key]})
            self._advance(1)

    async def _answer(self, model: ChatModel, asked: _Asked) -> str:
        tries = 0
        while True:
            try:
                answer = await model.complete(asked.request)
            except PlimsollError as error:
                if not _may_help(error, tries):
                    raise ContextUnwrittenError(self.route, asked.path, asked.chunk, error.message) from error
                wait_s = getattr(error, "retry_after_s", None) or _WAITS_S[tries]
                await self.sleep(min(_LONGEST_WAIT_S, wait_s))
                tries += 1
            else:
                return self._context(asked, answer)

    def _context(self, asked: _Asked, answer: Completion) -> str:
        self.usage = self.usage.plus(answer.end.usage)
        if not answer.text.strip() and answer.end.finish_reason == "length":
            reason = "its model used up all the tokens that it may write before it said anything"
            raise ContextUnwrittenError(self.route, asked.path, asked.chunk, reason)
        return self.writer.context(answer.text)


def _may_help(error: PlimsollError, tries: int) -> bool:
    """Whether to ask again: as often as there are waits where the server says when, a few times where it does not."""
    if getattr(error, "retryable", True) is False or not isinstance(error, UnavailableError | BudgetError):
        return False
    return tries < (_TRIES_UNASKED if error.retry_after_s is None else len(_WAITS_S))
