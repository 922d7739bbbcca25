"""The stores of an installation, opened when first used: files of its own, or schemas of a PostgreSQL server."""

import hashlib
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from plimsoll.access import Access, Acting, Right
from plimsoll.access.limits import Budgets, Consumption
from plimsoll.evaluation import Runs
from plimsoll.evaluation.calibration import Calibrations
from plimsoll.evaluation.cases import CaseStore
from plimsoll.flows.backup import BackupParts, Tables
from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.errors import DeniedError, PlimsollError
from plimsoll.kernel.signing import SigningKey
from plimsoll.ledger import KeysGoneError, Ledger, Subjects, is_begun
from plimsoll.ledger.anchor import Anchor, AnchorAheadError, open_anchor
from plimsoll.models.answers import AnswerStore
from plimsoll.pipelines import StageCache
from plimsoll.registry import Registry
from plimsoll.registry.labels import Labels
from plimsoll.releases import Manifest, Releases
from plimsoll.releases.environments import Environments
from plimsoll.reviews import Reviews
from plimsoll.reviews.annotations import Annotations
from plimsoll.settings import Settings
from plimsoll.storage import (
    Blobs,
    Database,
    KeyFolder,
    PostgresPlace,
    clear_tables,
    dump_tables,
    load_tables,
    table_counts,
)
from plimsoll.storage.migrations import Migration
from plimsoll.storage.migrations.answers import ANSWERS
from plimsoll.storage.migrations.cache import CACHE
from plimsoll.storage.migrations.evaluations import EVALUATIONS
from plimsoll.storage.migrations.keys import KEYS
from plimsoll.storage.migrations.records import RECORDS
from plimsoll.storage.migrations.traces import TRACES
from plimsoll.storage.migrations.usage import USAGE
from plimsoll.tracing import BatchedRecorder, Traces
from plimsoll.tracing.export import Exporter
from plimsoll.tracing.feedback import FeedbackBook
from plimsoll.tracing.received import Received

from ._blobs import open_blobs
from ._capture import span_price

_SIGNING_KEY = "signing.pem"
_SUBJECTS_KEY = "subjects.key"
_SUBJECTS_KEY_BYTES = 32
_PSEUDONYM = re.compile(r"s-[0-9a-f]{16}")
_TRACE_PAGE = 16_384
_DELETE = "delete it: it is made again"
_RESTORE = "restore it from a backup: `plimsoll storage restore`"


class Stores:
    """Everything that an installation keeps."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._open: list[Callable[[], None]] = []
        self._names: dict[str, str] = {}
        self._closed = False

    @cached_property
    def _home(self) -> Path:
        """The folder of this installation; a new one is closed to other users."""
        # What keeps it from being made is said by whatever is written there first.
        with suppress(OSError):
            self.settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.settings.home

    @cached_property
    def blobs(self) -> Blobs:
        """Contents, by their digests: in a folder, or in a bucket with copies of what was read in a folder."""
        return open_blobs(self.settings.blobs, self._home)

    @cached_property
    def ledger(self) -> Ledger:
        """The audit log."""
        return Ledger(self.records, self.subjects, self.signing_key)

    @cached_property
    def subjects(self) -> Subjects:
        """Who stands behind each pseudonym."""
        key = self._secret(_SUBJECTS_KEY, lambda: secrets.token_bytes(_SUBJECTS_KEY_BYTES))
        return Subjects(self.keys_database, key)

    @cached_property
    def signing_key(self) -> SigningKey:
        """What signs the heads of the ledger and exported releases. Its name comes from itself, so it never changes."""
        pem = self._secret(_SIGNING_KEY, lambda: SigningKey.generate("new").to_pem())
        public = SigningKey.from_pem("new", pem).verifier.public
        return SigningKey.from_pem(f"plimsoll/{hashlib.sha256(public).hexdigest()[:8]}", pem)

    @cached_property
    def anchor(self) -> Anchor:
        """Where checkpoints are left outside the database."""
        return open_anchor(self.settings.anchor, self._home / "anchor" / "repository", self.settings.environ)

    @cached_property
    def access(self) -> Access:
        """Actors and keys."""
        return Access(self.records, self.ledger)

    @cached_property
    def acting(self) -> Acting:
        """Who acts in this process: whose key is given, or the user of this machine. Raises DeniedError."""
        if self.settings.key is not None:
            return self.access.authenticate(self.settings.key, utc_now())
        return self.access.local(self.settings.actor)

    def require(self, right: Right) -> None:
        """Go on only when who acts has a right. While nobody was made an actor yet, everybody may look.

        Unlike `acting`, this writes nothing down. Raises DeniedError.
        """
        if self.settings.key is not None or self.access.actors():
            self.acting.require(right)

    def may(self, right: Right) -> bool:
        """Whether `require` would go on."""
        try:
            self.require(right)
        except DeniedError:
            return False
        return True

    @cached_property
    def budgets(self) -> Budgets:
        """Budgets that were set by command."""
        return Budgets(self.records, self.ledger)

    @cached_property
    def consumption(self) -> Consumption:
        """What was used of budgets."""
        return Consumption(self.usage_database)

    @cached_property
    def usage_database(self) -> Database:
        """The database of what was used of budgets."""
        return self._database("usage", USAGE, durability="normal", if_damaged=_RESTORE)

    @cached_property
    def answer_store(self) -> AnswerStore:
        """Answers that routes keep to give them again."""
        return AnswerStore(self._database("answers", ANSWERS, durability="normal", if_damaged=_DELETE))

    @cached_property
    def registry(self) -> Registry:
        """Versions of artifacts."""
        return Registry(self.records, self.blobs, self.ledger)

    @cached_property
    def labels(self) -> Labels:
        """Labels of versions."""
        return Labels(self.records, self.ledger, self.registry)

    @cached_property
    def reviews(self) -> Reviews:
        """Answers of reviewers."""
        return Reviews(self.records, self.ledger)

    @cached_property
    def annotations(self) -> Annotations:
        """Labels of answers by several people."""
        return Annotations(self.records, self.ledger)

    @cached_property
    def calibrations(self) -> Calibrations:
        """How far judges agree with people."""
        return Calibrations(self.records, self.ledger)

    @cached_property
    def releases(self) -> Releases:
        """Releases and drafts."""
        return Releases(self.records, self.blobs, self.ledger)

    @cached_property
    def environments(self) -> Environments:
        """Environments, their pointers and policies."""
        return Environments(self.records, self.ledger, self.reviews)

    @cached_property
    def runs(self) -> Runs:
        """Evaluation runs."""
        return Runs(self.blobs)

    @cached_property
    def cases(self) -> CaseStore:
        """Finished rows of evaluations."""
        return CaseStore(self._database("evaluations", EVALUATIONS, durability="normal", if_damaged=_DELETE))

    @cached_property
    def traces(self) -> Traces:
        """Traces that were written."""
        return Traces(self.traces_database)

    @property
    def traces_days(self) -> float | None:
        """For how many days traces are kept; None where nobody says."""
        return None

    @cached_property
    def feedback(self) -> FeedbackBook:
        """What people think of answers."""
        return FeedbackBook(self.traces_database, self.traces.capture)

    @cached_property
    def recorder(self) -> BatchedRecorder:
        """Where new traces go."""
        received = Received(self.traces, span_price, keeps_days=self.traces_days)
        exporter = self._exporter()
        if exporter is not None:
            # Closed after the recorder, which still hands over what it writes at the end.
            self._open.append(exporter.close)
        recorder = BatchedRecorder(
            self.traces.write,
            take=received.take,
            idle=self.traces.index_some,
            after=None if exporter is None else exporter.offer,
            tell_lost=self.traces.count_lost,
        )
        self._open.append(recorder.close)
        return recorder

    def _exporter(self) -> Exporter | None:
        if self.settings.otlp_endpoint is None:
            return None
        return Exporter(self.settings.otlp_endpoint, headers=self.settings.otlp_headers)

    @cached_property
    def cache(self) -> StageCache:
        """Outputs of stages; always a file of this machine."""
        database = Database(
            self._home / "cache.db", CACHE, durability="normal", if_damaged="delete it: it only saves work"
        )
        self._open.append(database.close)
        return StageCache(database)

    @cached_property
    def records(self) -> Database:
        """The database of ledger, registry, releases, reviews and access."""
        return self._database("records", RECORDS, if_damaged=_RESTORE)

    @cached_property
    def keys_database(self) -> Database:
        """The database of the keys that an erasure destroys."""
        return self._database("keys", KEYS, if_damaged=_RESTORE)

    @cached_property
    def traces_database(self) -> Database:
        """The database of traces."""
        hint = "move it away: new traces go to a new file, and the old ones may be restored from a backup"
        return self._database("traces", TRACES, if_damaged=hint, durability="normal", page_bytes=_TRACE_PAGE)

    def backup_parts(self) -> BackupParts:
        """What backing up and restoring needs."""
        folder = self._key_folder
        return BackupParts(
            records=_tables(self.records, RECORDS),
            traces=_tables(self.traces_database, TRACES),
            usage=_tables(self.usage_database, USAGE),
            keys=_tables(self.keys_database, KEYS),
            blobs=self.blobs,
            read_secrets=folder.read_all,
            write_secrets=folder.put_all,
        )

    def in_use(self) -> tuple[Manifest, ...]:
        """The manifests that somebody may ask at any moment: working drafts, and what is live or shares traffic."""
        pointed = [
            digest for place in self.environments.environments() for digest in (place.live, place.candidate) if digest
        ]
        return (*self.releases.working_drafts(), *self.releases.manifests(pointed))

    def ready(self) -> tuple[Manifest, ...]:
        """What is in use, and every release that is kept: whoever goes back to one waits for nothing."""
        kept = [digest for app in self.registry.apps() for digest in self.releases.digests(app)]
        return (*self.in_use(), *self.releases.manifests(kept))

    def named(self, text: str) -> str:
        """A text with the names of actors in place of their pseudonyms; those of erased people stay."""
        found = set(_PSEUDONYM.findall(text))
        if unknown := found - self._names.keys():
            known = self._known(unknown)
            self._names |= {subject: known.get(subject, subject) for subject in unknown}
            if self._closed:
                self.keys_database.close()
        return _PSEUDONYM.sub(lambda match: self._names[match.group()], text)

    def _known(self, subjects: set[str]) -> dict[str, str]:
        """Names, or none where the keys in this place are not those of the records: then pseudonyms are shown."""
        try:
            return self.ledger.names(subjects)
        except PlimsollError:
            return {}

    def leave_checkpoint(self) -> None:
        """Leave the newest checkpoint at the anchor, if this process wrote anything down.

        Raises AnchorFailedError, and AnchorAheadError when entries are missing here.
        """
        if "ledger" not in self.__dict__ or not self.ledger.wrote:
            return
        try:
            self.anchor.add(self.ledger.checkpoint())
        except AnchorAheadError:
            # Another process may have written and left a later one in between; then ours is later still by now.
            self.anchor.add(self.ledger.checkpoint())
        self.ledger.wrote = False

    def close(self) -> None:
        """Write what is waiting and give everything back, the latest first."""
        while self._open:
            self._open.pop()()
        self._closed = True

    def _secret(self, name: str, make: Callable[[], bytes]) -> bytes:
        """A secret of this installation, made with it. Raises KeysGoneError when its records are older than it."""
        # Looked at twice, because another process may have made it together with the first entry in between.
        if not self._key_folder.has(name) and is_begun(self.records) and not self._key_folder.has(name):
            raise KeysGoneError(self.settings.keys)
        return self._key_folder.get_or_make(name, make)

    @property
    def _key_folder(self) -> KeyFolder:
        return KeyFolder(self.settings.keys)

    def _database(
        self, name: str, migrations: Any, *, if_damaged: str, durability: Any = "full", page_bytes: int = 4096
    ) -> Database:
        url = self.settings.database_url
        place = self._home / f"{name}.db" if url is None else PostgresPlace(url, f"plimsoll_{name}")
        database = Database(place, migrations, durability=durability, if_damaged=if_damaged, page_bytes=page_bytes)
        self._open.append(database.close)
        return database


def _tables(database: Database, migrations: tuple[Migration, ...]) -> Tables:
    return Tables(
        steps=len(migrations),
        dump=partial(dump_tables, database),
        load=partial(load_tables, database),
        counts=partial(table_counts, database),
        clear=partial(clear_tables, database),
    )
