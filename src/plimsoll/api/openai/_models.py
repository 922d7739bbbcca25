"""`GET /v1/models` and `GET /v1/models/{id}`, for OpenAI's clients and for Anthropic's, which name their version."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from .._catalogue import Catalogue, choose
from .._service import ServedModel
from .._settings import ApiSettings
from ..admission import acting_of
from ..anthropic import model_list, model_of
from ..wire import json_bytes

ENVIRONMENT_HEADER: Final = "x-plimsoll-environment"
_ANTHROPIC_HEADER: Final = "anthropic-version"

Endpoint = Callable[[Request], Awaitable[Response]]


class ServedBy(Struct):
    """Where a listed model comes from."""

    endpoint: str
    environment: str
    release_name: str


class ModelOut(Struct):
    """One model of the list."""

    id: str
    created: int
    owned_by: str
    plimsoll: ServedBy
    object: str = "model"


class ModelListOut(Struct):
    """All models."""

    data: list[ModelOut]
    object: str = "list"


def list_models(catalogue: Catalogue, settings: ApiSettings) -> Endpoint:
    """The endpoint that lists what can be called in the request's environment."""

    async def endpoint(request: Request) -> Response:
        served = await catalogue.served_in(_environment(request, settings), acting_of(request.scope).models)
        if _ANTHROPIC_HEADER in request.headers:
            return Response(model_list(served), media_type="application/json")
        return _json(ModelListOut([_model(model) for model in served]))

    return endpoint


def retrieve_model(catalogue: Catalogue, settings: ApiSettings) -> Endpoint:
    """The endpoint that describes one model; the id may contain slashes."""

    async def endpoint(request: Request) -> Response:
        environment = _environment(request, settings)
        served = await catalogue.served_in(environment, acting_of(request.scope).models)
        model = choose(request.path_params["model_id"], environment, served)
        return _json(model_of(model) if _ANTHROPIC_HEADER in request.headers else _model(model))

    return endpoint


def _environment(request: Request, settings: ApiSettings) -> str:
    return request.headers.get(ENVIRONMENT_HEADER) or settings.default_environment


def _model(model: ServedModel) -> ModelOut:
    return ModelOut(
        id=model.id,
        created=int(model.created.timestamp()),
        owned_by=model.app,
        plimsoll=ServedBy(model.endpoint, model.environment, model.release_name),
    )


def _json(value: Any) -> Response:
    return Response(json_bytes(value), media_type="application/json")
