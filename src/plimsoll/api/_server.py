"""The server by its earlier names; it lives in `plimsoll.api.server`."""

from starlette.types import ASGIApp

from .server import Server as FullServer
from .server import ServerSettings, bind, url_of
from .server import run_server as run
from .server._server import OnReady

__all__ = ["Server", "bind", "run_server", "url_of"]


def run_server(app: ASGIApp, *, host: str, port: int, on_ready: OnReady | None = None) -> None:
    """See `plimsoll.api.server.run_server`."""
    run(app, ServerSettings(host=host, port=port), on_ready=on_ready)


class Server(FullServer):
    """See `plimsoll.api.server.Server`."""

    def __init__(self, app: ASGIApp, *, graceful_timeout_s: int, on_ready: OnReady | None = None) -> None:
        super().__init__(app, ServerSettings(drain_s=graceful_timeout_s, linger_s=0), on_ready=on_ready)
