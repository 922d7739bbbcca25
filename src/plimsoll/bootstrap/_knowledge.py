"""From the contents of an index version and its knowledge version to something that can be searched."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from plimsoll.http import Client
from plimsoll.kernel.digest import Json
from plimsoll.models import Embedder
from plimsoll.models.catalogue import (
    Place,
    default_key_reference,
    is_remote_embedder,
    make_embedder,
    make_reranker,
    reranker_key_reference,
)
from plimsoll.models.embedders import EmbedderSettings
from plimsoll.models.rerankers import RerankerSettings
from plimsoll.retrieval import Index, Snapshot, open_index
from plimsoll.retrieval.search import Aids, Retriever, RetrieverSettings, WordLikeness
from plimsoll.retrieval.search.narrowing import Narrowing
from plimsoll.retrieval.signals import Thesaurus, builtin_thesaurus, read_thesaurus
from plimsoll.settings import Settings
from plimsoll.storage import Blobs

from ._engines import Engines

STATIC: Final = "builtin/static"


class KnowledgeMaker:
    """Makes embedders and opens indexes; each embedder is loaded once. Relative paths begin at `folder`."""

    def __init__(self, settings: Settings, folder: Path, blobs: Callable[[], Blobs], engines: Engines) -> None:
        self._settings = settings
        self._place = Place(folder, settings.workers)
        self._blobs = blobs
        self._engines = engines
        self._embedders: dict[EmbedderSettings, Embedder] = {}

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
        if settings not in self._embedders:
            self._embedders[settings] = make_embedder(settings, place=self._place)
        return self._embedders[settings]

    def open(self, index: Json, knowledge: Json) -> Retriever:
        """An index with everything that searching it needs. Raises what opening it raises."""
        content = cast("dict[str, Any]", knowledge)
        embedder = self.embedder(content["embed"])
        opened = self._opened(Snapshot.from_json(index), content, embedder)
        return Retriever(opened, embedder, RetrieverSettings.of(content["search"]), aids=self._aids(content["search"]))

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

    def _aids(self, search: Mapping[str, Any]) -> Aids:
        reranker = search.get("reranker")
        return Aids(
            thesaurus=_thesaurus(search.get("thesaurus"), search.get("synonyms") or []),
            reranker=None if reranker is None else self._reranker(reranker),
            likeness=WordLikeness(self.embedder(STATIC)),
            narrowing=Narrowing(self.embedder(STATIC)) if search.get("narrow") else None,
        )

    def _reranker(self, content: Mapping[str, Any]) -> Any:
        reference = content.get("api_key")
        if reference is None:
            usual = reranker_key_reference(content["model"])
            reference = f"${{env:{usual}}}" if usual else None
        settings = RerankerSettings.of(content, api_key=self._secret(reference))
        return make_reranker(settings, place=self._place, client=Client())

    def _secret(self, reference: str | None) -> str | None:
        return None if reference is None else self._settings.resolve(reference, where="knowledge")


def _thesaurus(named: str | None, own: Sequence[Mapping[str, Any]]) -> Thesaurus | None:
    """What a knowledge base names, with what it says itself; None where it does neither."""
    parts = [builtin_thesaurus(named)] if named else []
    if own:
        parts.append(read_thesaurus(msgspec.json.encode({"groups": own})))
    return Thesaurus(tuple(group for part in parts for group in part.groups)) if parts else None
