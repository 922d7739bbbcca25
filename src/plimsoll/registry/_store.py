"""Versions in the database, their content as blobs. A row and its ledger entry are one transaction."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from msgspec import json
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    RowMapping,
    Table,
    Text,
    and_,
    func,
    select,
)

from plimsoll.kernel.clock import from_text, to_text
from plimsoll.kernel.digest import Digest, Json, canonical_json
from plimsoll.ledger import Act, By, Claim, Ledger, Recorded
from plimsoll.storage import Blobs, Database

from ._errors import CircularLineageError, ReferencedError, VersionMissingError
from ._types import Kind, Publication, Version, VersionRef, check_kind, split_key

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
    Column("sequence", Integer, nullable=False),
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
    Column("sequence", Integer, nullable=False),
)
_CHILD = (_parent.c.kind, _parent.c.name, _parent.c.digest)
_PARENT = (_parent.c.parent_kind, _parent.c.parent_name, _parent.c.parent_digest)

_PER_QUERY = 100
_PER_PAGE = 1000

Guard = Callable[[Connection], None]
"""A check of another room, made inside the transaction that it guards; it raises to refuse."""


class Registry:
    """The versions of every artifact of every application of this installation."""

    def __init__(self, database: Database, blobs: Blobs, ledger: Ledger) -> None:
        self._database = database
        self._blobs = blobs
        self._ledger = ledger

    def publish(
        self, app: str, publications: Sequence[Publication], *, by: By, source_commit: str
    ) -> tuple[Version, ...]:
        """Make each content a version, or find the version that it already is; all of them in one transaction.

        Parents must be versions already, or come earlier in `publications`. Content is written before its row, so a
        crash leaves at most content that nobody names. Raises KindUnknownError, VersionMissingError for a parent that
        does not exist, and CircularLineageError for one that was made from the version.
        """
        for publication in publications:
            check_kind(publication.kind)
        refs = [
            VersionRef(publication.kind, publication.name, self._blobs.put(canonical_json(publication.content)))
            for publication in publications
        ]
        with self._database.write() as connection:
            batch = _Batch(connection, app)
            for publication, ref in zip(publications, refs, strict=True):
                batch.add(ref, publication.parents)
            if acts := batch.acts(by, source_commit):
                batch.write(self._ledger.append_all(connection, acts), by.actor, source_commit)
            return tuple(batch.version(ref) for ref in refs)

    def content(self, digest: Digest) -> Json:
        """The content of a version. Raises IntegrityError when it was changed on disk."""
        value: Json = json.decode(self._blobs.get(digest))
        return value

    def version(self, app: str, ref: VersionRef) -> Version:
        """The record of a version. Raises VersionMissingError."""
        with self._database.read() as connection:
            found = _find(connection, app, ref)
        if found is None:
            raise VersionMissingError(app, ref.kind, ref.name, ref.digest)
        return found

    def refuse_missing(self, connection: Connection, app: str, ref: VersionRef) -> None:
        """Raise VersionMissingError when there is no such version; for another room's transaction."""
        _must_find(connection, app, ref)

    def versions(
        self, app: str, *, kind: Kind | None = None, name: str | None = None, limit: int | None = None
    ) -> tuple[Version, ...]:
        """Versions by kind and name, newest first; all of them, or the first `limit`."""
        query = select(_version).where(_version.c.app == app)
        if kind is not None:
            query = query.where(_version.c.kind == kind)
        if name is not None:
            query = query.where(_version.c.name == name)
        query = query.order_by(_version.c.kind, _version.c.name, _version.c.number.desc()).limit(limit)
        with self._database.read() as connection:
            return tuple(_to_version(row) for row in connection.execute(query).mappings())

    def find(self, app: str, key: str, number: int | None = None) -> Version:
        """A version by `kind:name` and number, or the newest one. Raises VersionMissingError and InvalidError."""
        kind, name = split_key(key)
        query = select(_version).where(_version.c.app == app, _version.c.kind == kind, _version.c.name == name)
        if number is not None:
            query = query.where(_version.c.number == number)
        return self._first(app, key, query, "" if number is None else f"version {number}")

    def by_digest(self, app: str, key: str, digest: Digest) -> Version:
        """A version by `kind:name` and the first digits of its digest, the newest that fits. Raises NotFoundError."""
        kind, name = split_key(key)
        rows = _version.c
        query = select(_version).where(
            rows.app == app, rows.kind == kind, rows.name == name, rows.digest >= digest, rows.digest < digest + "g"
        )
        return self._first(app, key, query, digest)

    def parents(self, app: str, ref: VersionRef) -> tuple[VersionRef, ...]:
        """The versions from which a version was made, of all times that it was made."""
        return self.parents_of(app, [ref])[ref]

    def parents_of(self, app: str, refs: Iterable[VersionRef]) -> dict[VersionRef, tuple[VersionRef, ...]]:
        """The parents of each of many versions; one query for a hundred of them."""
        with self._database.read() as connection:
            return _neighbours(connection, app, list(refs), _CHILD, _PARENT)

    def children_of(self, app: str, refs: Iterable[VersionRef]) -> dict[VersionRef, tuple[VersionRef, ...]]:
        """The versions that were made from each of many versions."""
        with self._database.read() as connection:
            return _neighbours(connection, app, list(refs), _PARENT, _CHILD)

    def edges(self, app: str) -> Iterator[tuple[VersionRef, VersionRef]]:
        """Every version that has a parent, with that parent."""
        query = select(*_CHILD, *_PARENT).where(_parent.c.app == app).order_by(*_CHILD, *_PARENT)
        with self._database.read() as connection:
            for kind, name, digest, *parent in connection.execute(query):
                yield VersionRef(kind, name, digest), VersionRef(*parent)

    def apps(self) -> tuple[str, ...]:
        """Every application that has a version."""
        with self._database.read() as connection:
            return tuple(connection.scalars(select(_version.c.app).distinct().order_by(_version.c.app)))

    def collect(self, app: str, refs: Sequence[VersionRef], *, by: By, guard: Guard) -> None:
        """Remove versions that nothing refers to, and write down which; their content is for the caller to remove.

        `guard` is called inside the transaction, to refuse for the rooms that name versions. The newest version of an
        artifact stays, so that no number is given twice. Raises ReferencedError, and then nothing is removed.
        """
        if not refs:
            return
        with self._database.write() as connection:
            guard(connection)
            versions = [_must_find(connection, app, ref) for ref in refs]
            _refuse_newest(connection, versions)
            _refuse_parents(connection, app, set(refs))
            facts: dict[str, Json] = {"versions": [[v.kind, v.name, v.number, v.digest] for v in versions]}
            self._ledger.append(connection, Act("version.collect", app, by, facts))
            for ref in refs:
                connection.execute(_parent.delete().where(_parent.c.app == app, _is(ref, _CHILD)))
            for ref in refs:
                connection.execute(_version.delete().where(_matches(app, ref)))

    def claims(self) -> Iterator[Claim]:
        """What every row says, in the order of the ledger."""
        last = -1
        while True:
            with self._database.read() as connection:
                claims = _claims(connection, last)
            yield from claims
            if not claims:
                return
            last = claims[-1].sequence

    def _first(self, app: str, key: str, query: Any, which: str) -> Version:
        with self._database.read() as connection:
            row = connection.execute(query.order_by(_version.c.number.desc()).limit(1)).mappings().first()
        if row is None:
            kind, name = split_key(key)
            raise VersionMissingError(app, kind, name, which)
        return _to_version(row)


class _Batch:
    """What one publication adds: new versions with their numbers, and edges that were not there yet."""

    def __init__(self, connection: Connection, app: str) -> None:
        self._connection = connection
        self._app = app
        self._found: dict[VersionRef, Version] = {}
        self._new: dict[VersionRef, int] = {}
        self._edges: dict[VersionRef, list[VersionRef]] = {}
        self._highest: dict[str, int] = {}

    def add(self, ref: VersionRef, parents: Sequence[VersionRef]) -> None:
        known = self._is_known(ref)
        if not known:
            self._new[ref] = self._next_number(ref)
        before = {*self._edges.get(ref, ()), *(self._parents([ref])[ref] if known else ())}
        fresh = [parent for parent in dict.fromkeys(parents) if parent not in before]
        for parent in fresh:
            if not self._is_known(parent):
                raise VersionMissingError(self._app, parent.kind, parent.name, parent.digest)
            # What did not exist before can be nobody's ancestor.
            if known or parent == ref:
                self._refuse_circle(ref, parent)
        if fresh:
            self._edges.setdefault(ref, []).extend(fresh)

    def acts(self, by: By, source_commit: str) -> list[Act]:
        acts = []
        for ref in self._order():
            facts: dict[str, Json] = {"kind": ref.kind, "name": ref.name, "digest": ref.digest}
            facts["parents"] = _edge_facts(self._edges.get(ref, ()))
            if ref in self._new:
                facts |= {"number": self._new[ref], "source_commit": source_commit}
            acts.append(Act("version.publish" if ref in self._new else "lineage.add", self._app, by, facts))
        return acts

    def write(self, recorded: Sequence[Recorded], author: str, source_commit: str) -> None:
        rows, edges = [], []
        for ref, entry in zip(self._order(), recorded, strict=True):
            if ref in self._new:
                version = Version(
                    app=self._app,
                    kind=ref.kind,
                    name=ref.name,
                    number=self._new[ref],
                    digest=ref.digest,
                    created_at=entry.at,
                    author=author,
                    source_commit=source_commit,
                    sequence=entry.sequence,
                )
                self._found[ref] = version
                rows.append({column.name: getattr(version, column.name) for column in _version.c})
                rows[-1]["created_at"] = to_text(entry.at)
            edges += [self._edge_row(ref, parent, entry.sequence) for parent in self._edges.get(ref, ())]
        if rows:
            self._connection.execute(_version.insert(), rows)
        if edges:
            self._connection.execute(_parent.insert(), edges)

    def version(self, ref: VersionRef) -> Version:
        return self._found[ref]

    def _order(self) -> list[VersionRef]:
        return list(dict.fromkeys([*self._new, *self._edges]))

    def _is_known(self, ref: VersionRef) -> bool:
        if ref in self._new or ref in self._found:
            return True
        found = _find(self._connection, self._app, ref)
        if found is not None:
            self._found[ref] = found
        return found is not None

    def _next_number(self, ref: VersionRef) -> int:
        if ref.key not in self._highest:
            rows = _version.c
            query = select(func.max(rows.number)).where(
                rows.app == self._app, rows.kind == ref.kind, rows.name == ref.name
            )
            self._highest[ref.key] = self._connection.scalar(query) or 0
        self._highest[ref.key] += 1
        return self._highest[ref.key]

    def _parents(self, refs: list[VersionRef]) -> dict[VersionRef, tuple[VersionRef, ...]]:
        kept = _neighbours(self._connection, self._app, refs, _CHILD, _PARENT)
        return {ref: (*kept[ref], *self._edges.get(ref, ())) for ref in refs}

    def _refuse_circle(self, ref: VersionRef, parent: VersionRef) -> None:
        seen = level = {parent}
        while level:
            if ref in level:
                raise CircularLineageError(ref.key, parent.key)
            level = {above for found in self._parents(sorted(level, key=str)).values() for above in found} - seen
            seen = seen | level

    def _edge_row(self, ref: VersionRef, parent: VersionRef, sequence: int) -> dict[str, Any]:
        return {
            "app": self._app,
            "kind": ref.kind,
            "name": ref.name,
            "digest": ref.digest,
            "parent_kind": parent.kind,
            "parent_name": parent.name,
            "parent_digest": parent.digest,
            "sequence": sequence,
        }


def _matches(app: str, ref: VersionRef) -> ColumnElement[bool]:
    return and_(_version.c.app == app, _is(ref, (_version.c.kind, _version.c.name, _version.c.digest)))


def _is(ref: VersionRef, columns: tuple[Column[str], Column[str], Column[str]]) -> ColumnElement[bool]:
    kind, name, digest = columns
    return and_(kind == ref.kind, name == ref.name, digest == ref.digest)


def _find(connection: Connection, app: str, ref: VersionRef) -> Version | None:
    row = connection.execute(select(_version).where(_matches(app, ref))).mappings().first()
    return None if row is None else _to_version(row)


def _must_find(connection: Connection, app: str, ref: VersionRef) -> Version:
    found = _find(connection, app, ref)
    if found is None:
        raise VersionMissingError(app, ref.kind, ref.name, ref.digest)
    return found


def _neighbours(
    connection: Connection,
    app: str,
    refs: Sequence[VersionRef],
    here: tuple[Column[str], Column[str], Column[str]],
    there: tuple[Column[str], Column[str], Column[str]],
) -> dict[VersionRef, tuple[VersionRef, ...]]:
    """For each version the ones on the other end of its edges, in a stable order."""
    found: dict[VersionRef, list[VersionRef]] = {ref: [] for ref in refs}
    digests = sorted({ref.digest for ref in found})
    for first in range(0, len(digests), _PER_QUERY):
        some = digests[first : first + _PER_QUERY]
        query = select(*here, *there).where(_parent.c.app == app, here[-1].in_(some)).order_by(*there)
        for row in connection.execute(query).mappings():
            # Another artifact may have the same content.
            if (others := found.get(VersionRef(*(row[column] for column in here)))) is not None:
                others.append(VersionRef(*(row[column] for column in there)))
    return {ref: tuple(others) for ref, others in found.items()}


def _refuse_newest(connection: Connection, versions: Sequence[Version]) -> None:
    for version in versions:
        rows = _version.c
        newest = select(func.max(rows.number)).where(
            rows.app == version.app, rows.kind == version.kind, rows.name == version.name
        )
        if connection.scalar(newest) == version.number:
            raise ReferencedError(f"{version.kind} {version.label}", "the artifact, whose newest version it is,")


def _refuse_parents(connection: Connection, app: str, refs: set[VersionRef]) -> None:
    for ref, children in _neighbours(connection, app, sorted(refs, key=str), _PARENT, _CHILD).items():
        for child in children:
            if child not in refs:
                raise ReferencedError(ref.key, child.key)


def _claims(connection: Connection, after: int) -> list[Claim]:
    """The claims of the next page of ledger entries."""
    query = select(_version).where(_version.c.sequence > after).order_by(_version.c.sequence).limit(_PER_PAGE)
    versions = {row["sequence"]: row for row in connection.execute(query).mappings()}
    edges_after = select(_parent).where(_parent.c.sequence > after).order_by(_parent.c.sequence)
    if len(versions) == _PER_PAGE:
        edges_after = edges_after.where(_parent.c.sequence <= max(versions))
    # Edges of another version than the one that an entry made stay apart, so that they do not pass for its own.
    made = {(row["sequence"], *_made(row)): row for row in versions.values()}
    edges: dict[tuple[int, str, str, str, str], list[RowMapping]] = {place: [] for place in made}
    for row in connection.execute(edges_after).mappings():
        edges.setdefault((row["sequence"], *_made(row)), []).append(row)
    return [_claim(place[0], made.get(place), edges[place]) for place in sorted(edges)]


def _made(row: RowMapping) -> tuple[str, str, str, str]:
    return row["app"], row["kind"], row["name"], row["digest"]


def _claim(sequence: int, version: RowMapping | None, edges: Sequence[RowMapping]) -> Claim:
    row = edges[0] if version is None else version
    facts: dict[str, Json] = {"kind": row["kind"], "name": row["name"], "digest": row["digest"]}
    facts["parents"] = _edge_facts(VersionRef(e["parent_kind"], e["parent_name"], e["parent_digest"]) for e in edges)
    key = f"{row['kind']}:{row['name']}"
    if version is None:
        # An edge has no author and no time of its own.
        return Claim(sequence, "lineage.add", row["app"], None, None, facts, f"parents of {key}")
    facts |= {"number": version["number"], "source_commit": version["source_commit"]}
    return Claim(
        sequence=sequence,
        act="version.publish",
        app=version["app"],
        actor=version["author"],
        at=Claim.moment(version["created_at"]),
        facts=facts,
        place=f"version {key}@{version['number']}",
    )


def _edge_facts(parents: Iterable[VersionRef]) -> list[Json]:
    """Parents in an entry, in an order that a row can be held against."""
    return [list(edge) for edge in sorted((parent.kind, parent.name, parent.digest) for parent in parents)]


def _to_version(row: RowMapping) -> Version:
    return Version(**{**row, "created_at": from_text(row["created_at"])})
