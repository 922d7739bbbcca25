"""`GET /openapi.json`."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from ..wire import json_bytes
from ._document import document

Endpoint = Callable[[Request], Awaitable[Response]]


def openapi_json(version: str) -> Endpoint:
    """The endpoint that gives the description; it is made once."""
    body = json_bytes(document(version))

    async def endpoint(_request: Request) -> Response:
        return Response(body, media_type="application/json")

    return endpoint
