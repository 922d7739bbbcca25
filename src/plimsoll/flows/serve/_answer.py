"""One request, from the question to the answer. The evaluation calls the same function as the server."""

import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Final

from msgspec.structs import replace

from plimsoll.access.limits import Need, Spent
from plimsoll.access.models import ModelForbiddenError
from plimsoll.kernel.digest import Digest
from plimsoll.kernel.errors import BudgetError
from plimsoll.kernel.ids import new_trace_id
from plimsoll.models.predictors import Predictor
from plimsoll.tracing import Capture, Recorder

from ._errors import EndpointMissingError
from ._events import Answer, AnswerEvent, AnswerRequest
from ._exchange import Exchange, outcome
from ._live import LivePointers
from ._need import payer_of
from ._plain import Predictions, VectorExchange, Vectors, predict
from ._prompted import question_in
from ._record import RequestRecord
from ._runtime import Runtime, RuntimePool, Target
from .parts import ServeParts

_FACTS_ALONE: Final = Capture("off")


class Answering:
    """Answers requests from releases, and records a trace of each."""

    def __init__(self, parts: ServeParts) -> None:
        self._parts = parts
        self._pool = RuntimePool(parts)
        self._live = LivePointers(parts.environments)

    async def stream(self, request: AnswerRequest) -> AsyncGenerator[AnswerEvent]:
        """Answer piece by piece: AnswerStarted, Chunks…, AnswerDone.

        Every request that reaches a release is recorded, whether it ends well, fails, or is given up by the caller.
        Raises the families of the kernel.
        """
        visit = await self._visit(request)
        try:
            exchange = visit.exchange = Exchange(request, visit.target(), visit.record, self._parts)
            yield await exchange.begin()
            async with aclosing(exchange.pieces()) as events:
                async for event in events:
                    yield event
        finally:
            await visit.end(sys.exception())

    async def answer(self, request: AnswerRequest) -> Answer:
        """The whole answer at once. Raises what `stream` raises."""
        visit = await self._visit(request)
        try:
            exchange = visit.exchange = Exchange(request, visit.target(), visit.record, self._parts)
            started = await exchange.begin()
            body, done = await exchange.whole()
        finally:
            await visit.end(sys.exception())
        return Answer(started, body, done)

    async def embed(self, request: AnswerRequest) -> Vectors:
        """Vectors for `input` in the request's body, which has no messages. Raises what `stream` raises."""
        visit = await self._visit(request)
        try:
            exchange = visit.exchange = VectorExchange(request, visit.target(), visit.record, self._parts)
            return await exchange.run()
        finally:
            await visit.end(sys.exception())

    async def predict(self, request: AnswerRequest) -> Predictions:
        """What a classical model says of `inputs` in the request's body. Raises what `stream` raises."""
        visit = await self._visit(request)
        try:
            return await predict(request, visit.predictor(), visit.record, self._parts)
        finally:
            await visit.end(sys.exception())

    async def count(self, request: AnswerRequest) -> None:
        """Count a call that no release answers against the limits on requests. Raises BudgetError."""
        meter, payer = self._parts.meter, payer_of(request)
        if meter is not None and meter.applies(payer):
            reservation = await meter.reserve(payer, Need(tokens=0, cost_pico=0))
            reservation.settle(Spent(tokens=0, cost_pico=0))

    async def runtime(self, app: str, environment: str, key: str = "") -> Runtime:
        """The release that answers `key` in an environment, loaded. Raises what choosing and loading raise."""
        return await self._pool.get(await self._live.choose(app, environment, key))

    async def start(self) -> None:
        """Begin to hold callers to their budgets; without it nobody is. For the loop that will answer."""
        if self._parts.meter is not None:
            await self._parts.meter.start()

    async def close(self) -> None:
        """Give back what loaded releases hold."""
        await self._pool.close()
        if self._parts.meter is not None:
            await self._parts.meter.close()
        await self._parts.close()

    async def _visit(self, request: AnswerRequest) -> "_Visit":
        """Reach the release that answers a request; `end` must be called, whatever happens."""
        trace_id = request.trace_id or new_trace_id()
        release = request.release or await self._choose(request, trace_id)
        record = RequestRecord(request=request, release=release, question=question_in(request.body), trace_id=trace_id)
        visit = _Visit(record, self._parts.recorder)
        try:
            visit.enter(await self._pool.get(release))
        except BaseException as error:
            await visit.end(error)
            raise
        return visit

    async def _choose(self, request: AnswerRequest, trace_id: str) -> Digest:
        """The live release or the candidate: always the same for one user, or for one key that names no user."""
        key = request.caller.user or request.caller.actor or trace_id
        return await self._live.choose(request.app, request.environment, key)


class _Visit:
    """One request in a release that is held open for it. A class and no context, because every request passes here."""

    __slots__ = ("_recorder", "_runtime", "exchange", "record")

    def __init__(self, record: RequestRecord, recorder: Recorder) -> None:
        self.record = record
        self.exchange: Exchange | VectorExchange | None = None
        self._recorder = recorder
        self._runtime: Runtime | None = None

    def enter(self, runtime: Runtime) -> None:
        """Hold the release open."""
        runtime.users += 1
        self._runtime = runtime
        self.record.release_name = runtime.name

    def target(self) -> Target:
        """What the request is for. Raises EndpointMissingError and ModelForbiddenError."""
        record, runtime = self.record, self._held
        request = record.request
        allowed, app = request.caller.models, request.app
        try:
            target = runtime.target(request.target)
        except EndpointMissingError:
            raise self._refusal({name: each.called(app) for name, each in runtime.targets.items()}) from None
        called = target.called(app)
        record.name, record.model, record.prompt = target.name, target.route.asks, target.prompt_label
        if allowed is not None and not allowed.allows(called, target.name):
            raise self._refusal({name: each.called(app) for name, each in runtime.targets.items()})
        if request.found is not None:
            request.found(called)
        return target

    def predictor(self) -> Predictor:
        """The classical model that the request is for. Raises EndpointMissingError and ModelForbiddenError."""
        record, runtime = self.record, self._held
        request = record.request
        allowed, app = request.caller.models, request.app
        try:
            predictor = runtime.predictor(request.target)
        except EndpointMissingError:
            raise self._refusal({name: f"{app}/{name}" for name in runtime.predictors}) from None
        name = request.target.removeprefix(f"{app}/")
        record.name, record.model = name, predictor.name
        if allowed is not None and not allowed.allows(f"{app}/{name}", name):
            raise self._refusal({name: f"{app}/{name}" for name in runtime.predictors})
        if request.found is not None:
            request.found(f"{app}/{name}")
        return predictor

    def _refusal(self, served: Mapping[str, str]) -> EndpointMissingError | ModelForbiddenError:
        """What is told about a name that is not there, or that the key may not use, and what it could say instead.

        A key that is narrowed hears the same of both, and nothing of what it may not use. `served` are short names,
        each with the whole one.
        """
        request = self.record.request
        allowed = request.caller.models
        usable = [name for name, called in served.items() if allowed is None or allowed.allows(called, name)]
        # A name on the list with nothing behind it; or with something that has another name, which is not.
        if allowed is None or allowed.allows(request.target):
            return EndpointMissingError(self._held.manifest, request.target, usable)
        return ModelForbiddenError(request.target, usable)

    async def end(self, raised: BaseException | None) -> None:
        """Settle, let go of the release, and leave the trace."""
        runtime, self._runtime = self._runtime, None
        try:
            if self.exchange is not None:
                await self.exchange.leave()
                self.exchange.end(raised)
            trace = self.record.to_trace(*outcome(self.record, raised))
            if isinstance(raised, BudgetError | ModelForbiddenError):
                # Whoever is refused may ask again and again: what they said is not kept.
                trace = replace(_FACTS_ALONE.of_trace(trace), error=trace.error, size_bytes=0)
            self._recorder.record(trace)
        finally:
            if runtime is not None:
                runtime.users -= 1
                if runtime.retired and not runtime.users:
                    await runtime.close()

    @property
    def _held(self) -> Runtime:
        assert self._runtime is not None  # noqa: S101  # entered before, for the type checker
        return self._runtime
