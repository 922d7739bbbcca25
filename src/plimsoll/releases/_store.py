"""Releases, working drafts and environments in the database; manifests as blobs."""

from contextlib import suppress
from typing import Any

from msgspec import convert, json
from sqlalchemy import Column, Connection, Integer, MetaData, RowMapping, Table, Text, select

from plimsoll.kernel.clock import from_text, to_text, utc_now
from plimsoll.kernel.digest import Digest, canonical_json, hex_part, short_name
from plimsoll.kernel.errors import IntegrityError
from plimsoll.storage import Blobs, Database, conflict_insert

from ._errors import (
    AlreadyLiveError,
    NoEarlierReleaseError,
    NothingBuiltError,
    NothingLiveError,
    ReleaseAmbiguousError,
    ReleaseMissingError,
)
from ._history import rollback_target
from ._types import Environment, EnvironmentMove, Evidence, Manifest, Move, Release

_metadata = MetaData()

_release = Table(
    "release",
    _metadata,
    Column("digest", Text, primary_key=True),
    Column("app", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("source_commit", Text, nullable=False),
)
_application = Table(
    "application",
    _metadata,
    Column("app", Text, primary_key=True),
    Column("root", Text, nullable=False),
)
_draft = Table(
    "working_draft",
    _metadata,
    Column("app", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("built_at", Text, nullable=False),
)
_environment = Table(
    "environment",
    _metadata,
    Column("app", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("live", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
)
_move = Table(
    "environment_move",
    _metadata,
    Column("sequence", Integer, primary_key=True),
    Column("app", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("move", Text, nullable=False),
    Column("from_release", Text),
    Column("to_release", Text, nullable=False),
    Column("moved_at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
)


class Releases:
    """Every release of this installation, and the environments that point at them."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    def claim(self, app: str, root: str, *, take_over: bool = False) -> str | None:
        """Note which project folder an application belongs to.

        Gives the other folder back when it belongs to one already, and changes nothing unless told to take it over.
        """
        with self._database.write() as connection:
            owner = connection.scalar(select(_application.c.root).where(_application.c.app == app))
            if owner is None:
                connection.execute(_application.insert().values(app=app, root=root))
            elif owner != root and take_over:
                connection.execute(_application.update().where(_application.c.app == app).values(root=root))
        return None if owner in {None, root} else owner

    def keep_draft(self, draft: Manifest) -> None:
        """Make a draft the working build of its application."""
        digest = self._blobs.put(canonical_json(draft.to_json()))
        values = {"digest": digest, "built_at": to_text(utc_now())}
        with self._database.write() as connection:
            connection.execute(
                conflict_insert(_draft)
                .values(app=draft.app, **values)
                .on_conflict_do_update(index_elements=["app"], set_=values)
            )

    def working_draft(self, app: str) -> Manifest:
        """What the last build made. Raises NothingBuiltError."""
        with self._database.read() as connection:
            digest = connection.scalar(select(_draft.c.digest).where(_draft.c.app == app))
        if digest is None:
            raise NothingBuiltError(app)
        return self.manifest(digest)

    def in_use(self) -> tuple[Manifest, ...]:
        """The manifests that somebody may ask at any moment: working drafts and live releases of all applications.

        One that is damaged is left out: it cannot be asked either.
        """
        with self._database.read() as connection:
            drafts = connection.scalars(select(_draft.c.digest)).all()
            live = connection.scalars(select(_environment.c.live)).all()
        manifests = []
        for digest in dict.fromkeys([*drafts, *live]):
            with suppress(IntegrityError):
                manifests.append(self.manifest(digest))
        return tuple(manifests)

    def manifest(self, digest: Digest) -> Manifest:
        """A release's or draft's manifest. Raises IntegrityError."""
        content = json.decode(self._blobs.get(digest))
        evidence = tuple(convert(item, Evidence) for item in content["evidence"])
        return Manifest(content["app"], content["artifacts"], evidence)

    def keep_release(self, manifest: Manifest, *, author: str, source_commit: str) -> Release:
        """Make a manifest a release; the same manifest again is the same release."""
        digest = self._blobs.put(canonical_json(manifest.to_json()))
        values = {
            "digest": digest,
            "app": manifest.app,
            "created_at": to_text(utc_now()),
            "author": author,
            "source_commit": source_commit,
        }
        with self._database.write() as connection:
            connection.execute(conflict_insert(_release).values(values).on_conflict_do_nothing())
        return self.release(manifest.app, digest)

    def release(self, app: str, name: str) -> Release:
        """A release by its digest, the digits of one, or its short name. Raises ReleaseMissingError."""
        digits = hex_part(name).removeprefix("r-")
        releases = _release.c
        query = select(_release).where(
            releases.app == app, releases.digest.startswith(f"sha256:{digits}", autoescape=True)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        if not digits or not rows:
            raise ReleaseMissingError(app, name)
        if len(rows) > 1:
            raise ReleaseAmbiguousError(name, len(rows))
        return self._to_release(rows[0])

    def releases(self, app: str) -> tuple[Release, ...]:
        """Every release of an application, newest first."""
        query = select(_release).where(_release.c.app == app).order_by(_release.c.created_at.desc(), _release.c.digest)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(self._to_release(row) for row in rows)

    def ship(self, release: Release, environment: str, *, actor: str, reason: str) -> EnvironmentMove:
        """Make a release live in an environment, in one transaction. Raises AlreadyLiveError."""
        app = release.manifest.app
        with self._database.write() as connection:
            live = _live(connection, app, environment)
            if live == release.manifest.digest:
                raise AlreadyLiveError(release.manifest.name, environment)
            return _point(connection, (app, environment), (live, release.manifest.digest), ("ship", actor, reason))

    def roll_back(self, app: str, environment: str, *, actor: str, reason: str) -> EnvironmentMove:
        """Make the release live that was shipped before the live one, in one transaction.

        Raises NothingLiveError and NoEarlierReleaseError.
        """
        with self._database.write() as connection:
            live = _live(connection, app, environment)
            if live is None:
                raise NothingLiveError(app, environment)
            target = rollback_target(_moves(connection, app, environment))
            if target is None:
                raise NoEarlierReleaseError(app, environment)
            return _point(connection, (app, environment), (live, target), ("rollback", actor, reason))

    def live(self, app: str, environment: str) -> Digest:
        """The digest of the release that is live now. Raises NothingLiveError."""
        with self._database.read() as connection:
            live = _live(connection, app, environment)
        if live is None:
            raise NothingLiveError(app, environment)
        return live

    def environments(self, app: str | None = None) -> tuple[Environment, ...]:
        """The environments in which something is live, of one application or of all."""
        query = (
            select(_environment, _move.c.moved_at, _move.c.actor)
            .join(_move, _move.c.sequence == _environment.c.sequence)
            .order_by(_environment.c.app, _environment.c.name)
        )
        if app is not None:
            query = query.where(_environment.c.app == app)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(_to_environment(row) for row in rows)

    def moves(self, app: str | None = None, *, environment: str | None = None) -> tuple[EnvironmentMove, ...]:
        """Every move there was, oldest first."""
        with self._database.read() as connection:
            return _moves(connection, app, environment)

    def _to_release(self, row: RowMapping) -> Release:
        return Release(
            manifest=self.manifest(row["digest"]),
            created_at=from_text(row["created_at"]),
            author=row["author"],
            source_commit=row["source_commit"],
        )


def _live(connection: Connection, app: str, environment: str) -> Digest | None:
    query = select(_environment.c.live).where(_environment.c.app == app, _environment.c.name == environment)
    return connection.scalar(query)


def _moves(connection: Connection, app: str | None, environment: str | None) -> tuple[EnvironmentMove, ...]:
    query = select(_move).order_by(_move.c.sequence)
    if app is not None:
        query = query.where(_move.c.app == app)
    if environment is not None:
        query = query.where(_move.c.environment == environment)
    return tuple(_to_move(row) for row in connection.execute(query).mappings())


def _point(
    connection: Connection,
    place: tuple[str, str],
    releases: tuple[Digest | None, Digest],
    deed: tuple[Move, str, str],
) -> EnvironmentMove:
    """Add the move and set the pointer; the caller's transaction makes them one."""
    app, environment = place
    from_release, to_release = releases
    move, actor, reason = deed
    values: dict[str, Any] = {
        "app": app,
        "environment": environment,
        "move": move,
        "from_release": from_release,
        "to_release": to_release,
        "moved_at": to_text(utc_now()),
        "actor": actor,
        "reason": reason,
    }
    sequence = connection.execute(_move.insert().values(values).returning(_move.c.sequence)).scalar_one()
    pointer = {"live": to_release, "sequence": sequence}
    connection.execute(
        conflict_insert(_environment)
        .values(app=app, name=environment, **pointer)
        .on_conflict_do_update(index_elements=["app", "name"], set_=pointer)
    )
    return EnvironmentMove(**{**values, "sequence": sequence, "moved_at": from_text(values["moved_at"])})


def _to_move(row: RowMapping) -> EnvironmentMove:
    return EnvironmentMove(**{**row, "moved_at": from_text(row["moved_at"])})


def _to_environment(row: RowMapping) -> Environment:
    return Environment(
        app=row["app"],
        name=row["name"],
        live=row["live"],
        live_name=short_name("r", row["live"]),
        moved_at=from_text(row["moved_at"]),
        actor=row["actor"],
    )
