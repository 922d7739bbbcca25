"""The composition root: the only place where concrete parts are chosen and joined."""

from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import Any, cast

from plimsoll.evaluation import Runs
from plimsoll.flows.build import BuildParts, OnProgress
from plimsoll.flows.serve import Searcher, ServeParts
from plimsoll.flows.ship import EvaluateParts, FreezeParts, Mover
from plimsoll.kernel.digest import Json
from plimsoll.kernel.errors import ConflictError, PlimsollError
from plimsoll.models import ChatModel, Embedder, RouteSettings, default_key_reference, make_chat_model, make_embedder
from plimsoll.pipelines import StageCache
from plimsoll.project import AppDefinition, load_app, source_commit
from plimsoll.registry import Registry, Version, VersionRef
from plimsoll.releases import Manifest, Releases
from plimsoll.retrieval import Snapshot, open_index, prune_indexes, write_segment
from plimsoll.settings import Settings
from plimsoll.storage import BlobFolder, Database
from plimsoll.storage.migrations.cache import CACHE
from plimsoll.storage.migrations.records import RECORDS
from plimsoll.storage.migrations.traces import TRACES
from plimsoll.tracing import BatchedRecorder, Traces


class AppTakenError(ConflictError):
    """Another project keeps its records under the same name in the same place."""

    code = "app_taken"

    def __init__(self, app: str, owner: Path, home: Path) -> None:
        super().__init__(
            f"the project in {owner} is called {app} too, and keeps its records in {home}",
            hint="give one of the two another `name` in plimsoll.yaml, or another PLIMSOLL_HOME",
        )


DEFAULT_EMBEDDER = "builtin/static"


class Platform:
    """The records and engines of one installation. Everything is opened when it is first used."""

    def __init__(self, settings: Settings, project: Path) -> None:
        self.settings = settings
        self._project = project
        self._open: list[Callable[[], None]] = []
        self._embedders: dict[str, Embedder] = {}

    @cached_property
    def app(self) -> str:
        """The application of the project folder. Raises ProjectInvalidError."""
        return self._definition.name

    @property
    def environments(self) -> tuple[str, ...]:
        """The environments that the project declares."""
        return self._definition.environments

    @cached_property
    def _definition(self) -> AppDefinition:
        # plimsoll.yaml alone: a mistake in another file must not keep anybody from rolling back or serving.
        return load_app(self._project)

    @cached_property
    def source_commit(self) -> str:
        """The commit of the project folder."""
        return source_commit(self._project)

    @cached_property
    def registry(self) -> Registry:
        """Versions of artifacts."""
        return Registry(self._records, self._blobs)

    @cached_property
    def releases(self) -> Releases:
        """Releases and environments."""
        return Releases(self._records, self._blobs)

    @cached_property
    def runs(self) -> Runs:
        """Evaluation runs."""
        return Runs(self._blobs)

    @cached_property
    def traces(self) -> Traces:
        """Traces that were written."""
        hint = "move it away: new traces go to a new file, and the old ones may be restored from a backup"
        return Traces(self._database("traces.db", TRACES, if_damaged=hint))

    @cached_property
    def recorder(self) -> BatchedRecorder:
        """Where new traces go."""
        recorder = BatchedRecorder(self.traces.write)
        self._open.append(recorder.close)
        return recorder

    def build_parts(self, on_progress: OnProgress) -> BuildParts:
        """What the build needs."""
        self._blobs.remove_partial()
        return BuildParts(
            registry=self.registry,
            releases=self.releases,
            cache=StageCache(self._database("cache.db", CACHE, if_damaged="delete it: it only saves work")),
            write_segment=partial(write_segment, self._blobs),
            has_segment=self._blobs.has,
            make_embedder=self.embedder,
            prepare_index=lambda content, embedder: self._open_index(content, embedder).close(),
            prune_indexes=partial(prune_indexes, self.settings.home / "indexes"),
            workers=self.settings.workers,
            author=self.settings.actor,
            source_commit=self.source_commit,
            claim=self._claim,
            on_progress=on_progress,
        )

    def serve_parts(self) -> ServeParts:
        """What serving needs."""
        return ServeParts(
            registry=self.registry,
            releases=self.releases,
            recorder=self.recorder,
            open_index=self._open_index,
            make_model=self._chat_model,
        )

    def evaluate_parts(self) -> EvaluateParts:
        """What running suites needs."""
        return EvaluateParts(self.serve_parts(), self.runs)

    def freeze_parts(self) -> FreezeParts:
        """What making a release needs."""
        return FreezeParts(self.releases, self.runs, self.settings.actor, self.source_commit)

    def mover(self, reason: str) -> Mover:
        """Who moves pointers."""
        return Mover(self.releases, self.settings.actor, reason)

    def versions_of(self, manifest: Manifest) -> tuple[Version, ...]:
        """The record of every version in a manifest, by kind and name."""
        refs = [VersionRef.from_key(key, manifest.artifacts[key]) for key in sorted(manifest.artifacts)]
        return tuple(self.registry.version(manifest.app, ref) for ref in refs)

    def embedder(self, name: str) -> Embedder:
        """An embedder, loaded once."""
        if name not in self._embedders:
            self._embedders[name] = make_embedder(name)
        return self._embedders[name]

    def check_routes(self, manifest: Manifest) -> None:
        """Raises SecretMissingError when a route of a release or draft needs a secret that is not set."""
        for key, digest in manifest.artifacts.items():
            kind, _, name = key.partition(":")
            if kind == "route":
                self._route_settings(name, self.registry.content(digest))

    def close(self) -> None:
        """Write what is waiting and give everything back, the latest first."""
        while self._open:
            self._open.pop()()

    def _claim(self, app: str) -> None:
        """Keep two projects of one name apart. A folder that is gone, or has another name now, holds no name."""
        project = str(self._project)
        owner = self.releases.claim(app, project)
        # Records inside the project folder are its own, also when the folder is a copy of another that is still there.
        shared = self._project not in self.settings.home.parents
        if owner is not None and shared and _has_app(Path(owner), app):
            raise AppTakenError(app, Path(owner), self.settings.home)
        if owner is not None:
            self.releases.claim(app, project, take_over=True)

    @cached_property
    def _records(self) -> Database:
        hint = "restore the file from a backup"
        return self._database("records.db", RECORDS, durability="full", if_damaged=hint)

    @cached_property
    def _blobs(self) -> BlobFolder:
        return BlobFolder(self.settings.home / "blobs")

    def _database(self, name: str, migrations: Any, *, if_damaged: str = "", durability: Any = "normal") -> Database:
        path = self.settings.home / name
        database = Database(path, migrations, durability=durability, if_damaged=if_damaged)
        self._open.append(database.close)
        return database

    def _open_index(self, content: Json, embedder: str) -> Searcher:
        folder = self.settings.home / "indexes"
        return open_index(Snapshot.from_json(content), self._blobs, folder, self.embedder(embedder))

    def _chat_model(self, name: str, content: Json) -> ChatModel:
        return make_chat_model(self._route_settings(name, content), embedder=self.embedder(DEFAULT_EMBEDDER))

    def _route_settings(self, name: str, content: Json) -> RouteSettings:
        route = cast("dict[str, Any]", content)
        usual = default_key_reference(route["model"])
        reference = route["api_key"] or (f"${{env:{usual}}}" if usual else None)
        price = route["price"] or {}
        return RouteSettings(
            model=route["model"],
            base_url=route["base_url"],
            api_key=self.settings.resolve(reference, where=f"routes/{name}.yaml") if reference else None,
            timeout_s=route["timeout_s"],
            input_usd_per_million=price.get("input_usd_per_million"),
            output_usd_per_million=price.get("output_usd_per_million"),
        )


def _has_app(folder: Path, app: str) -> bool:
    try:
        return load_app(folder).name == app
    except PlimsollError:
        return False


def open_platform(settings: Settings, project: Path) -> Platform:
    """The platform of an installation, for a project folder; nothing is opened yet."""
    return Platform(settings, project)
