"""Requests that are answered at once, and not by a conversation: for vectors, and to a classical model."""

import asyncio
from dataclasses import replace
from typing import Any

from msgspec import Struct

from plimsoll.access.limits import Need, Spent
from plimsoll.models import Embeddings, Usage
from plimsoll.models.predictors import Predicted, Predictor
from plimsoll.tracing import attributes

from ._errors import NotForThisError
from ._events import AnswerRequest, AnswerStarted
from ._need import guessed, in_all, limit_state, most_of_inputs, payer_of, times, worst_case
from ._record import RequestRecord
from ._runtime import Target
from ._settlement import Settlement
from .guarding import Passing, guard_of
from .paid import payer_for
from .parts import ServeParts

FREE = Usage(0, 0, cost_usd=0.0)
_SHOWN = 20
"""Rows of which the trace names what was predicted."""


class Vectors(Struct, frozen=True):
    """Vectors, and what made them."""

    started: AnswerStarted
    embeddings: Embeddings
    latency_ms: float


class VectorSettlement(Settlement):
    """The money of a call for vectors."""

    __slots__ = ("_inputs", "_most")

    async def reserve_inputs(self, inputs: Any, *, size_bytes: int) -> None:
        """Reserve the worst case where a limit applies; `size_bytes` as of a chat."""
        self._inputs = inputs
        self._most = most_of_inputs(inputs, size_bytes=size_bytes)
        if self.applies():
            await self.reserve(worst_case(self._most, self.route))

    def close_inputs(self, record: RequestRecord) -> None:
        """Settle, whatever happened. Never raises."""
        self.close(record, self._guess)

    def _guess(self, unknown: int) -> Usage:
        """What was read is all that vectors cost."""
        each = guessed({"input": self._inputs}, self._most, 0, self.route, self.parts.count_tokens)
        return times(each, unknown)


class VectorExchange:
    """The steps of one request for vectors: `run`, and always `end`."""

    def __init__(self, request: AnswerRequest, target: Target, record: RequestRecord, parts: ServeParts) -> None:
        self._request = request
        self._target = target
        self._record = record
        self._parts = parts
        self._payer = payer_for(target.judges, parts, record)
        self._passing = Passing(guard_of(target, request), self._payer)
        self._money = VectorSettlement(request, target.route, parts)

    async def run(self) -> Vectors:
        """The vectors of `input` in the request's body. Raises what the guardrail, the budget and the model raise."""
        model, record = self._target.route.embedding, self._record
        if model is None:
            raise NotForThisError(self._target.name, makes_vectors=False)
        record.model = model.name
        body = self._request.body
        if self._passing.exists:
            # What is stopped leaves nothing of itself in the trace.
            record.given = {}
            body = record.given = await self._passing.inputs(body, self._request.size_bytes)
        inputs = body["input"]
        # What a guardrail put in the place of something may be longer.
        size_bytes = self._request.size_bytes if inputs is body["input"] else 0
        await self._money.reserve_inputs(inputs, size_bytes=size_bytes)
        record.is_let_in = True
        parameters = {name: value for name, value in body.items() if name not in ("input", "messages")}
        with record.span(f"embeddings {record.model}", "client") as step:
            step.attributes = attributes.model_call(record.model, operation=attributes.EMBEDDINGS)
            found = await model.embed_texts(inputs, parameters, self._money.costs)
            record.usage, record.complete, record.target = found.usage, True, record.model
            step.attributes |= {
                "gen_ai.usage.input_tokens": found.usage.input_tokens,
                "gen_ai.embeddings.dimension.count": len(found.vectors[0]) if found.vectors else 0,
            }
        started = AnswerStarted(
            record.trace_id,
            record.release,
            record.release_name,
            record.model,
            (),
            name=self._target.name,
            requests=self._money.limit("requests"),
            tokens=self._money.limit("tokens"),
        )
        return Vectors(started, replace(found, usage=in_all(found.usage, record.beside)), record.elapsed_ms)

    async def leave(self) -> None:
        """Give up what checks still ask: its cost belongs to the request."""
        if self._payer is not None:
            await self._payer.close()

    def end(self, _raised: BaseException | None) -> None:
        """Settle the budget, whatever happened: who leaves while the model works pays for its work."""
        self._record.guardrails = self._passing.notes
        self._money.close_inputs(self._record)


class Predictions(Struct, frozen=True):
    """Predictions, and what made them."""

    started: AnswerStarted
    predictions: tuple[Predicted, ...]
    latency_ms: float


async def predict(
    request: AnswerRequest, predictor: Predictor, record: RequestRecord, parts: ServeParts
) -> Predictions:
    """The predictions for `inputs` in the request's body. Raises what the limits and the model raise."""
    payer = payer_of(request)
    reservation = None
    if parts.meter is not None and parts.meter.applies(payer):
        reservation = await parts.meter.reserve(payer, Need(tokens=0, cost_pico=0))
    try:
        with record.span(f"predict {record.model}") as step:
            found = await asyncio.to_thread(predictor.predict, request.body["inputs"])
            step.attributes["plimsoll.predictions"] = len(found)
    finally:
        if reservation is not None:
            reservation.settle(Spent(tokens=0, cost_pico=0))
    record.usage, record.complete, record.target = FREE, True, record.model
    record.text = [", ".join(one.said() for one in found[:_SHOWN])]
    started = AnswerStarted(
        record.trace_id,
        record.release,
        record.release_name,
        record.model,
        (),
        name=f"{request.app}/{record.name}",
        requests=limit_state(reservation, "requests"),
        tokens=limit_state(reservation, "tokens"),
    )
    return Predictions(started, tuple(found), record.elapsed_ms)
