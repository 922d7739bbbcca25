"""Which right each address needs. What does not stand in the table cannot be served.

The same table stands in docs/reference/http.md; a test compares the two.
"""

from collections.abc import Awaitable, Mapping, Sequence
from types import MappingProxyType

from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from plimsoll.access import Right

from ._access import acting_of

NEEDED: Mapping[str, Right | None] = MappingProxyType(
    {
        "/v1/chat/completions": "call",
        "/v1/responses": "call",
        "/v1/messages": "call",
        "/v1/messages/count_tokens": "call",
        "/v1/embeddings": "call",
        "/v1/moderations": "call",
        "/v1/predict/{endpoint:path}": "call",
        "/v1/feedback": "call",
        "/api/guardrails/marks": "trace",
        "/api/guardrails/triggers": "trace",
        "/api/guardrails/rates": "read",
        "/api/guardrails/matrix": "read",
        "/v1/traces": "call",
        "/v1/logs": "call",
        "/v1/metrics": "call",
        "/openapi.json": "read",
        "/v1/models": "call",
        "/v1/models/{model_id:path}": "call",
        "/": "read",
        "/traces/{trace_id}": "trace",
        "/guardrails": "read",
        "/static": "read",
        "/metrics": "read",
        "/healthz": None,
        "/readyz": None,
    }
)
"""The right for each route's path; None for the two that are open."""


def guarded(routes: Sequence[Route | Mount]) -> list[BaseRoute]:
    """The routes, each behind the right that the table says. Raises KeyError for one that it does not know."""
    for route in routes:
        right = NEEDED[route.path]
        if right is not None:
            route.app = Guard(route.app, right)
    return [*routes]


class Guard:
    """ASGI application in front of another, which lets only those in who have a right."""

    def __init__(self, app: ASGIApp, right: Right) -> None:
        self._app = app
        self.right = right

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Go on, or raise RightMissingError."""
        acting_of(scope).require(self.right)
        return self._app(scope, receive, send)
