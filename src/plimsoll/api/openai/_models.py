"""`GET /v1/models` and `GET /v1/models/{id}`."""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from .._catalogue import Catalogue, choose
from .._service import ServedModel
from .._settings import ApiSettings
from ._chat import ENVIRONMENT_HEADER
from ._wire import ModelListOut, ModelOut, ServedBy

Endpoint = Callable[[Request], Awaitable[Response]]


def list_models(catalogue: Catalogue, settings: ApiSettings) -> Endpoint:
    """The endpoint that lists what can be called in the request's environment."""

    async def endpoint(request: Request) -> Response:
        served = await catalogue.served_in(_environment(request, settings))
        return _json(ModelListOut([_model(model) for model in served]))

    return endpoint


def retrieve_model(catalogue: Catalogue, settings: ApiSettings) -> Endpoint:
    """The endpoint that describes one model; the id may contain slashes."""

    async def endpoint(request: Request) -> Response:
        environment = _environment(request, settings)
        served = await catalogue.served_in(environment)
        return _json(_model(choose(request.path_params["model_id"], environment, served)))

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


def _json(value: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
