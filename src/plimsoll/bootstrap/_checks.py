"""Whom the checks of guardrails can ask: routes of their release, and servers."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, Final

from plimsoll.checks.outside import OutsideLoop, Post, Poster, Question, Reply, Server
from plimsoll.checks.outside.requests import RouteFailedError
from plimsoll.guardrails import Policy
from plimsoll.kernel.digest import Digest, Json, digest_json
from plimsoll.kernel.errors import InvalidError, NotFoundError, PlimsollError
from plimsoll.kernel.words import nearest
from plimsoll.models import ChatModel, ChatRequest, Usage
from plimsoll.models.routing import CallCosts
from plimsoll.project import Project
from plimsoll.settings import Settings

from ._key_files import KeyFile
from ._routes import RouteMaker, full_content

_log = logging.getLogger("plimsoll.checks.costs")
_NOTHING: Final = Usage(0, 0, 0.0)
_OWN_PREFIX: Final = "openai/"

RouteContent = Callable[[str], Json]
"""The content of a route of the release, by its name. Raises NotFoundError where the release has none."""


class RouteJudgesNothingError(InvalidError):
    """A check asks a route that cannot answer it."""

    code = "route_judges_nothing"

    def __init__(self, route: str, problem: str) -> None:
        super().__init__(
            f"the route {route} {problem}, and a check asks it", hint="name a route whose model answers chats"
        )


class ProjectRouteMissingError(NotFoundError):
    """A check names a route that the project does not have."""

    code = "project_route_missing"

    def __init__(self, route: str, known: Sequence[str]) -> None:
        near = nearest(route, known)
        listed = f"routes: {', '.join(sorted(known))}"
        super().__init__(
            f"a check asks the route {route}, which is not in routes/",
            hint=f"did you mean `{near}`? {listed}" if near else listed,
        )


@dataclass(frozen=True, slots=True)
class _Opened:
    """A route, made for the event loop of the checks."""

    model: ChatModel
    digest: Digest


class CheckMaker:
    """Makes guardrails, with all that their checks ask through: one event loop in a thread of its own.

    Nothing is started before a check asks for the first time. Relative paths begin at `folder`.
    """

    def __init__(self, settings: Settings, folder: Path, make_routes: Callable[[], RouteMaker]) -> None:
        self.settings = settings
        self.folder = folder
        self.loop = OutsideLoop()
        self._make_routes = make_routes
        self._lock = threading.Lock()
        self._routes: RouteMaker | None = None
        self._poster: Poster | None = None
        self._models: list[ChatModel] = []
        self.usage: dict[str, Usage] = {}
        """What the questions of each check came to so far; the cost is None once one of them had none that is known."""

    def policy(self, name: str, content: Json, routes: RouteContent) -> Policy:
        """A guardrail of a release; one that cannot be compiled blocks everything. Never raises."""
        return Policy.load(name, content, outside=self.outside(routes))

    def outside(self, routes: RouteContent) -> "ReleaseOutside":
        """Whom checks can ask that belong to a release with these routes."""
        return ReleaseOutside(self, routes)

    def opened(self, name: str, content: Json) -> ChatModel:
        """The model of a route. Raises RouteModelError and RouteJudgesNothingError."""
        model = self._route_maker().route(name, content).model
        if model is None:
            raise RouteJudgesNothingError(name, "makes vectors")
        self._models.append(model)
        return model

    def _route_maker(self) -> RouteMaker:
        with self._lock:
            if self._routes is None:
                self._routes = self._make_routes()
            return self._routes

    def server(self, name: str, target: Mapping[str, Any], content: Mapping[str, Any]) -> Server:
        """The address and the key of one target of a route. Raises SecretMissingError."""
        settings = self._route_maker().settings_of(name, target, content)
        file = target.get("api_key_file")
        key = KeyFile(self.folder, file, f"routes/{name}.yaml").read() if file else settings.api_key
        return Server(settings.base_url, key)

    def poster(self) -> Poster:
        """What sends POSTs for all checks."""
        with self._lock:
            if self._poster is None:
                self._poster = Poster()
            return self._poster

    def paid(self, question: Question, model: str, costs: CallCosts) -> None:
        """Write down what a question came to. Only ever in the one thread of the loop."""
        costs.end()
        used = reduce(Usage.plus, costs.paid, _NOTHING)
        if costs.unknown:
            # Somebody may bill for it, and nobody says how much.
            used = used.plus(Usage(0, 0))
        self.usage[question.check] = self.usage.get(question.check, _NOTHING).plus(used)
        cost = "unknown" if used.cost_usd is None else f"{used.cost_usd:.6f}"
        _log.info(
            "%s asked %s (%s): %d tokens in, %d out, USD %s",
            *(question.check, question.route, model, used.input_tokens, used.output_tokens, cost),
        )

    def close(self) -> None:
        """End everything; what is still asked gets no answer, and nothing can be asked any more."""
        self.loop.close(self._close)

    async def _close(self) -> None:
        for model in self._models:
            await model.close()
        if self._routes is not None:
            await self._routes.close()
        if self._poster is not None:
            await self._poster.close()


def routes_in(project: Project) -> RouteContent:
    """The content of each route of a project folder, as it stands there."""

    def content(name: str) -> Json:
        if name not in project.routes:
            raise ProjectRouteMissingError(name, tuple(project.routes))
        return project.routes[name].content()

    return content


class ReleaseOutside:
    """See `plimsoll.checks.outside.Outside`. Routes are those of one release."""

    def __init__(self, maker: CheckMaker, routes: RouteContent) -> None:
        self._maker = maker
        self._content = routes
        self._lock = threading.Lock()
        self._opened: dict[str, _Opened] = {}

    @property
    def folder(self) -> Path:
        """The project's folder."""
        return self._maker.folder

    def secret(self, text: str, *, where: str) -> str:
        """See Outside. Raises SecretMissingError."""
        return self._maker.settings.resolve(text, where=where)

    def route_version(self, route: str) -> str:
        """See Outside. Raises as making the route does."""
        return self._route(route).digest

    def complete(self, question: Question) -> str:
        """See Outside. Raises RouteFailedError too; what the call cost is written down whatever happens.

        Nobody's budget pays for it: a request that is answered pays for what its checks ask by itself.
        """
        model = self._route(question.route).model

        async def asked() -> str:
            costs = CallCosts()
            try:
                return (await model.complete(ChatRequest(question.body, costs=costs))).text
            except PlimsollError as error:
                raise RouteFailedError(question.check, question.route, error) from None
            finally:
                self._maker.paid(question, model.name, costs)

        return self._maker.loop.run(question.check, asked, question.timeout_s)

    def server(self, route: str) -> Server:
        """See Outside. Raises SecretMissingError, and RouteJudgesNothingError for a provider of another kind."""
        content = full_content(self._content(route))
        target = content["targets"][0]
        if not target["base_url"] and not target["model"].startswith(_OWN_PREFIX):
            raise RouteJudgesNothingError(route, "has no `base_url`")
        return self._maker.server(route, target, content)

    def post(self, post: Post) -> Reply:
        """See Outside."""
        poster = self._maker.poster()
        return self._maker.loop.run(post.check, lambda: poster.post(post), post.timeout_s)

    def _route(self, name: str) -> _Opened:
        with self._lock:
            if name not in self._opened:
                content = self._content(name)
                self._opened[name] = _Opened(self._maker.opened(name, content), digest_json(content))
            return self._opened[name]
