"""Releases, working drafts and verdicts in the database; manifests as blobs."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from msgspec import convert, json
from sqlalchemy import Column, Connection, Integer, MetaData, RowMapping, Table, Text, select

from plimsoll.kernel.clock import from_text, to_text, utc_now
from plimsoll.kernel.digest import Digest, Json, canonical_json, digest_json, hex_part, short_name
from plimsoll.kernel.errors import IntegrityError
from plimsoll.ledger import Act, By, Claim, Ledger
from plimsoll.registry import Guard, ReferencedError, VersionRef
from plimsoll.storage import Blobs, Database, in_sequence, insert_missing, put_row

from ._errors import NothingBuiltError, ReleaseAmbiguousError, ReleaseMissingError
from ._types import DraftVerdict, Evidence, Manifest, Origin, Release

_metadata = MetaData()

_release = Table(
    "release",
    _metadata,
    Column("digest", Text, primary_key=True),
    Column("app", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("source_commit", Text, nullable=False),
    Column("artifacts_digest", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
)
_artifact = Table(
    "release_artifact",
    _metadata,
    Column("release", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("digest", Text, nullable=False),
)
_verdict = Table(
    "draft_verdict",
    _metadata,
    Column("sequence", Integer, primary_key=True),
    Column("app", Text, nullable=False),
    Column("draft", Text, nullable=False),
    Column("suite", Text, nullable=False),
    Column("suite_version", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("judged_at", Text, nullable=False),
    Column("actor", Text, nullable=False),
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

_PER_QUERY = 100
_AMBIGUOUS = 2


class Releases:
    """Every release of this installation, the drafts that are being worked on, and what gates said of them."""

    def __init__(self, database: Database, blobs: Blobs, ledger: Ledger) -> None:
        self._database = database
        self._blobs = blobs
        self._ledger = ledger

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

    def roots(self) -> dict[str, str]:
        """The project folder of each application."""
        with self._database.read() as connection:
            rows = connection.execute(select(_application)).mappings().all()
        return {row["app"]: row["root"] for row in rows}

    def keep_draft(self, draft: Manifest) -> None:
        """Make a draft the working build of its application."""
        digest = self._blobs.put(canonical_json(draft.to_json()))
        with self._database.write() as connection:
            put_row(connection, _draft, {"app": draft.app}, {"digest": digest, "built_at": to_text(utc_now())})

    def working_draft(self, app: str) -> Manifest:
        """What the last build made. Raises NothingBuiltError."""
        with self._database.read() as connection:
            digest = connection.scalar(select(_draft.c.digest).where(_draft.c.app == app))
        if digest is None:
            raise NothingBuiltError(app)
        return self.manifest(digest)

    def working_drafts(self) -> tuple[Manifest, ...]:
        """What the last build of each application made; one that is damaged is left out."""
        with self._database.read() as connection:
            drafts = connection.scalars(select(_draft.c.digest).order_by(_draft.c.app)).all()
        return self.manifests(drafts)

    def manifests(self, digests: Sequence[Digest]) -> tuple[Manifest, ...]:
        """Manifests by digest; those that are damaged are left out, since nobody can ask them either."""
        found = []
        for digest in dict.fromkeys(digests):
            with suppress(IntegrityError):
                found.append(self.manifest(digest))
        return tuple(found)

    def manifest(self, digest: Digest) -> Manifest:
        """A release's or draft's manifest. Raises IntegrityError."""
        content = json.decode(self._blobs.get(digest))
        evidence = tuple(convert(item, Evidence) for item in content["evidence"])
        return Manifest(content["app"], content["artifacts"], evidence)

    def judge(self, draft: Manifest, evidence: Sequence[Evidence], *, by: By) -> None:
        """Write down what gates said of a draft, whatever it was. The draft is kept with it."""
        digest = self._blobs.put(canonical_json(draft.to_json()))
        with self._database.write() as connection:
            facts = [{"draft": digest, **item.to_json()} for item in evidence]
            recorded = self._ledger.append_all(connection, [Act("gate.judge", draft.app, by, fact) for fact in facts])
            rows = [
                {
                    **fact,
                    "app": draft.app,
                    "sequence": entry.sequence,
                    "judged_at": to_text(entry.at),
                    "actor": by.actor,
                }
                for fact, entry in zip(facts, recorded, strict=True)
            ]
            if rows:
                connection.execute(_verdict.insert(), rows)

    def verdicts(self, app: str, draft: Digest | None = None) -> tuple[DraftVerdict, ...]:
        """What gates said of a draft, or of all of an application's, oldest first."""
        query = select(_verdict).where(_verdict.c.app == app).order_by(_verdict.c.sequence)
        if draft is not None:
            query = query.where(_verdict.c.draft == draft)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(DraftVerdict(**{**row, "judged_at": from_text(row["judged_at"])}) for row in rows)

    def keep_release(self, manifest: Manifest, *, by: By, source_commit: str, origin: Origin | None = None) -> Release:
        """Make a manifest a release; the same manifest again is the same release, and nothing is done.

        `origin` says where it comes from when another installation made it.
        """
        digest = self._blobs.put(canonical_json(manifest.to_json()))
        with self._database.write() as connection:
            known = connection.scalar(select(_release.c.digest).where(_release.c.digest == digest))
            if known is None:
                self._insert(connection, manifest, _freeze(manifest, source_commit, origin, by))
        return self.release(manifest.app, digest)

    def release(self, app: str, name: str) -> Release:
        """A release by its digest, the digits of one, or its short name. Raises ReleaseMissingError."""
        digits = hex_part(name).removeprefix("r-")
        rows = _release.c
        # A range and no pattern, so that the index is used; `g` comes after every hexadecimal digit.
        query = select(_release).where(
            rows.app == app, rows.digest >= f"sha256:{digits}", rows.digest < f"sha256:{digits}g"
        )
        with self._database.read() as connection:
            found = connection.execute(query.limit(_AMBIGUOUS)).mappings().all()
        if not digits or not found:
            raise ReleaseMissingError(app, name)
        if len(found) > 1:
            raise ReleaseAmbiguousError(name, len(found))
        return self._to_release(found[0])

    def releases(self, app: str, limit: int | None = None) -> tuple[Release, ...]:
        """The releases of an application, newest first; all of them, or the first `limit`."""
        query = select(_release).where(_release.c.app == app)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(_release.c.sequence.desc()).limit(limit)).mappings().all()
        return tuple(self._to_release(row) for row in rows)

    def with_artifacts(self, app: str, artifacts: Mapping[str, Digest]) -> tuple[Release, ...]:
        """The releases of exactly these versions, newest first."""
        rows = _release.c
        query = select(_release).where(rows.app == app, rows.artifacts_digest == digest_json(dict(artifacts)))
        with self._database.read() as connection:
            found = connection.execute(query.order_by(rows.sequence.desc())).mappings().all()
        return tuple(self._to_release(row) for row in found)

    def containing(self, app: str, refs: Sequence[VersionRef]) -> dict[VersionRef, tuple[Digest, ...]]:
        """For each version the releases that it is part of, oldest first."""
        found: dict[VersionRef, list[Digest]] = {ref: [] for ref in refs}
        with self._database.read() as connection:
            for ref, release in _containing(connection, app, list(found)):
                found[ref].append(release)
        return {ref: tuple(releases) for ref, releases in found.items()}

    def refuse_contained(self, connection: Connection, app: str, refs: Sequence[VersionRef]) -> None:
        """Raise ReferencedError when a release contains one of the versions; for another room's transaction."""
        for ref, release in _containing(connection, app, list(refs)):
            raise ReferencedError(ref.key, f"the release {release}")

    def collect(self, app: str, digests: Sequence[Digest], *, by: By, guard: Guard) -> None:
        """Remove releases that nothing refers to, and write down which; manifests are for the caller to remove.

        `guard` is called inside the transaction, to refuse for the rooms that name releases.
        """
        if not digests:
            return
        with self._database.write() as connection:
            guard(connection)
            self._ledger.append(connection, Act("release.collect", app, by, {"releases": list(digests)}))
            for digest in digests:
                connection.execute(_artifact.delete().where(_artifact.c.release == digest))
                connection.execute(_release.delete().where(_release.c.app == app, _release.c.digest == digest))

    def release_claims(self) -> Iterator[Claim]:
        """What the row of every release says, in the order of the ledger."""
        return map(_release_claim, in_sequence(self._database, _release))

    def verdict_claims(self) -> Iterator[Claim]:
        """What the row of every verdict says, in the order of the ledger."""
        return map(_verdict_claim, in_sequence(self._database, _verdict))

    def digests(self, app: str) -> tuple[Digest, ...]:
        """The digests of all releases of an application, oldest first."""
        query = select(_release.c.digest).where(_release.c.app == app).order_by(_release.c.sequence)
        with self._database.read() as connection:
            return tuple(connection.scalars(query))

    def strays(self) -> Iterator[str]:
        """Releases whose list of artifacts is not that of their manifest, each as a sentence."""
        for row in in_sequence(self._database, _release):
            with self._database.read() as connection:
                query = select(_artifact).where(_artifact.c.release == row["digest"])
                found = {f"{a['kind']}:{a['name']}": a["digest"] for a in connection.execute(query).mappings()}
            with suppress(IntegrityError):
                manifest = self.manifest(row["digest"])
                if found != dict(manifest.artifacts) or row["artifacts_digest"] != digest_json(found):
                    yield f"the artifacts of release {manifest.name} are not those of its manifest"

    def _insert(self, connection: Connection, manifest: Manifest, act: Act) -> None:
        recorded = self._ledger.append(connection, act)
        digest = manifest.digest
        row = {
            "digest": digest,
            "app": manifest.app,
            "created_at": to_text(recorded.at),
            "author": act.by.actor,
            "source_commit": act.facts["source_commit"],
            "artifacts_digest": digest_json(dict(manifest.artifacts)),
            "origin": act.facts.get("origin", ""),
            "sequence": recorded.sequence,
        }
        connection.execute(_release.insert().values(row))
        refs = [VersionRef.from_key(key, version) for key, version in manifest.artifacts.items()]
        artifacts = [{"release": digest, "kind": ref.kind, "name": ref.name, "digest": ref.digest} for ref in refs]
        insert_missing(connection, _artifact, artifacts)

    def _to_release(self, row: RowMapping) -> Release:
        return Release(
            manifest=self.manifest(row["digest"]),
            created_at=from_text(row["created_at"]),
            author=row["author"],
            source_commit=row["source_commit"],
            sequence=row["sequence"],
            origin=row["origin"],
        )


def _freeze(manifest: Manifest, source_commit: str, origin: Origin | None, by: By) -> Act:
    facts: dict[str, Json] = {"release": manifest.digest, "source_commit": source_commit}
    if origin is not None:
        facts |= {"origin": origin.origin, "signer": origin.signer}
        return Act("release.import", manifest.app, by, facts)
    draft = Manifest(manifest.app, manifest.artifacts).digest
    evidence: list[Json] = [item.to_json() for item in manifest.evidence]
    return Act("release.freeze", manifest.app, by, {**facts, "draft": draft, "evidence": evidence})


def _release_claim(row: RowMapping) -> Claim:
    facts: dict[str, Json] = {"release": row["digest"], "source_commit": row["source_commit"]}
    return Claim(
        sequence=row["sequence"],
        act="release.import" if row["origin"] else "release.freeze",
        app=row["app"],
        actor=row["author"],
        at=Claim.moment(row["created_at"]),
        facts={**facts, "origin": row["origin"]} if row["origin"] else facts,
        place=f"release {short_name('r', row['digest'])}",
    )


def _containing(connection: Connection, app: str, refs: Sequence[VersionRef]) -> Iterator[tuple[VersionRef, Digest]]:
    columns = (_artifact.c.kind, _artifact.c.name, _artifact.c.digest, _artifact.c.release, _release.c.app)
    wanted = set(refs)
    digests = sorted({ref.digest for ref in wanted})
    for first in range(0, len(digests), _PER_QUERY):
        # Without the application, for whose sake SQLite would go through all of its releases.
        query = (
            select(*columns)
            .join(_release, _release.c.digest == _artifact.c.release)
            .where(_artifact.c.digest.in_(digests[first : first + _PER_QUERY]))
            .order_by(_release.c.sequence)
        )
        for kind, name, digest, release, owner in connection.execute(query).all():
            ref = VersionRef(kind, name, digest)
            if owner == app and ref in wanted:
                yield ref, release


def _verdict_claim(row: RowMapping) -> Claim:
    names = ("draft", "suite", "suite_version", "run", "verdict")
    return Claim(
        sequence=row["sequence"],
        act="gate.judge",
        app=row["app"],
        actor=row["actor"],
        at=Claim.moment(row["judged_at"]),
        facts={name: row[name] for name in names},
        place=f"verdict of {row['suite']} on {row['draft']}",
    )
