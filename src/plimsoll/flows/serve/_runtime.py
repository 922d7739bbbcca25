"""A release, loaded: everything that is needed to answer, taken from its versions and from nowhere else."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from plimsoll.kernel.digest import Digest
from plimsoll.kernel.errors import NotFoundError
from plimsoll.models import ChatModel
from plimsoll.prompts import Prompt
from plimsoll.registry import Kind, Version, VersionRef
from plimsoll.releases import Manifest
from plimsoll.retrieval import SearchSettings

from ._parts import Searcher, ServeParts

_KEPT_RUNTIMES = 8


class EndpointMissingError(NotFoundError):
    """The release has no endpoint of that name."""

    code = "endpoint_missing"

    def __init__(self, manifest: Manifest, name: str) -> None:
        known = ", ".join(endpoint_names(manifest))
        super().__init__(
            f"{manifest.name} of {manifest.app} has no endpoint `{name}`", hint=f"its endpoints are: {known}"
        )


@dataclass(frozen=True, slots=True)
class Knowledge:
    """An open index, how it is searched, and its name."""

    name: str
    index: Searcher
    settings: SearchSettings


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What one endpoint answers with."""

    name: str
    prompt: Prompt
    prompt_label: str
    model: ChatModel
    knowledge: Knowledge | None


@dataclass(slots=True)
class Runtime:
    """A loaded release. `users` counts the requests that are in it."""

    manifest: Manifest
    endpoints: Mapping[str, Endpoint]
    users: int = 0
    retired: bool = field(default=False)

    def endpoint(self, name: str) -> Endpoint:
        """Raises EndpointMissingError."""
        if name not in self.endpoints:
            raise EndpointMissingError(self.manifest, name)
        return self.endpoints[name]

    async def close(self) -> None:
        """Give back models and indexes."""
        for model in {id(endpoint.model): endpoint.model for endpoint in self.endpoints.values()}.values():
            await model.close()
        for endpoint in self.endpoints.values():
            if endpoint.knowledge is not None:
                endpoint.knowledge.index.close()


class RuntimePool:
    """Loads releases when they are asked for and keeps the latest few; a request keeps its release to its end."""

    def __init__(self, parts: ServeParts) -> None:
        self._parts = parts
        self._runtimes: OrderedDict[Digest, Runtime] = OrderedDict()
        self._loading = asyncio.Lock()

    @asynccontextmanager
    async def use(self, release: Digest) -> AsyncIterator[Runtime]:
        """The runtime of a release, held open inside the block."""
        runtime = await self._get(release)
        runtime.users += 1
        try:
            yield runtime
        finally:
            runtime.users -= 1
            if runtime.retired and not runtime.users:
                await runtime.close()

    async def close(self) -> None:
        """Close every runtime that nobody is in; the others close when their last request ends."""
        while self._runtimes:
            await self._retire()

    async def _get(self, release: Digest) -> Runtime:
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


def endpoint_names(manifest: Manifest) -> tuple[str, ...]:
    """The endpoints that a release serves."""
    return tuple(key.partition(":")[2] for key in sorted(manifest.artifacts) if key.startswith("endpoint:"))


def load_runtime(release: Digest, parts: ServeParts) -> Runtime:
    """Load a release or draft from its versions. Raises what registry, index and models raise."""
    manifest = parts.releases.manifest(release)
    loader = _Loader(manifest, parts)
    return Runtime(manifest, {name: loader.endpoint(name) for name in endpoint_names(manifest)})


class _Loader:
    def __init__(self, manifest: Manifest, parts: ServeParts) -> None:
        self._manifest = manifest
        self._parts = parts
        self._models: dict[str, ChatModel] = {}
        self._knowledge: dict[str, Knowledge] = {}

    def endpoint(self, name: str) -> Endpoint:
        content = self._content("endpoint", name)
        prompt = self._parts.registry.content(self._manifest.artifacts[f"prompt:{content['prompt']}"])
        version = self._version("prompt", content["prompt"])
        return Endpoint(
            name=name,
            prompt=Prompt.from_json(prompt),
            prompt_label=version.label,
            model=self._model(content["route"]),
            knowledge=self._open(content["knowledge"]) if content["knowledge"] else None,
        )

    def _model(self, name: str) -> ChatModel:
        if name not in self._models:
            self._models[name] = self._parts.make_model(name, self._content("route", name))
        return self._models[name]

    def _open(self, name: str) -> Knowledge:
        if name not in self._knowledge:
            content = self._content("knowledge", name)
            index = self._parts.open_index(self._content("index", name), content["embed"]["model"])
            self._knowledge[name] = Knowledge(name, index, SearchSettings(**content["search"]))
        return self._knowledge[name]

    def _content(self, kind: Kind, name: str) -> dict[str, Any]:
        return cast("dict[str, Any]", self._parts.registry.content(self._manifest.artifacts[f"{kind}:{name}"]))

    def _version(self, kind: Kind, name: str) -> Version:
        ref = VersionRef(kind, name, self._manifest.artifacts[f"{kind}:{name}"])
        return self._parts.registry.version(self._manifest.app, ref)
