"""The console's routes and its templates."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from anyio import to_thread
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from plimsoll import __version__
from plimsoll.kernel.clock import utc_now

from .._problems import Problem
from .._service import Service
from .._settings import ApiSettings
from ..admission import acting_of
from ._guardrails import guardrails_page
from ._home import Visitor, home
from ._requests import Wish, requests
from ._trace import trace_page

Endpoint = Callable[[Request], Awaitable[Response]]
Asks = Callable[[], Awaitable[bool]]

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


def console_routes(service: Service, settings: ApiSettings, asks: Asks) -> list[Route | Mount]:
    """The pages, and the files that they load. `asks` tells whether callers must show a key."""
    return [
        Route("/", _home_endpoint(service, settings, asks), name="home"),
        Route("/traces/{trace_id}", _trace_endpoint(service), name="trace"),
        Route("/guardrails", _guardrails_endpoint(service), name="guardrails"),
        Mount("/static", StaticFiles(directory=_FOLDER / "static"), name="static"),
    ]


def error_page(problem: Problem) -> str:
    """The page for a request that failed."""
    return _TEMPLATES.get_template("error.html").render(problem=problem)


def _home_endpoint(service: Service, settings: ApiSettings, asks: Asks) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        address = str(request.base_url).rstrip("/")
        visitor = Visitor(address, with_key=await asks(), sees_traces="trace" in acting_of(request.scope).rights)
        wish = Wish.of(request.query_params)
        if not wish.is_plain:
            acting_of(request.scope).require("trace")
            return await _page(lambda: _list(service, wish, settings.recent_traces))

        def render() -> str:
            page = home(service, settings, visitor=visitor, now=utc_now())
            return _TEMPLATES.get_template("home.html").render(page=page)

        return await _page(render)

    return endpoint


def _trace_endpoint(service: Service) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        trace_id = request.path_params["trace_id"]

        def render() -> str:
            trace = service.trace(trace_id)
            judgements = service.judgements(trace.id)
            names = service.names([trace.caller, *(one.said.by for one in judgements)])
            page = trace_page(trace, names=names, judgements=judgements, now=utc_now())
            return _TEMPLATES.get_template("trace.html").render(page=page)

        return await _page(render)

    return endpoint


def _guardrails_endpoint(service: Service) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        sees_traces = "trace" in acting_of(request.scope).rights

        def render() -> str:
            page = guardrails_page(service.guardrails, sees_traces=sees_traces, now=utc_now())
            return _TEMPLATES.get_template("guardrails.html").render(page=page)

        return await _page(render)

    return endpoint


def _list(service: Service, wish: Wish, limit: int) -> str:
    page = requests(service, wish, limit=limit, now=utc_now())
    return _TEMPLATES.get_template("requests.html").render(page=page)


async def _page(render: Callable[[], str]) -> Response:
    # Pages show questions and documents: no cache may keep them.
    return HTMLResponse(await to_thread.run_sync(render), headers={"cache-control": "no-store"})
