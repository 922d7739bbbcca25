"""From the contents of an index version and its knowledge version to something that can be searched."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from plimsoll.http import Client
from plimsoll.kernel.digest import Json
from plimsoll.kernel.errors import InvalidError
from plimsoll.models import ChatModel, Embedder
from plimsoll.models.catalogue import (
    Place,
    default_key_reference,
    is_remote_embedder,
    make_embedder,
    make_reranker,
    reranker_key_reference,
)
from plimsoll.models.embedders import EmbedderSettings
from plimsoll.models.rerankers import Reranker, RerankerSettings
from plimsoll.retrieval import Index, Snapshot, open_index
from plimsoll.retrieval.search import (
    Aids,
    ModelParaphraser,
    Paraphraser,
    Retrieval,
    Retriever,
    RetrieverSettings,
    Scope,
    WordLikeness,
)
from plimsoll.retrieval.search.narrowing import Narrowing
from plimsoll.retrieval.signals import Thesaurus, builtin_thesaurus, read_thesaurus
from plimsoll.settings import Settings
from plimsoll.storage import Blobs

from ._engines import Engines
from ._routes import RouteMaker

Close = Callable[[], Awaitable[None]]

STATIC: Final = "builtin/static"


class RouteWritesNothingError(InvalidError):
    """A knowledge base names a route that makes vectors, where something is to be written."""

    code = "route_writes_nothing"

    def __init__(self, route: str) -> None:
        super().__init__(
            f"the route {route} makes vectors, and a knowledge base names it to write",
            hint="name a route whose model answers chats",
        )


class KnowledgeMaker:
    """Makes embedders and opens indexes; each embedder is loaded once. Relative paths begin at `folder`."""

    def __init__(self, settings: Settings, folder: Path, blobs: Callable[[], Blobs], engines: Engines) -> None:
        self._settings = settings
        self._place = Place(folder, settings.workers)
        self._blobs = blobs
        self._engines = engines
        self._embedders: dict[EmbedderSettings, Embedder] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Give back what embedders hold, such as connections."""
        while self._embedders:
            _, embedder = self._embedders.popitem()
            close: Callable[[], None] | None = getattr(embedder, "close", None)
            if close is not None:
                close()

    def embedder(self, content: Mapping[str, Any] | str) -> Embedder:
        """The embedder of a name, or of the `embed` group of a knowledge base. Raises what making it raises."""
        settings = EmbedderSettings(content) if isinstance(content, str) else self._embedder_settings(content)
        with self._lock:
            if settings not in self._embedders:
                self._embedders[settings] = make_embedder(settings, place=self._place)
            return self._embedders[settings]

    def open(self, index: Json, knowledge: Json, variants_by: Json = None, /) -> "OpenKnowledge":
        """An index with everything that searching it needs; see `OpenIndex`. Raises what opening it raises."""
        content = cast("dict[str, Any]", knowledge)
        search = content["search"]
        closing: list[Close] = []
        embedder = self.embedder(content["embed"])
        aids = self._aids(search, closing)
        if variants_by is not None:
            model = self._model(search["variants_by"], variants_by, closing)
            aids = replace(aids, paraphraser=ModelParaphraser(model))
        opened = self._opened(Snapshot.from_json(index), content, embedder)
        return OpenKnowledge(opened, embedder, RetrieverSettings.of(search), aids=aids, closing=closing)

    def prepare(self, index: Json, knowledge: Json) -> None:
        """Make an index ready to be opened. Raises what opening it raises: an engine that is not there is told here."""
        content = cast("dict[str, Any]", knowledge)
        self._opened(Snapshot.from_json(index), content, self.embedder(content["embed"])).close()

    def _opened(self, snapshot: Snapshot, knowledge: Mapping[str, Any], embedder: Embedder) -> Index:
        return open_index(snapshot, self._blobs(), self._engines.of(snapshot, knowledge, embedder), embedder)

    def _embedder_settings(self, content: Mapping[str, Any]) -> EmbedderSettings:
        reference = content.get("api_key")
        if reference is None and is_remote_embedder(content["model"]):
            usual = default_key_reference(content["model"])
            reference = f"${{env:{usual}}}" if usual else None
        return EmbedderSettings.of(content, api_key=self._secret(reference))

    def _aids(self, search: Mapping[str, Any], closing: list[Close]) -> Aids:
        """What helps a search; what of it must be closed is added to `closing`."""
        reranker = search.get("reranker")
        return Aids(
            thesaurus=_thesaurus(search.get("thesaurus"), search.get("synonyms") or []),
            reranker=None if reranker is None else self._reranker(reranker, closing),
            likeness=WordLikeness(self.embedder(STATIC)),
            narrowing=Narrowing(self.embedder(STATIC)) if search.get("narrow") else None,
        )

    @asynccontextmanager
    async def opened_route(self, name: str, route: Json) -> AsyncIterator[ChatModel]:
        """The model of a route, from the content of its version, with connections of its own that are closed.

        Raises what making it raises, and RouteWritesNothingError for one that makes vectors.
        """
        closing: list[Close] = []
        model = self._model(name, route, closing)
        async with AsyncExitStack() as stack:
            for close in closing:
                stack.push_async_callback(close)
            yield model

    def _model(self, name: str, route: Json, closing: list[Close]) -> ChatModel:
        routes = RouteMaker(self._settings, partial(self.embedder, STATIC), self._place.folder)
        model = routes.route(name, route).model
        if model is None:
            raise RouteWritesNothingError(name)
        closing += (routes.close, model.close)
        return model

    def _reranker(self, content: Mapping[str, Any], closing: list[Close]) -> Reranker:
        reference = content.get("api_key")
        if reference is None:
            usual = reranker_key_reference(content["model"])
            reference = f"${{env:{usual}}}" if usual else None
        settings = RerankerSettings.of(content, api_key=self._secret(reference))
        client = Client()
        reranker = make_reranker(settings, place=self._place, client=client)
        closing += (client.close, reranker.close)
        return reranker

    def _secret(self, reference: str | None) -> str | None:
        return None if reference is None else self._settings.resolve(reference, where="knowledge")


class OpenKnowledge:
    """An open index with everything that searching it needs, which it closes too."""

    def __init__(
        self,
        index: Index,
        embedder: Embedder,
        settings: RetrieverSettings,
        *,
        aids: Aids,
        closing: Sequence[Close] = (),
    ) -> None:
        """`closing` are called in the end, the last first."""
        self._index = index
        self._embedder = embedder
        self._settings = settings
        self.aids = aids
        self._closing = list(closing)
        self._retriever = Retriever(index, embedder, settings, aids=aids)

    async def retrieve(self, question: str, scope: Scope, paraphraser: Paraphraser | None = None) -> Retrieval:
        """See Searcher."""
        retriever = self._retriever
        if paraphraser is not None:
            aids = replace(self.aids, paraphraser=paraphraser)
            retriever = Retriever(self._index, self._embedder, self._settings, aids=aids)
        return await retriever.retrieve(question, scope)

    async def close(self) -> None:
        """Close everything, once, also where one of them cannot be closed; searches that are running still finish."""
        closing, self._closing = self._closing, []
        async with AsyncExitStack() as stack:
            for close in closing:
                stack.push_async_callback(close)
            stack.push_async_callback(asyncio.to_thread, self._index.close)


def _thesaurus(named: str | None, own: Sequence[Mapping[str, Any]]) -> Thesaurus | None:
    """What a knowledge base names, with what it says itself; None where it does neither."""
    parts = [builtin_thesaurus(named)] if named else []
    if own:
        parts.append(read_thesaurus(msgspec.json.encode({"groups": own})))
    return Thesaurus(tuple(group for part in parts for group in part.groups)) if parts else None
