"""The home of an installation without a project: what collecting, erasing and restoring work on."""

import os
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from msgspec import msgpack
from msgspec.structs import replace

from plimsoll.evaluation import Runs
from plimsoll.governance.retention import Stores
from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.digest import Digest, Json, canonical_json, digest_bytes, hex_part
from plimsoll.kernel.ids import new_trace_id
from plimsoll.kernel.signing import SigningKey
from plimsoll.ledger import By, Ledger, Subjects
from plimsoll.pipelines import StageCache
from plimsoll.registry import Publication, Registry, Version
from plimsoll.registry.labels import Labels
from plimsoll.releases import Evidence, Manifest, Release, Releases
from plimsoll.releases.environments import Environments
from plimsoll.reviews import Reviews
from plimsoll.storage import BlobFolder, Database, PostgresPlace
from plimsoll.storage.migrations.answers import ANSWERS
from plimsoll.storage.migrations.cache import CACHE
from plimsoll.storage.migrations.keys import KEYS
from plimsoll.storage.migrations.records import RECORDS
from plimsoll.storage.migrations.traces import TRACES
from plimsoll.storage.migrations.usage import USAGE
from plimsoll.tracing import Trace, Traces

APP = "harbour"
KEEPER = By("s-00000000000000aa")
LONG_AGO = timedelta(days=400)
ORIGIN = "plimsoll/00c0ffee"

Keys = tuple[bytes, SigningKey]


class Home:
    """Opening it again with the same folder and keys is like starting a new process."""

    def __init__(self, folder: Path, keys: Keys | None = None, *, records: Path | PostgresPlace | None = None) -> None:
        self.folder = folder
        self.keys = keys or (secrets.token_bytes(32), SigningKey.generate(ORIGIN))
        self.records = Database(records or folder / "records.db", RECORDS)
        self.keys_database = Database(folder / "keys.db", KEYS)
        self.traces_database = Database(folder / "traces.db", TRACES)
        self.cache_database = Database(folder / "cache.db", CACHE)
        self.usage_database = Database(folder / "usage.db", USAGE)
        self.answers_database = Database(folder / "answers.db", ANSWERS)
        self.blobs = BlobFolder(folder / "blobs")
        self.ledger = Ledger(self.records, Subjects(self.keys_database, self.keys[0]), self.keys[1])
        self.registry = Registry(self.records, self.blobs, self.ledger)
        self.labels = Labels(self.records, self.ledger, self.registry)
        self.releases = Releases(self.records, self.blobs, self.ledger)
        self.environments = Environments(self.records, self.ledger, Reviews(self.records, self.ledger))
        self.traces = Traces(self.traces_database)
        self.cache = StageCache(self.cache_database)
        self.runs = Runs(self.blobs)

    @property
    def stores(self) -> Stores:
        return Stores(
            self.registry, self.labels, self.releases, self.environments, self.traces, self.ledger, self.blobs
        )

    def close(self) -> None:
        for database in (
            self.records,
            self.keys_database,
            self.traces_database,
            self.cache_database,
            self.usage_database,
            self.answers_database,
        ):
            database.close()

    def publish(self, *publications: Publication) -> tuple[Version, ...]:
        return self.registry.publish(APP, publications, by=KEEPER, source_commit="")

    def prompt(self, text: str) -> Version:
        return self.publish(Publication("prompt", "answer", {"system": text}))[0]

    def index(self, *documents: str) -> tuple[Version, Digest]:
        """An index version whose one segment holds the documents; the segment's address comes with it."""
        segment = self.blobs.put(msgpack.encode({"documents": list(documents), "vectors": b"\xd9\xff" * 20}))
        digests = [{"digest": digest_bytes(document.encode())} for document in documents]
        source = Publication("source", "texts", {"documents": digests})
        content: Json = {"segments": [{"digest": segment}]}
        return self.publish(source, Publication("index", "texts", content, (source.ref,)))[1], segment

    def draft(self, *versions: Version) -> Manifest:
        draft = Manifest(APP, {version.ref.key: version.digest for version in versions})
        self.releases.keep_draft(draft)
        return draft

    def release(self, *versions: Version, run: Json = None) -> Release:
        kept = self.blobs.put(canonical_json({"rows": run, "verdict": "pass"}))
        suite = self.publish(Publication("suite", "ask", {"thresholds": {}}))[0]
        evidence = (Evidence("ask", suite.digest, kept, "pass"),)
        manifest = Manifest(APP, {version.ref.key: version.digest for version in versions}, evidence)
        self.releases.judge(Manifest(APP, manifest.artifacts), evidence, by=KEEPER)
        return self.releases.keep_release(manifest, by=KEEPER, source_commit="")

    def ship(self, release: Release, environment: str = "staging") -> None:
        self.environments.ship(release, environment, by=KEEPER, reason="")

    def trace(self, release: Digest, **values: object) -> Trace:
        trace = Trace(
            id=new_trace_id(),
            app=APP,
            endpoint="ask",
            environment="staging",
            release=release,
            release_name="r-000000",
            started_at=utc_now(),
            latency_ms=1.0,
            time_to_first_token_ms=None,
            status="ok",
            error="",
            model="builtin/reader",
            prompt="answer v1",
            input_tokens=1,
            output_tokens=1,
            tokens_estimated=False,
            cost_usd=None,
            question="?",
            request={},
            answer="",
            answered=True,
            passages=(),
            messages=(),
            citations=(),
        )
        trace = replace(trace, **values)
        self.traces.write([trace])
        return trace

    def age(self, by: timedelta = LONG_AGO, *, only: Iterable[Digest] | None = None) -> None:
        """Make blobs older than they are."""
        moment = (utc_now() - by).timestamp()
        for digest in self.blobs.addresses() if only is None else only:
            with suppress(FileNotFoundError):  # collected just now
                os.utime(self.blob(digest), (moment, moment))

    def blob(self, digest: Digest) -> Path:
        """The file in which a blob is kept."""
        name = hex_part(digest)
        return self.folder / "blobs" / name[:2] / name[2:]

    def everything(self) -> Mapping[str, bytes]:
        """The bytes of every file."""
        files = {str(path.relative_to(self.folder)): path for path in self.folder.rglob("*") if path.is_file()}
        assert files
        return {name: path.read_bytes() for name, path in files.items()}

    def missing(self) -> list[Digest]:
        """What records name and blobs do not hold."""
        named = {version.digest for app in self.registry.apps() for version in self.registry.versions(app)}
        for release in self.releases.releases(APP):
            named |= {release.manifest.digest, *release.manifest.artifacts.values()}
            named |= {item.run for item in release.manifest.evidence}
        for draft in self.releases.working_drafts():
            named |= {draft.digest, *draft.artifacts.values()}
        return sorted(digest for digest in named if not self.blobs.has(digest))
