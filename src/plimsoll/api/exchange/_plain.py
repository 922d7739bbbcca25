"""Calls that are answered at once: vectors, predictions, moderations, feedback."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

from anyio import to_thread
from starlette.types import Receive, Scope, Send

from plimsoll.flows.serve import AnswerRequest, AnswerStarted, Predictions, Surface, Vectors
from plimsoll.kernel.ids import new_trace_id
from plimsoll.tracing.feedback import Feedback

from .._dialect import Asked
from .._metrics import Measurement
from ..admission import Sent, acting_of
from ..anthropic import count_tokens, read_count
from ..openai import read_embeddings, read_moderations, write_embeddings, write_moderations
from ..own import read_feedback, read_mark, read_predictions, write_feedback, write_marks, write_predictions
from ._caller import normal
from ._connection import WhileConnected
from ._facts import Header, started_headers
from ._room import Arrived, Measured, Room, check_may_use, request_for

Moderate = Callable[[Sequence[str]], Sequence[Mapping[str, float]]]
"""Scores by category, for each text."""
T = TypeVar("T")

_JSON: Final = (b"content-type", b"application/json")


class Embeddings(Measured):
    """`POST /v1/embeddings`."""

    async def respond(self, scope: Scope, receive: Receive, send: Send, measured: Measurement) -> int:
        """See Measured."""
        asked, request = await _asked(read_embeddings, scope, receive, self.room, ("embeddings", measured))
        with self.room.admitted(request):
            async with WhileConnected(receive):
                found = await self.room.service.embed(request)
        return await _finish(send, write_embeddings(asked, found), found, measured)


class Predict(Measured):
    """`POST /v1/predict/{endpoint}`."""

    async def respond(self, scope: Scope, receive: Receive, send: Send, measured: Measurement) -> int:
        """See Measured."""
        read = partial(read_predictions, scope["path_params"]["endpoint"])
        asked, request = await _asked(read, scope, receive, self.room, ("predict", measured))
        with self.room.admitted(request):
            async with WhileConnected(receive):
                found = await self.room.service.predict(request)
        return await _finish(send, write_predictions(asked, found), found, measured)


class WorkedOut(Measured):
    """A call that no release and no provider answers: it counts as a request, and is worked out on a thread."""

    async def work_out(self, arrived: Arrived, model: str, measured: Measurement, work: Callable[[], T]) -> T:
        """What `work` gives, in its turn. Raises OverloadedError, and what the limits raise."""
        room, asked = self.room, Asked(model, {"messages": ()}, stream=False)
        request = request_for(asked, arrived, room, surface="chat", measured=measured)
        with room.admitted(request):
            await room.service.count(request)
            return await to_thread.run_sync(work, limiter=room.threads)


class Moderations(WorkedOut):
    """`POST /v1/moderations`."""

    def __init__(
        self, room: Room, moderate: Callable[[Sequence[str]], Sequence[Mapping[str, float]]], model: str
    ) -> None:
        super().__init__(room)
        self._moderate = moderate
        self._model = model

    async def respond(self, scope: Scope, receive: Receive, send: Send, measured: Measurement) -> int:
        """See Measured."""
        # Whatever model the body names: this one looks at the texts.
        check_may_use(acting_of(scope), self._model)
        body = await self.room.read(scope, receive)
        texts = read_moderations(body)
        arrived = (scope, Sent.of(scope), len(body))
        found = await self.work_out(arrived, self._model, measured, partial(self._moderate, texts))
        return await _send(send, write_moderations(found, model=self._model, trace_id=new_trace_id()), ())


class CountTokens(WorkedOut):
    """`POST /v1/messages/count_tokens`."""

    def __init__(self, room: Room, count: Callable[[str], int]) -> None:
        super().__init__(room)
        self._count = count

    async def respond(self, scope: Scope, receive: Receive, send: Send, measured: Measurement) -> int:
        """See Measured."""
        body = await self.room.read(scope, receive)
        asked = read_count(body)
        app = f"{self.room.service.app}/"
        # Nothing is called: what counts is the name, in either of the forms that an endpoint's may have.
        check_may_use(acting_of(scope), asked.model, asked.model.removeprefix(app), app + asked.model)
        arrived = (scope, Sent.of(scope), len(body))
        counted = await self.work_out(arrived, asked.model, measured, partial(count_tokens, asked, self._count))
        return await _send(send, counted, ())


class FeedbackCalls(Measured):
    """`POST /v1/feedback`."""

    async def respond(self, scope: Scope, receive: Receive, send: Send, measured: Measurement) -> int:
        """See Measured."""
        given = read_feedback(await self.room.read(scope, receive))
        acting = acting_of(scope)
        user = normal(given.user)
        said = Feedback(given.trace, given.score, given.label, given.comment, by=acting.actor, user=user)
        await to_thread.run_sync(self.room.service.feedback, said, acting.team)
        del measured
        return await _send(send, write_feedback(given), ())


class MarkCalls(Measured):
    """`POST /api/guardrails/marks`."""

    async def respond(self, scope: Scope, receive: Receive, send: Send, measured: Measurement) -> int:
        """See Measured. Raises ActorMissingError for whom nobody knows: a mark is somebody's."""
        body = await self.room.read(scope, receive)
        wish = read_mark(body, acting_of(scope).by)
        found = await to_thread.run_sync(self.room.service.guardrails.mark, wish)
        del measured
        return await _send(send, write_marks(found), ())


async def _asked(
    read: Callable[[bytes], Asked], scope: Scope, receive: Receive, room: Room, counted: tuple[Surface, Measurement]
) -> tuple[Asked, AnswerRequest]:
    body, sent = await room.read(scope, receive), Sent.of(scope)
    asked = read(body)
    surface, measured = counted
    return asked, request_for(asked, (scope, sent, len(body)), room, surface=surface, measured=measured)


async def _finish(send: Send, body: bytes, found: Vectors | Predictions, measured: Measurement) -> int:
    started: AnswerStarted = found.started
    processing = (b"openai-processing-ms", b"%.0f" % measured.elapsed_ms)
    return await _send(send, body, (*started_headers(started), processing))


async def _send(send: Send, body: bytes, headers: Sequence[Header]) -> int:
    whole = [_JSON, (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": 200, "headers": whole})
    await send({"type": "http.response.body", "body": body})
    return 200
