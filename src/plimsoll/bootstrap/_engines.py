"""Which engine answers searches over a snapshot, where it keeps what it derives, and every place where one ever did."""

import fcntl
import shutil
import threading
from collections.abc import Callable, Collection, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal

from plimsoll.kernel.digest import Digest, digest_json, hex_part
from plimsoll.kernel.errors import InvalidError
from plimsoll.models import Embedder
from plimsoll.retrieval import Indexes, Snapshot
from plimsoll.retrieval.engines import EngineMissingError
from plimsoll.retrieval.engines.embedded import EmbeddedIndexes, IndexFolder
from plimsoll.retrieval.engines.lance import LanceIndexes, place_name
from plimsoll.retrieval.engines.pgvector import SCHEMA_PREFIX, PgvectorIndexes, PgvectorStore, schema_name
from plimsoll.settings import BucketSettings, Settings
from plimsoll.storage import Database, PostgresPlace
from plimsoll.storage.bucket import BucketClient, Patience

from ._blobs import bucket_place, lance_options

Engine = Literal["embedded", "lance", "pgvector"]

EMBEDDED_UP_TO: Final = 1_000_000
"""Chunks up to which nothing but files of this machine is chosen by size."""
_IN_BUCKET: Final = "indexes"
_WHOLE: Final = "/chunks.lance/_versions/"
"""In the names of what says that a dataset is there, and what of it."""
_ANY_DIMENSION: Final = 1
_CHARACTERS: Final = 12
_HAS_VECTOR: Final = """
    SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') OR EXISTS (
        SELECT FROM pg_available_extension_versions v JOIN pg_roles r ON r.rolname = current_user
        WHERE v.name = 'vector'
          AND (r.rolsuper OR v.trusted AND has_database_privilege(current_database(), 'CREATE'))
    )
"""
_SCHEMAS: Final = f"""
    SELECT n.nspname FROM pg_namespace n WHERE starts_with(n.nspname, '{SCHEMA_PREFIX}')
       AND EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'snapshot')
    ORDER BY 1
"""  # noqa: S608  # put together from a constant


class EngineUnusableError(InvalidError):
    """An engine was chosen that this installation has no place for."""

    code = "engine_unusable"

    def __init__(self, engine: str, reason: str, remedy: str) -> None:
        super().__init__(
            f"the index engine {engine} cannot be used: {reason}",
            hint=f"{remedy}, or choose another engine (PLIMSOLL_INDEX, or `index` of the knowledge base)",
        )


class Engines:
    """The engines of an installation.

    `records` is asked only where records are in PostgreSQL; `app` names the application whose knowledge bases are
    opened. What a snapshot is answered by changes no answer.
    """

    def __init__(self, settings: Settings, records: Callable[[], Database], app: Callable[[], str]) -> None:
        self._settings = settings
        self._records = records
        self._app = app
        self._stores: dict[str, PgvectorStore] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Give back all connections."""
        with self._lock:
            while self._stores:
                self._stores.popitem()[1].close()

    def choose(self, snapshot: Snapshot, knowledge: Mapping[str, Any]) -> Engine:
        """What the knowledge base says, or else the installation; `auto` goes by the size of the snapshot."""
        chosen: Engine | Literal["auto"] = knowledge.get("index", {}).get("engine") or self._settings.index
        if chosen != "auto":
            return chosen
        if snapshot.chunks <= EMBEDDED_UP_TO:
            return "embedded"
        if self._settings.database_url is not None and self._has_vector():
            return "pgvector"
        return "lance" if _has_lance() else "embedded"

    def require(self, engine: str | None) -> None:
        """Do nothing where an engine can be used; None is that of the installation. Raises what `of` raises."""
        wanted = engine or self._settings.index
        if wanted == "lance" and not _has_lance():
            raise EngineMissingError("lance", "lance")
        if wanted == "pgvector":
            self._require_vector()

    def of(self, snapshot: Snapshot, knowledge: Mapping[str, Any], embedder: Embedder) -> Indexes:
        """The engine for a snapshot of a knowledge base, with its place.

        Raises EngineMissingError when its package is not installed, EngineUnusableError when it has no place here, and
        UnavailableError when the server of that place cannot be used.
        """
        chosen = self.choose(snapshot, knowledge)
        self.require(chosen)
        if chosen == "embedded":
            return EmbeddedIndexes(self._folder, embedder.embed)
        name = self._name(snapshot, knowledge)
        if chosen == "lance":
            return self._lance(place_name(name, snapshot))
        return PgvectorIndexes(self._store(schema_name(name, snapshot), snapshot.dimension))

    def prune(self, keep: Collection[Digest], *, purge: bool = False) -> None:
        """Remove what any engine derived for other snapshots, wherever: of other embedders and earlier choices too.

        With `purge` nothing is left of documents that the kept snapshots do not have. Raises UnavailableError when a
        place cannot be changed.
        """
        IndexFolder(self._folder).prune(keep, purge=purge)
        for folder in _folders(self._lance_folder):
            _prune_folder(folder, keep, purge=purge)
        if isinstance(self._settings.blobs, BucketSettings):
            self._prune_bucket(self._settings.blobs, keep, purge=purge)
        if self._settings.database_url is not None:
            for schema in self._schemas():
                PgvectorIndexes(self._store(schema, _ANY_DIMENSION)).prune(keep, purge=purge)

    @property
    def _folder(self) -> Path:
        return self._settings.home / "indexes"

    @property
    def _lance_folder(self) -> Path:
        return self._settings.home / "lance"

    def _name(self, snapshot: Snapshot, knowledge: Mapping[str, Any]) -> str:
        """What snapshots share that are likely to share documents: the application, its sources, how they are cut."""
        shared = digest_json([knowledge.get("sources"), snapshot.chunker])
        return f"{self._app()} {hex_part(shared)[:_CHARACTERS]}"

    def _lance(self, name: str) -> LanceIndexes:
        bucket = self._settings.blobs
        if isinstance(bucket, BucketSettings):
            return LanceIndexes(_address(bucket, name), lance_options(bucket))
        return LanceIndexes(str(self._lance_folder / name))

    def _prune_bucket(self, bucket: BucketSettings, keep: Collection[Digest], *, purge: bool) -> None:
        client = BucketClient(bucket_place(bucket), Patience())
        if _has_lance():
            for name in sorted({_place(each) for each in _objects(client)}):
                LanceIndexes(_address(bucket, name), lance_options(bucket)).prune(keep, purge=purge)
        if not purge:
            return
        # Looked at twice, because the first thing that is written of a dataset says that it is there.
        there = _objects(client)
        whole = {_place(each) for each in _objects(client) if _WHOLE in each} if _has_lance() else set()
        for each in there:
            if _place(each) not in whole:
                client.delete(each)

    def _store(self, schema: str, dimension: int) -> PgvectorStore:
        """The tables of a schema; there is one pool of connections for each."""
        with self._lock:
            if schema not in self._stores:
                place = PostgresPlace(self._settings.database_url or "", schema)
                self._stores[schema] = PgvectorStore(place, dimension)
            return self._stores[schema]

    def _schemas(self) -> list[str]:
        with self._records().read() as connection:
            return [str(row[0]) for row in connection.exec_driver_sql(_SCHEMAS)]

    def _has_vector(self) -> bool:
        with self._records().read() as connection:
            return bool(connection.exec_driver_sql(_HAS_VECTOR).scalar_one())

    def _require_vector(self) -> None:
        if self._settings.database_url is None:
            raise EngineUnusableError("pgvector", "records are not in PostgreSQL", "name a server in PLIMSOLL_DATABASE")
        if not self._has_vector():
            reason = "the PostgreSQL server of PLIMSOLL_DATABASE has no extension `vector`"
            raise EngineUnusableError("pgvector", reason, "install pgvector there, and `CREATE EXTENSION vector`")


def _has_lance() -> bool:
    return find_spec("lance") is not None


def _prune_folder(folder: Path, keep: Collection[Digest], *, purge: bool) -> None:
    if _has_lance():
        LanceIndexes(str(folder)).prune(keep, purge=purge)
    if purge:
        # Without the package, or after a removal that was killed, nobody can tell what is whose; all can be derived.
        with (folder / ".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not _has_lance() or not any(folder.glob(f"{_WHOLE.strip('/')}/*")):
                shutil.rmtree(folder)


def _folders(root: Path) -> list[Path]:
    return [path for path in sorted(root.iterdir()) if path.is_dir()] if root.is_dir() else []


def _address(bucket: BucketSettings, name: str) -> str:
    return f"{bucket.url.rstrip('/')}/{_IN_BUCKET}/{name}"


def _objects(client: BucketClient) -> list[str]:
    return [kept.name for kept in client.listed(_IN_BUCKET) if kept.name.count("/") > 1]


def _place(name: str) -> str:
    """The name of the place to which an object belongs."""
    return name.split("/")[1]
