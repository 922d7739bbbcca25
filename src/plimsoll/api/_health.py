"""What machines ask about the server itself: alive, ready, metrics."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from plimsoll.kernel.errors import IntegrityError, UnavailableError

from ._metrics import Metrics
from ._problems import without_file_paths
from ._service import Service

Endpoint = Callable[[Request], Awaitable[Response]]


async def healthz(_request: Request) -> Response:
    """Alive: the process answers. Asks nothing of the platform, so that a slow database does not get it killed."""
    return JSONResponse({"status": "ok"})


def readyz(service: Service) -> Endpoint:
    """The endpoint that says whether requests can be answered now."""

    async def endpoint(_request: Request) -> Response:
        reason = await to_thread.run_sync(service.ready)
        if reason is None:
            warning = service.warning()
            noted = {"warning": without_file_paths(warning)} if warning else {}
            return JSONResponse({"status": "ready", **noted})
        return JSONResponse({"status": "not ready", "reason": without_file_paths(reason)}, 503, {"retry-after": "1"})

    return endpoint


def metrics_page(metrics: Metrics, service: Service) -> Endpoint:
    """The endpoint that Prometheus reads."""

    async def endpoint(request: Request) -> Response:
        # What cannot be read now stands there as it was last known: the other numbers do not depend on it.
        with suppress(UnavailableError, IntegrityError):
            metrics.lost_traces = await to_thread.run_sync(service.lost_traces)
            metrics.changed_embedders = await to_thread.run_sync(service.changed_embedders)
        body, content_type = metrics.exposition(request.headers.get("accept", ""))
        return Response(body, headers={"content-type": content_type})

    return endpoint
