"""A release, loaded: everything that is needed to answer, taken from its versions and from nowhere else."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, cast

from plimsoll.guardrails import Policy
from plimsoll.kernel.digest import Digest, Json
from plimsoll.models.predictors import Predictor
from plimsoll.prompts import Prompt
from plimsoll.registry import Kind, Version, VersionRef
from plimsoll.releases import Manifest

from ._errors import CheckRouteError, EndpointMissingError, VariantsRouteError
from ._live import endpoint_names
from .parts import Helper, Route, Searcher, ServeParts

_KEPT_RUNTIMES = 8


@dataclass(frozen=True, slots=True)
class Knowledge:
    """An open index, its version, and its name."""

    name: str
    version: Digest
    index: Searcher
    variants: Helper | None = None
    """None where each question is searched as it is."""


@dataclass(frozen=True, slots=True)
class Target:
    """What one name answers with: an endpoint with its prompt, or a route as it is."""

    name: str
    route: Route
    prompt: Prompt | None = None
    prompt_label: str = ""
    knowledge: Knowledge | None = None
    guardrail: Policy | None = None
    judges: Mapping[str, Route] = field(default_factory=dict)
    """Routes that checks of the guardrail ask."""

    def called(self, app: str) -> str:
        """What callers may write as `model` to call it: an endpoint's name with that of its application."""
        return f"{app}/{self.name}" if self.prompt is not None else self.name


@dataclass(slots=True)
class Runtime:
    """A loaded release. `users` counts the requests that are in it."""

    manifest: Manifest
    targets: Mapping[str, Target]
    predictors: Mapping[str, Predictor] = field(default_factory=dict)
    name: str = ""
    """The release's short name."""
    users: int = 0
    retired: bool = field(default=False)
    routes: tuple[Route, ...] = ()
    """Every route of the release, also those that only its knowledge bases ask."""

    def target(self, name: str) -> Target:
        """The endpoint (`ask`, `my-app/ask`) or the served route of that name. Raises EndpointMissingError."""
        found = self.targets.get(name) or self.targets.get(name.removeprefix(f"{self.manifest.app}/"))
        if found is None:
            raise EndpointMissingError(self.manifest, name, tuple(self.targets))
        return found

    def predictor(self, name: str) -> Predictor:
        """The classical model behind an endpoint. Raises EndpointMissingError."""
        found = self.predictors.get(name.removeprefix(f"{self.manifest.app}/"))
        if found is None:
            raise EndpointMissingError(self.manifest, name, tuple(self.predictors))
        return found

    async def close(self) -> None:
        """Give back models and indexes; what cannot be closed keeps nothing else open."""
        targets = self.targets.values()
        routes = {id(route): route for route in (*self.routes, *(target.route for target in targets))}
        bases = {id(target.knowledge): target.knowledge for target in targets if target.knowledge is not None}
        async with AsyncExitStack() as closing:
            for route in routes.values():
                for model in (route.model, route.embedding):
                    if model is not None:
                        closing.push_async_callback(model.close)
            for knowledge in bases.values():
                closing.push_async_callback(knowledge.index.close)


class RuntimePool:
    """Loads releases when they are asked for and keeps the latest few; a request keeps its release to its end."""

    def __init__(self, parts: ServeParts) -> None:
        self._parts = parts
        self._runtimes: OrderedDict[Digest, Runtime] = OrderedDict()
        self._loading = asyncio.Lock()

    async def close(self) -> None:
        """Close every runtime that nobody is in; the others close when their last request ends."""
        while self._runtimes:
            await self._retire()

    async def get(self, release: Digest) -> Runtime:
        """A runtime that is loaded, or becomes so now. Whoever uses it counts itself in `users`."""
        runtime = self._runtimes.get(release)
        if runtime is not None:
            self._runtimes.move_to_end(release)
            return runtime
        if release not in self._runtimes:
            async with self._loading:
                if release not in self._runtimes:
                    self._runtimes[release] = await asyncio.to_thread(load_runtime, release, self._parts)
        self._runtimes.move_to_end(release)
        runtime = self._runtimes[release]
        while len(self._runtimes) > _KEPT_RUNTIMES:
            await self._retire()
        return runtime

    async def _retire(self) -> None:
        _, runtime = self._runtimes.popitem(last=False)
        runtime.retired = True
        if not runtime.users:
            await runtime.close()


def load_runtime(release: Digest, parts: ServeParts) -> Runtime:
    """Load a release or draft from its versions. Raises what registry, index, guardrails and models raise."""
    manifest = parts.releases.manifest(release)
    loader = _Loader(manifest, parts)
    served = loader.served()
    endpoints = {name: loader.endpoint(name) for name in endpoint_names(manifest) if not loader.predicts(name)}
    predictors = {name: loader.predictor(name) for name in endpoint_names(manifest) if loader.predicts(name)}
    # An endpoint's name goes before that of a route.
    return Runtime(manifest, {**served, **endpoints}, predictors, manifest.name, routes=loader.routes)


class _Loader:
    def __init__(self, manifest: Manifest, parts: ServeParts) -> None:
        self._manifest = manifest
        self._parts = parts
        self._routes: dict[str, Route] = {}
        self._knowledge: dict[str, Knowledge] = {}
        self._guardrails: dict[str, Policy] = {}
        self._judges: dict[str, dict[str, Route]] = {}

    def endpoint(self, name: str) -> Target:
        content = self._content("endpoint", name)
        prompt = self._parts.registry.content(self._manifest.artifacts[f"prompt:{content['prompt']}"])
        version = self._version("prompt", content["prompt"])
        return Target(
            name=name,
            route=self._route(content["route"]),
            prompt=Prompt.from_json(prompt),
            prompt_label=version.label,
            knowledge=self._open(content["knowledge"]) if content["knowledge"] else None,
            guardrail=self._guardrail(content.get("guardrail")),
            judges=self._judges.get(content.get("guardrail") or "", {}),
        )

    def predicts(self, name: str) -> bool:
        """Whether an endpoint asks a classical model."""
        return bool(self._content("endpoint", name)["kind"] == "predict")

    def predictor(self, name: str) -> Predictor:
        model = self._content("endpoint", name)["model"]
        return self._parts.make_predictor(model, self._content("model", model))

    def served(self) -> dict[str, Target]:
        """The routes that are called as they are, under each of their names."""
        names = [key.partition(":")[2] for key in sorted(self._manifest.artifacts) if key.startswith("route:")]
        routes = [self._route(name) for name in names]
        return {
            called: Target(
                name=called,
                route=route,
                guardrail=self._guardrail(route.guardrail),
                judges=self._judges.get(route.guardrail or "", {}),
            )
            for route in routes
            for called in route.serves
        }

    @property
    def routes(self) -> tuple[Route, ...]:
        """Those that were made."""
        return tuple(self._routes.values())

    def _route(self, name: str) -> Route:
        if name not in self._routes:
            route = self._routes[name] = self._parts.make_route(name, self._content("route", name))
            if route.caching is not None and self._parts.answers is not None:
                # What keeps answers may have to load an embedder: here nobody waits for it.
                self._parts.answers()
        return self._routes[name]

    def _guardrail(self, name: str | None) -> Policy | None:
        if name is None:
            return None
        if name not in self._guardrails:
            asked: dict[str, Json] = {}

            def route_content(route: str) -> Json:
                asked[route] = self._route_content(route)
                return asked[route]

            content = self._content("guardrail", name)
            policy = self._guardrails[name] = self._parts.make_guardrail(name, content, route_content)
            # A policy that could not be compiled asks nobody.
            self._judges[name] = {} if policy.fault else {route: self._route(route) for route in sorted(asked)}
        return self._guardrails[name]

    def _route_content(self, name: str) -> Json:
        """The content of a route that a check asks. Raises CheckRouteError."""
        if f"route:{name}" not in self._manifest.artifacts:
            raise CheckRouteError(self._manifest, name)
        return self._content("route", name)

    def _open(self, name: str) -> Knowledge:
        if name not in self._knowledge:
            content = self._content("knowledge", name)
            variants = self._variants(name, content["search"])
            index = self._parts.open_index(self._content("index", name), content)
            self._knowledge[name] = Knowledge(name, self._manifest.artifacts[f"index:{name}"], index, variants)
        return self._knowledge[name]

    def _variants(self, knowledge: str, search: Mapping[str, Any]) -> Helper | None:
        """What puts its questions in other words: the very route of this release. Raises VariantsRouteError."""
        by = search.get("variants_by")
        if by is None or not search.get("variants"):
            return None
        if f"route:{by}" not in self._manifest.artifacts:
            raise VariantsRouteError(self._manifest, knowledge, by, "is not part of it")
        route = self._route(by)
        if route.model is None:
            raise VariantsRouteError(self._manifest, knowledge, by, "makes vectors")
        return Helper(route, self._parts)

    def _content(self, kind: Kind, name: str) -> dict[str, Any]:
        return cast("dict[str, Any]", self._parts.registry.content(self._manifest.artifacts[f"{kind}:{name}"]))

    def _version(self, kind: Kind, name: str) -> Version:
        ref = VersionRef(kind, name, self._manifest.artifacts[f"{kind}:{name}"])
        return self._parts.registry.version(self._manifest.app, ref)
