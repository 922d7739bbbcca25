"""A whole installation in a folder: records, keys, blobs, and a small release with its story."""

import secrets
from pathlib import Path

from plimsoll.flows.exchange import ExportParts, ImportParts
from plimsoll.kernel.digest import Digest, Json, canonical_json
from plimsoll.kernel.signing import SigningKey
from plimsoll.ledger import Act, By, Ledger, Subjects
from plimsoll.registry import Publication, Registry, VersionRef
from plimsoll.releases import Evidence, Manifest, Release, Releases
from plimsoll.releases.environments import Environments
from plimsoll.reviews import Question, Reviews
from plimsoll.storage import BlobFolder, Database
from plimsoll.storage.migrations.keys import KEYS
from plimsoll.storage.migrations.records import RECORDS

APP = "harbour"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
SEGMENT = b"\x93segment" + bytes(range(256)) * 40


class Installation:
    """Records of their own, and a signing key of their own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.records = Database(home / "records.db", RECORDS)
        self.keys = Database(home / "keys.db", KEYS)
        self.blobs = BlobFolder(home / "blobs")
        key = SigningKey.generate(f"plimsoll/{secrets.token_hex(4)}")
        self.ledger = Ledger(self.records, Subjects(self.keys, secrets.token_bytes(32)), key)
        self.registry = Registry(self.records, self.blobs, self.ledger)
        self.releases = Releases(self.records, self.blobs, self.ledger)
        self.reviews = Reviews(self.records, self.ledger)
        self.environments = Environments(self.records, self.ledger, self.reviews)
        self.vkey = key.verifier

    def close(self) -> None:
        self.records.close()
        self.keys.close()

    def person(self, name: str) -> By:
        """Somebody, known to the ledger as an actor."""
        known = self.ledger.find_subject(name)
        subject = self.ledger.subject(name)
        if known is None:
            facts: Json = {"actor": subject, "kind": "person", "roles": [], "team": "", "project": ""}
            assert isinstance(facts, dict)
            self.ledger.record([Act("actor.create", "", By(subject), facts, {"name": name}, subject)])
        return By(subject)

    @property
    def export_parts(self) -> ExportParts:
        return ExportParts(self.registry, self.blobs, self.ledger, owner="quay@example.com", purpose="Answers.")

    @property
    def import_parts(self) -> ImportParts:
        return ImportParts(APP, self.registry, self.releases, self.blobs, self.person("ines"))

    def state(self) -> tuple[int, str, list[Digest]]:
        """Everything that an import could change."""
        return self.ledger.size(), self.ledger.checkpoint(), sorted(self.blobs.addresses())

    def freeze(self, text: str = "Answer.", segment: bytes = SEGMENT) -> Release:
        """A release with one of each kind, judged, frozen, approved and shipped."""
        ada, bob = self.person("ada"), self.person("bob")
        publications = _publications(text, self.blobs.put(segment))
        versions = self.registry.publish(APP, publications, by=ada, source_commit=COMMIT)
        artifacts = {each.ref.key: each.digest for each in versions if each.kind not in {"dataset", "suite"}}
        suite = next(each for each in versions if each.kind == "suite")
        draft = Manifest(APP, artifacts)
        run = self.blobs.put(canonical_json(_run(suite.digest, draft.digest)))
        evidence = Evidence("ask", suite.digest, run, "pass")
        self.releases.judge(draft, [evidence], by=ada)
        manifest = Manifest(APP, artifacts, (evidence,))
        release = self.releases.keep_release(manifest, by=ada, source_commit=COMMIT)
        question = Question(APP, manifest.digest, "staging")
        self.reviews.answer(question, "approve", by=bob, reason="Read every answer.")
        self.environments.ship(release, "staging", by=ada, reason="The spring tariff.")
        return release


def _publications(text: str, segment: Digest) -> list[Publication]:
    documents: Json = [{"path": "lease.md", "digest": "sha256:" + "0" * 64, "fate": "indexed", "reason": ""}]
    source = Publication("source", "texts", {"documents": documents})
    knowledge = Publication("knowledge", "texts", {"embed": {"model": "builtin/static"}})
    segments: Json = [{"digest": segment, "documents": 1, "chunks": 3}]
    index = Publication("index", "texts", {"segments": segments, "dimension": 256}, (source.ref, knowledge.ref))
    prompt = Publication("prompt", "answer", {"system": text, "template": "{{ question }}", "parameters": {}})
    route = Publication("route", "default", {"model": "builtin/reader", "timeout_s": 60.0})
    parents: tuple[VersionRef, ...] = (prompt.ref, route.ref, index.ref)
    endpoint = Publication("endpoint", "ask", {"kind": "rag", "prompt": "answer", "route": "default"}, parents)
    rows = Publication("dataset", "ask", {"rows": [{"question": "When?"}]})
    suite = Publication("suite", "ask", {"endpoint": "ask", "dataset_version": rows.ref.digest}, (rows.ref,))
    return [source, knowledge, index, prompt, route, endpoint, rows, suite]


def _run(suite: Digest, draft: Digest) -> Json:
    measure: Json = {"name": "answered", "value": 1.0, "count": 1, "missing": 0, "low": 0.2, "high": 1.0}
    return {
        "suite": "ask",
        "suite_digest": suite,
        "subject": draft,
        "started_at": "2026-03-04T05:00:00.000000Z",
        "rows": [],
        "measures": [measure],
        "verdict": "pass",
        "conditions": [],
    }
