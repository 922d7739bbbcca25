"""The console's routes and its templates."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from anyio import to_thread
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from plimsoll import __version__
from plimsoll.kernel.clock import utc_now

from .._problems import Problem
from .._service import Service
from .._settings import ApiSettings
from ._home import home
from ._trace import trace_page

Endpoint = Callable[[Request], Awaitable[Response]]

_FOLDER: Final = Path(__file__).parent
_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals["version"] = __version__


def console_routes(service: Service, settings: ApiSettings) -> list[BaseRoute]:
    """The pages, and the files that they load."""
    return [
        Route("/", _home_endpoint(service, settings), name="home"),
        Route("/traces/{trace_id}", _trace_endpoint(service), name="trace"),
        Mount("/static", StaticFiles(directory=_FOLDER / "static"), name="static"),
    ]


def error_page(problem: Problem) -> str:
    """The page for a request that failed."""
    return _TEMPLATES.get_template("error.html").render(problem=problem)


def _home_endpoint(service: Service, settings: ApiSettings) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        address = str(request.base_url).rstrip("/")

        def render() -> str:
            page = home(service, settings, address=address, now=utc_now())
            return _TEMPLATES.get_template("home.html").render(page=page)

        return await _page(render)

    return endpoint


def _trace_endpoint(service: Service) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        trace_id = request.path_params["trace_id"]

        def render() -> str:
            page = trace_page(service.trace(trace_id), now=utc_now())
            return _TEMPLATES.get_template("trace.html").render(page=page)

        return await _page(render)

    return endpoint


async def _page(render: Callable[[], str]) -> Response:
    # Pages show questions and documents: no cache may keep them.
    return HTMLResponse(await to_thread.run_sync(render), headers={"cache-control": "no-store"})
