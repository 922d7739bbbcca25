"""Versions in the database, their content as blobs. Rows are only ever added."""

from collections.abc import Sequence

from msgspec import json
from sqlalchemy import Column, ColumnElement, Connection, Integer, MetaData, RowMapping, Table, Text, and_, func, select

from plimsoll.kernel.clock import from_text, to_text, utc_now
from plimsoll.kernel.digest import Digest, Json, canonical_json
from plimsoll.storage import Blobs, Database, conflict_insert

from ._errors import VersionMissingError
from ._types import Kind, Publication, Version, VersionRef

_metadata = MetaData()

_version = Table(
    "artifact_version",
    _metadata,
    Column("app", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("source_commit", Text, nullable=False),
)
_parent = Table(
    "version_parent",
    _metadata,
    Column("app", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("parent_kind", Text, primary_key=True),
    Column("parent_name", Text, primary_key=True),
    Column("parent_digest", Text, primary_key=True),
)


class Registry:
    """The versions of every artifact of every application of this installation."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    def publish(
        self, app: str, publications: Sequence[Publication], *, author: str, source_commit: str
    ) -> tuple[Version, ...]:
        """Make each content a version, or find the version that it already is; all of them in one transaction.

        Parents must be versions already, or come earlier in `publications`. Content is written before its row, so a
        crash leaves at most content that nobody names.
        """
        digests = [self._blobs.put(canonical_json(publication.content)) for publication in publications]
        with self._database.write() as connection:
            return tuple(
                _publish(connection, app, publication, digest, (author, source_commit))
                for publication, digest in zip(publications, digests, strict=True)
            )

    def content(self, digest: Digest) -> Json:
        """The content of a version. Raises IntegrityError when it was changed on disk."""
        value: Json = json.decode(self._blobs.get(digest))
        return value

    def version(self, app: str, ref: VersionRef) -> Version:
        """The record of a version. Raises VersionMissingError."""
        with self._database.read() as connection:
            row = connection.execute(select(_version).where(_matches(app, ref))).mappings().first()
        if row is None:
            raise VersionMissingError(app, ref.kind, ref.name, ref.digest)
        return _to_version(row)

    def versions(self, app: str, *, kind: Kind | None = None, name: str | None = None) -> tuple[Version, ...]:
        """All versions, by kind and name, newest first."""
        query = select(_version).where(_version.c.app == app)
        if kind is not None:
            query = query.where(_version.c.kind == kind)
        if name is not None:
            query = query.where(_version.c.name == name)
        query = query.order_by(_version.c.kind, _version.c.name, _version.c.number.desc())
        with self._database.read() as connection:
            return tuple(_to_version(row) for row in connection.execute(query).mappings())

    def find(self, app: str, key: str, number: int | None = None) -> Version:
        """A version by `kind:name` and number, or the newest one. Raises VersionMissingError."""
        kind, _, name = key.partition(":")
        query = select(_version).where(_version.c.app == app, _version.c.kind == kind, _version.c.name == name)
        if number is not None:
            query = query.where(_version.c.number == number)
        with self._database.read() as connection:
            row = connection.execute(query.order_by(_version.c.number.desc()).limit(1)).mappings().first()
        if row is None:
            raise VersionMissingError(app, kind, name, "" if number is None else f"version {number}")
        return _to_version(row)

    def parents(self, app: str, ref: VersionRef) -> tuple[VersionRef, ...]:
        """The versions from which a version was made, of all times that it was made."""
        query = select(_parent.c.parent_kind, _parent.c.parent_name, _parent.c.parent_digest).where(
            _parent.c.app == app,
            _parent.c.kind == ref.kind,
            _parent.c.name == ref.name,
            _parent.c.digest == ref.digest,
        )
        with self._database.read() as connection:
            return tuple(VersionRef(*row) for row in connection.execute(query.order_by(*query.selected_columns)))


def _matches(app: str, ref: VersionRef) -> ColumnElement[bool]:
    return and_(
        _version.c.app == app,
        _version.c.kind == ref.kind,
        _version.c.name == ref.name,
        _version.c.digest == ref.digest,
    )


def _publish(
    connection: Connection, app: str, publication: Publication, digest: Digest, origin: tuple[str, str]
) -> Version:
    ref = VersionRef(publication.kind, publication.name, digest)
    row = connection.execute(select(_version).where(_matches(app, ref))).mappings().first()
    if row is not None:
        _insert_parents(connection, app, ref, publication.parents)
        return _to_version(row)
    highest = select(func.max(_version.c.number)).where(
        _version.c.app == app, _version.c.kind == ref.kind, _version.c.name == ref.name
    )
    author, source_commit = origin
    version = Version(
        app=app,
        kind=ref.kind,
        name=ref.name,
        number=(connection.scalar(highest) or 0) + 1,
        digest=digest,
        created_at=utc_now(),
        author=author,
        source_commit=source_commit,
    )
    _insert(connection, version)
    _insert_parents(connection, app, ref, publication.parents)
    return version


def _insert(connection: Connection, version: Version) -> None:
    connection.execute(
        _version.insert().values(
            app=version.app,
            kind=version.kind,
            name=version.name,
            number=version.number,
            digest=version.digest,
            created_at=to_text(version.created_at),
            author=version.author,
            source_commit=version.source_commit,
        )
    )


def _insert_parents(connection: Connection, app: str, ref: VersionRef, parents: Sequence[VersionRef]) -> None:
    """Edges are only ever added: the same content may be made again from other parents."""
    edges = [
        {
            "app": app,
            "kind": ref.kind,
            "name": ref.name,
            "digest": ref.digest,
            "parent_kind": parent.kind,
            "parent_name": parent.name,
            "parent_digest": parent.digest,
        }
        for parent in parents
    ]
    if edges:
        connection.execute(conflict_insert(_parent).on_conflict_do_nothing(), edges)


def _to_version(row: RowMapping) -> Version:
    return Version(**{**row, "created_at": from_text(row["created_at"])})
