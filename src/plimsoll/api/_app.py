"""Puts the HTTP door together."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from plimsoll.kernel.errors import PlimsollError

from ._access import Admission
from ._catalogue import Catalogue
from ._edge import Edge, ErrorResponses
from ._health import healthz, metrics_page, readyz
from ._metrics import Metrics
from ._rights import guarded
from ._service import Service
from ._settings import ApiSettings
from .console import console_routes, error_page
from .openai import ChatCompletions, list_models, retrieve_model


def create_app(service: Service, *, settings: ApiSettings) -> Starlette:
    """The application: OpenAI's API under `/v1`, the console at `/`, health and metrics beside them.

    Everybody but the health pages' callers must be known, and must have the right that `NEEDED` says.
    """
    metrics = Metrics()
    admission = Admission(service, settings)
    catalogue = Catalogue(service)
    errors = ErrorResponses(error_page)

    async def on_error(request: Request, error: Exception) -> Response:
        return errors.respond(request.scope, error)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        yield
        await service.close()

    chat = ChatCompletions(service, settings, metrics=metrics, catalogue=catalogue)
    app = Starlette(
        routes=guarded(
            [
                Route("/v1/chat/completions", chat, methods=["POST"]),
                Route("/v1/models", list_models(catalogue, settings)),
                Route("/v1/models/{model_id:path}", retrieve_model(catalogue, settings)),
                Route("/healthz", healthz),
                Route("/readyz", readyz(service)),
                Route("/metrics", metrics_page(metrics)),
                *console_routes(service, settings, admission.asks),
            ]
        ),
        middleware=[Middleware(Edge, admission=admission, errors=errors)],
        lifespan=lifespan,
        exception_handlers={PlimsollError: on_error, HTTPException: on_error},
    )
    # A redirect would repeat the caller's body and key at an address that nobody asked for.
    app.router.redirect_slashes = False
    return app
