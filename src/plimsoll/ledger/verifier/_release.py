"""A release export: the manifest, every blob it names, the signed statement, and the entries that concern it."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from ._archive import Archive
from ._canonical import from_base64, is_canonical, parse
from ._entry import opened, read_entry
from ._log import read_openings
from ._notes import Checkpoint, Key
from ._report import Report, WrongError
from ._story import Story
from ._tree import inclusion_root

BLOB = re.compile(r"blobs/[0-9a-f]{64}")
REFERENCE, REFERENCE_LENGTH = re.compile(rb"sha256:([0-9a-f]{64})"), 71
SPECIAL_FILES = {"bundle.json", "manifest.json", "attestation.json"}
"""What the statement does not list: they are checked by what they say."""
RELEASE_FILES = SPECIAL_FILES | {"versions.json", "bom.cdx.json", "verify.py"}
RELEASE_FILES |= {"ledger/entries.jsonl", "ledger/checkpoint.note", "ledger/openings.jsonl"}
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE, PREDICATE_TYPE = "https://in-toto.io/Statement/v1", "https://slsa.dev/provenance/v1"
PUBLISHED = ("kind", "name", "number", "digest", "source_commit")

Json = dict[str, Any]


class ReleaseFile:
    """The checks of one release export; what they find goes into the report."""

    def __init__(self, archive: Archive, report: Report, key: Key) -> None:
        self.archive, self.report, self.key = archive, report, key
        self.digests: dict[str, str] = {}
        """SHA-256 of each file, in hexadecimal."""
        self.release = ""
        self.manifest: Json = {"app": "", "artifacts": {}, "evidence": []}
        self.entries: dict[int, Json] = {}
        self._references: dict[str, set[str]] = {}

    def verify(self, head: Json, story: Story, held: list[Checkpoint]) -> None:
        """Run every check; one that cannot be run is a finding."""
        self.archive.expect(RELEASE_FILES, BLOB)
        for name in self.archive.files:
            self._hash(name)
        self.release = "sha256:" + self.digests.get("manifest.json", "")
        checks = {
            "manifest.json": lambda: self._check_manifest(head),
            "attestation.json": self._check_attestation,
            "ledger/checkpoint.note": lambda: self._check_entries(held),
            "versions.json": self._check_versions,
            "ledger/entries.jsonl": self._check_evidence,
        }
        for name, check in checks.items():
            with self.report.watch(name):
                check()
        self._check_blobs()
        self._open(story)

    def _hash(self, name: str) -> None:
        """Note the digest of a file, and which blobs of the archive it names."""
        sha256, tail = hashlib.sha256(), b""
        named: set[str] = set()
        for chunk in self.archive.chunks(name):
            sha256.update(chunk)
            named.update("blobs/" + match.decode() for match in REFERENCE.findall(tail + chunk))
            named &= self.archive.files.keys()
            tail = (tail + chunk)[1 - REFERENCE_LENGTH :]
        self.digests[name], self._references[name] = sha256.hexdigest(), named
        if BLOB.fullmatch(name) and name != "blobs/" + sha256.hexdigest():
            self.report.find(name, "does not match its name: its content was changed")

    def _check_manifest(self, head: Json) -> None:
        text = self.archive.content("manifest.json").decode()
        manifest = parse(text)
        if not is_canonical(manifest, text):
            self.report.find("manifest.json", "is not canonical JSON: it was changed")
        self.manifest = {name: manifest[name] for name in ("app", "artifacts", "evidence")}
        for name, told in (("app", self.manifest["app"]), ("release", self.release)):
            if head.get(name) != told:
                self.report.find("manifest.json", f"is of the {name} {told}, and bundle.json says {head.get(name)}")
        needed = {f"the version of {key}": digest for key, digest in self.manifest["artifacts"].items()}
        needed.update({f"the run of {row['suite']}": row["run"] for row in self.manifest["evidence"]})
        for what, digest in needed.items():
            if _blob(digest) not in self.archive.files:
                self.report.find(_blob(digest), f"is missing from the archive: it is {what}")

    def _check_attestation(self) -> None:
        envelope = self.archive.json("attestation.json")
        kind, payload = envelope["payloadType"].encode(), from_base64(envelope["payload"])
        signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
        signatures = [row["sig"] for row in envelope["signatures"] if row["keyid"] == self.key.name]
        if not signatures or not all(self.key.verifies(from_base64(text), signed) for text in signatures):
            raise WrongError(f"has no signature that verifies under the key {self.key.text}")
        statement = parse(payload.decode())
        types = (envelope["payloadType"], statement["_type"], statement["predicateType"])
        if types != (PAYLOAD_TYPE, STATEMENT_TYPE, PREDICATE_TYPE):
            raise WrongError("is signed, but is no in-toto statement with SLSA provenance")
        subjects = [(row["name"], row["digest"]["sha256"]) for row in statement["subject"]]
        digest = self.release.partition(":")[2]
        if subjects != [(f"{self.manifest['app']}/r-{digest[:6]}", digest)]:
            self.report.find("attestation.json", f"is about {subjects}, and manifest.json is {self.release}")
        self._check_provenance(statement["predicate"])

    def _check_provenance(self, predicate: Json) -> None:
        digests = [row["digest"] for row in predicate["buildDefinition"]["resolvedDependencies"]]
        parts = {f"sha256:{digest['sha256']}" for digest in digests if "sha256" in digest}  # else the source commit
        for digest in sorted(parts ^ set(self.manifest["artifacts"].values())):
            missing = "attestation.json" if digest not in parts else "manifest.json"
            self.report.find(missing, f"does not name the version {digest}, and the other of the two does")
        told = {row["name"]: row["digest"]["sha256"] for row in predicate["runDetails"]["byproducts"]}
        files = {name for name in self.archive.files if not BLOB.fullmatch(name)}
        for name in sorted((files - SPECIAL_FILES) | told.keys()):
            if name not in told:
                self.report.find(name, "is not in the signed statement: it was added")
            elif self.digests.get(name) != told[name]:
                self.report.find(name, "does not match its digest in the signed statement: its content was changed")

    def _check_entries(self, held: list[Checkpoint]) -> None:
        size, root = self.key.open_note(self.archive.content("ledger/checkpoint.note").decode())
        self.report.trust.update({"size": size, "held_compared": 0})
        for held_size, held_root, where in held:
            self.report.trust["held_compared"] += held_size == size
            if held_size == size and held_root != root:
                self.report.find(where, f"is of another history than ledger/checkpoint.note, both of {size} entries")
        for number, line in enumerate(self.archive.lines("ledger/entries.jsonl"), 1):
            with self.report.watch(f"ledger/entries.jsonl line {number}"):
                self._read(parse(line), size, root)

    def _read(self, row: Json, size: int, root: bytes) -> None:
        entry = read_entry(row["entry"])
        index = entry["sequence"]
        if row.keys() != {"index", "entry", "proof"} or row["index"] != index or index in self.entries:
            raise WrongError(f"says that entry {index} is entry {row.get('index')}, or it stands twice")
        proof = [from_base64(text) for text in row["proof"]]
        if inclusion_root(row["entry"].encode(), index, size, proof) != root:
            raise WrongError(
                f"entry {index} is not in the ledger of ledger/checkpoint.note: it, or its proof, was changed"
            )
        self.entries[index] = entry

    def _check_versions(self) -> None:
        versions = self.archive.json("versions.json")
        for row in versions:
            with self.report.watch(f"versions.json {row['kind']}:{row['name']} {row['digest']}"):
                self._check_version(row)
        listed = {(f"{row['kind']}:{row['name']}", row["digest"]) for row in versions}
        for name, digest in sorted(set(self.manifest["artifacts"].items()) - listed):
            self.report.find("versions.json", f"does not list {name} {digest}, which the manifest names")
        sequences = {row["sequence"] for row in versions}
        for index, entry in self.entries.items():
            if entry["act"] == "version.publish" and index not in sequences:
                self.report.find(
                    "versions.json", f"does not list {entry['facts']['digest']}, published by entry {index}"
                )

    def _check_version(self, row: Json) -> None:
        if _blob(row["digest"]) not in self.archive.files:
            self.report.find(_blob(row["digest"]), f"is missing from the archive: it is {row['kind']}:{row['name']}")
        entry = self.entries.get(row["sequence"])
        if entry is None or entry["act"] != "version.publish":
            raise WrongError(f"was published by entry {row['sequence']}, and the file proves no such entry")
        facts = entry["facts"]
        told = [row[name] for name in PUBLISHED] + [row["app"], row["created_at"], row["author"]]
        if told != [facts[name] for name in PUBLISHED] + [entry["app"], entry["at"], entry["actor"]]:
            raise WrongError(f"differs from what entry {row['sequence']} says")
        if not all(parent in row["parents"] for parent in facts["parents"]):
            raise WrongError(f"lacks a parent that entry {row['sequence']} names")

    def _check_evidence(self) -> None:
        """The manifest's evidence is what the ledger says of it. An imported release brings no verdicts of its own."""
        ours = [entry for entry in self.entries.values() if entry["app"] == self.manifest["app"]]
        about = [entry for entry in ours if entry["facts"].get("release") == self.release]
        freezes = [entry["facts"] for entry in about if entry["act"] == "release.freeze"]
        if not freezes and not any(entry["act"] == "release.import" for entry in about):
            raise WrongError(f"proves no entry by which {self.release} was frozen or imported")
        names = ("draft", "suite", "suite_version", "run", "verdict")
        judged = [entry["facts"] for entry in ours if entry["act"] == "gate.judge"]
        known = [[facts[name] for name in names] for facts in judged]
        for freeze in freezes:
            if freeze["evidence"] != self.manifest["evidence"]:
                self.report.find("manifest.json", "has other evidence than the entry by which the release was frozen")
            for row in freeze["evidence"]:
                if [freeze["draft"], *(row[name] for name in names[1:])] not in known:
                    self.report.find(
                        row["run"], f"is a run of {row['suite']} that no gate.judge entry of the file judges"
                    )

    def _check_blobs(self) -> None:
        """Every blob is named by the manifest, by the versions, or by a blob that is."""
        found: set[str] = set()
        todo = self._references.get("manifest.json", set()) | self._references.get("versions.json", set())
        while todo:
            name = todo.pop()
            found.add(name)
            todo |= self._references[name] - found
        for name in sorted(self.archive.files.keys() - found):
            if BLOB.fullmatch(name):
                self.report.find(name, "does not belong in the archive: nothing in the release names it")

    def _open(self, story: Story) -> None:
        contents: dict[int, dict[str, str]] = {}
        name = "ledger/openings.jsonl"
        for sequence, opening, where in read_openings(self.report, name, self.archive.lines(name)):
            with self.report.watch(where):
                contents[sequence] = opened(self.entries[sequence], opening)
        story.stated = {self.release: self.manifest["evidence"]}
        for sequence, entry in sorted(self.entries.items()):
            with self.report.watch(f"entry {sequence}"):
                story.see(entry, contents.get(sequence))


def _blob(digest: str) -> str:
    return "blobs/" + digest.partition(":")[2]
