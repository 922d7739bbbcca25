"""Puts the HTTP door together."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Scope

from plimsoll import __version__
from plimsoll.checks.moderation import moderate
from plimsoll.models.catalogue import count_tokens
from plimsoll.tracing.received import Sender

from ._catalogue import Catalogue
from ._edge import Edge, ErrorResponses
from ._health import healthz, metrics_page, readyz
from ._metrics import Metrics
from ._service import Service
from ._settings import ApiSettings
from .admission import Admission, acting_of, guarded
from .anthropic import MessagesDialect
from .console import console_routes, error_page
from .exchange import CountTokens, Embeddings, Exchanges, FeedbackCalls, MarkCalls, Moderations, Predict, Room
from .load import Bodies, LoadGate
from .openai import ChatDialect, ResponsesDialect, list_models, retrieve_model
from .openapi import openapi_json
from .otlp import LOGS, METRICS, OtlpReceiver, Refusing
from .own import guardrail_routes


class Application(Starlette):
    """Starlette's application, with the edge in the place of its middlewares.

    They would do nothing here that the edge does not do, and each of them costs every call and every piece of an
    answer.
    """

    def __init__(self, edge: Callable[[ASGIApp], Edge], **given: Any) -> None:
        super().__init__(**given)
        # A redirect would repeat the caller's body and key at an address that nobody asked for.
        self.router.redirect_slashes = False
        self._edge = edge

    def build_middleware_stack(self) -> ASGIApp:
        """See Starlette."""
        return self._edge(self.router)


def create_app(service: Service, *, settings: ApiSettings) -> Application:
    """The application: the APIs under `/v1`, the console at `/`, health and metrics beside them.

    Everybody but the health pages' callers must be known, and must have the right that `NEEDED` says.
    """
    room = Room(service, settings, Metrics(), LoadGate(settings.load), Bodies(settings.load.most_body_bytes))
    admission = Admission(service, settings)
    calls = guarded(_calls(room))
    pages = guarded([*_pages(room), *console_routes(service, settings, admission.asks)])

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        await service.start()
        watching = asyncio.create_task(room.gate.watch())
        try:
            yield
        finally:
            watching.cancel()
            await service.close()

    edge = partial(
        Edge,
        admission=admission,
        errors=ErrorResponses(error_page),
        direct={route.path: route.app for route in calls if isinstance(route, Route)},
    )
    return Application(edge, routes=[*calls, *pages], lifespan=lifespan)


def _calls(room: Room) -> list[Route | Mount]:
    """What is called with POST at one exact path each."""
    endpoints: dict[str, ASGIApp] = {
        "/v1/chat/completions": Exchanges(ChatDialect(), room),
        "/v1/responses": Exchanges(ResponsesDialect(), room),
        "/v1/messages": Exchanges(MessagesDialect(), room),
        "/v1/messages/count_tokens": CountTokens(room, count_tokens),
        "/v1/embeddings": Embeddings(room),
        "/v1/moderations": Moderations(room, _moderate, "builtin/harm"),
        "/v1/feedback": FeedbackCalls(room),
        "/api/guardrails/marks": MarkCalls(room),
        "/v1/traces": OtlpReceiver(room.service.submit, room.service.app, _sender),
        "/v1/logs": Refusing(LOGS),
        "/v1/metrics": Refusing(METRICS),
    }
    return [Route(path, endpoint, methods=["POST"]) for path, endpoint in endpoints.items()]


def _pages(room: Room) -> list[Route | Mount]:
    catalogue = Catalogue(room.service)
    return [
        Route("/v1/predict/{endpoint:path}", Predict(room), methods=["POST"]),
        Route("/v1/models", list_models(catalogue, room.settings)),
        Route("/v1/models/{model_id:path}", retrieve_model(catalogue, room.settings)),
        *guardrail_routes(room.service.guardrails),
        Route("/openapi.json", openapi_json(__version__)),
        Route("/healthz", healthz),
        Route("/readyz", readyz(room.service)),
        Route("/metrics", metrics_page(room.metrics, room.service)),
    ]


def _moderate(texts: Sequence[str]) -> list[Mapping[str, float]]:
    return [moderate(text).scores for text in texts]


def _sender(scope: Scope) -> Sender:
    acting = acting_of(scope)
    key = acting.via.removeprefix("key:") if acting.via.startswith("key:") else ""
    return Sender(actor=acting.actor, team=acting.team, project=acting.project, key=key)
