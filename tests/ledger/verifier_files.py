"""Writes audit and release exports for the tests of the verifier; after the formats alone, not with Plimsoll's code."""

import base64
import copy
import hashlib
import hmac
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from plimsoll.ledger.verifier import Report

ADA, BOB, HEALER = "s-00000000000000aa", "s-00000000000000bb", "s-00000000000000cc"
APP = "contracts"


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def text_of(value: Any) -> str:
    return rfc8785.dumps(value).decode()


def tree_root(lines: Sequence[str]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if len(lines) < 2:
        return hashlib.sha256(b"\x00" + lines[0].encode() if lines else b"").digest()
    split = 1 << (len(lines) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + tree_root(lines[:split]) + tree_root(lines[split:])).digest()


def tree_path(index: int, lines: Sequence[str]) -> list[bytes]:
    """RFC 6962 section 2.1.1, word for word."""
    if len(lines) < 2:
        return []
    split = 1 << (len(lines) - 1).bit_length() - 1
    if index < split:
        return [*tree_path(index, lines[:split]), tree_root(lines[split:])]
    return [*tree_path(index - split, lines[split:]), tree_root(lines[:split])]


@dataclass(frozen=True)
class Signer:
    """An Ed25519 key with a name."""

    name: str
    seed: bytes

    @property
    def public(self) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()

    @property
    def key_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n\x01" + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        encoded = base64.b64encode(b"\x01" + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    def sign(self, data: bytes) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(data)

    def note(self, lines: Sequence[str]) -> str:
        body = f"{self.name}\n{len(lines)}\n{base64.b64encode(tree_root(lines)).decode()}\n"
        signature = base64.b64encode(self.key_id + self.sign(body.encode())).decode()
        return f"{body}\n\u2014 {self.name} {signature}\n"


SIGNER = Signer("plimsoll/0a1b2c3d", b"\x07" * 32)
STRANGER = Signer("plimsoll/0a1b2c3d", b"\x08" * 32)


@dataclass
class Writer:
    """Writes a ledger, one entry per minute."""

    signer: Signer = SIGNER
    lines: list[str] = field(default_factory=list)
    openings: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        facts = {"format": 1, "origin": self.signer.name, "vkey": self.signer.vkey}
        self.add("ledger.start", facts, actor="s-0000000000000000", app="")

    def add(
        self,
        act: str,
        facts: Mapping[str, Any],
        *,
        actor: str = ADA,
        app: str = APP,
        private: Any = None,
        opened: bool = True,
    ) -> int:
        number = len(self.lines)
        at = f"2026-05-{number // 1440 + 1:02}T{number // 60 % 24:02}:{number % 60:02}:00.000000Z"
        entry = {
            "v": 1,
            "sequence": number,
            "at": at,
            "act": act,
            "app": app,
            "actor": actor,
            "via": "local",
            "facts": facts,
        }
        if private is not None:
            nonce = hashlib.sha256(b"nonce %d" % number).digest()
            entry["sealed"] = "hmac-sha256:" + hmac.new(nonce, rfc8785.dumps(private), hashlib.sha256).hexdigest()
            if opened:
                self.openings.append({"sequence": number, "nonce": nonce.hex(), "content": private})
        self.lines.append(text_of(entry))
        return number

    def person(self, actor: str, name: str, *, opened: bool = True) -> int:
        facts = {"actor": actor, "kind": "person", "roles": ["developer"], "team": "", "project": ""}
        return self.add("actor.create", facts, app="", private={"name": name}, opened=opened)

    def move(self, act: str, to: str, before: str | None, reason: str = "", **more: Any) -> int:
        facts = {"environment": "production", "move": act, "from": before, "to": to, "share": 1.0, **more}
        return self.add(f"environment.{act}", rfc_numbers(facts), private={"reason": reason or f"a {act}"})


def rfc_numbers(value: Any) -> Any:
    """The value as it is after one trip through canonical JSON."""
    return json.loads(rfc8785.dumps(value))


FIRST, SECOND = sha256(b"first"), sha256(b"second")


def a_ledger(more: int = 0) -> Writer:
    """Two people, two releases, an approval, two moves, a split, an override and an erasure."""
    log = Writer()
    log.person(ADA, "Ada Lovelace")
    log.person(BOB, "Bob Kahn")
    log.person(HEALER, "Hal Nine", opened=False)
    row = {"suite": "ask", "suite_version": sha256(b"suite"), "run": sha256(b"run"), "verdict": "pass"}
    for release in (FIRST, SECOND):
        log.add("gate.judge", {**row, "draft": sha256(release.encode())})
        log.add(
            "release.freeze",
            {"release": release, "draft": sha256(release.encode()), "source_commit": "c0ffee", "evidence": [row]},
        )
    place = {"subject": FIRST, "place": "production"}
    log.add("review.approve", {**place, "expires_at": None}, actor=BOB, private={"reason": "read every row"})
    log.add("review.approve", {**place, "expires_at": "2026-05-01T00:00:01.000000Z"}, actor=HEALER)
    log.move("ship", FIRST, None, "the first one")
    log.add(
        "environment.override",
        {"environment": "production", "release": SECOND, "rules": ["approvals"]},
        private={"reason": "fire"},
    )
    log.move("ship", SECOND, FIRST)
    log.move("rollback", FIRST, SECOND)
    log.move("split", SECOND, FIRST, share=0.1)
    tombstone = {
        "subject": HEALER,
        "basis": "art. 17",
        "key_destroyed": True,
        "purged": {},
        "blobs": [],
        "residuals": [],
    }
    log.add("subject.erase", tombstone, app="")
    for number in range(more):
        log.add(
            "label.move",
            {"kind": "prompt", "name": "answer", "label": "latest", "from": None, "to": sha256(b"%d" % number)},
        )
    return log


@dataclass
class AuditExport:
    """The parts of an audit export, to be changed by a test and then written."""

    lines: list[str]
    notes: list[str]
    openings: list[str]
    signer: Signer = SIGNER
    size: int | None = None
    others: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, log: Writer, sizes: Sequence[int] = ()) -> "AuditExport":
        notes = [log.signer.note(log.lines[:size]) for size in (*sizes, len(log.lines))]
        return cls(list(log.lines), notes, list(map(text_of, log.openings)), log.signer)

    def write(self, path: Path) -> Path:
        size = len(self.lines) if self.size is None else self.size
        head = {"format": 1, "kind": "audit", "origin": self.signer.name, "vkey": self.signer.vkey, "size": size}
        files = {
            "export.json": text_of({**head, "created_at": "2026-06-01T00:00:00.000000Z"}).encode(),
            "entries.jsonl": jsonl(self.lines),
            "checkpoints.jsonl": jsonl([text_of({"note": note}) for note in self.notes]),
            "openings.jsonl": jsonl(self.openings),
            "verify.py": b"#\n",
            "README.txt": b"read me\n",
        }
        return write_tar(path, {**files, **self.others})


def jsonl(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")


def write_tar(path: Path, files: Mapping[str, bytes], extra: Sequence[tarfile.TarInfo] = ()) -> Path:
    with tarfile.open(path, "w:", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for member in extra:
            archive.addfile(member, io.BytesIO(b"\0" * member.size))
    return path


@dataclass
class ReleaseExport:
    """The parts of a release export. `write` signs whatever stands in them, unless a file is replaced."""

    log: Writer
    manifest: dict[str, Any]
    versions: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    blobs: dict[str, bytes]
    replaced: dict[str, bytes] = field(default_factory=dict)

    @property
    def release(self) -> str:
        return sha256(rfc8785.dumps(self.manifest))

    def files(self) -> dict[str, bytes]:
        head: dict[str, Any] = {
            "format": 1,
            "kind": "release",
            "app": APP,
            "release": self.release,
            "created_at": "2026-06-01T00:00:00.000000Z",
        }
        files = {
            "manifest.json": rfc8785.dumps(self.manifest),
            "versions.json": rfc8785.dumps(self.versions),
            "bom.cdx.json": b"{}",
            "verify.py": b"#\n",
            "ledger/entries.jsonl": jsonl([text_of(row) for row in self.rows]),
            "ledger/checkpoint.note": SIGNER.note(self.log.lines).encode(),
            "ledger/openings.jsonl": jsonl(list(map(text_of, self.log.openings))),
        }
        statement = self.statement({name: data for name, data in files.items() if name != "manifest.json"})
        head |= {"origin": SIGNER.name, "vkey": SIGNER.vkey}
        return {
            **files,
            **{f"blobs/{name.removeprefix('sha256:')}": data for name, data in self.blobs.items()},
            "attestation.json": json.dumps(envelope(statement)).encode(),
            "bundle.json": rfc8785.dumps(head),
        }

    def statement(self, byproducts: Mapping[str, bytes]) -> dict[str, Any]:
        release = self.release.removeprefix("sha256:")
        parts: list[Any] = [
            {"uri": f"plimsoll:{key}", "digest": {"sha256": digest.removeprefix("sha256:")}}
            for key, digest in self.manifest["artifacts"].items()
        ]
        others = [
            {"name": name, "digest": {"sha256": hashlib.sha256(data).hexdigest()}} for name, data in byproducts.items()
        ]
        return {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": f"{APP}/r-{release[:6]}", "digest": {"sha256": release}}],
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": {
                "buildDefinition": {
                    "resolvedDependencies": [*parts, {"name": "source", "digest": {"gitCommit": "c0ffee"}}]
                },
                "runDetails": {"byproducts": others},
            },
        }

    def write(self, path: Path, extra: Sequence[tarfile.TarInfo] = ()) -> Path:
        files = {**self.files(), **self.replaced}
        return write_tar(path, {name: data for name, data in files.items() if data != b"removed"}, extra)


def envelope(statement: Any, signer: Signer = SIGNER, kind: str = "application/vnd.in-toto+json") -> dict[str, Any]:
    payload = rfc8785.dumps(statement)
    signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
    signature = {"keyid": signer.name, "sig": base64.b64encode(signer.sign(signed)).decode()}
    return {"payloadType": kind, "payload": base64.b64encode(payload).decode(), "signatures": [signature]}


def a_release() -> ReleaseExport:
    """A prompt and an index with a segment, frozen on one run, approved and shipped."""
    segment, run = b"vectors", text_of({"rows": [1, 2]}).encode()
    contents = {"prompt:answer": b'{"text":"hello"}', "index:papers": text_of({"segments": [sha256(segment)]}).encode()}
    log = Writer()
    versions = [publish(log, key, content) for key, content in contents.items()]
    log.person(ADA, "Ada Lovelace")
    row = {"suite": "ask", "suite_version": sha256(b"suite"), "run": sha256(run), "verdict": "pass"}
    artifacts = {key: sha256(content) for key, content in contents.items()}
    manifest: dict[str, Any] = {"format": 1, "app": APP, "artifacts": artifacts, "evidence": [row]}
    draft = sha256(rfc8785.dumps({**manifest, "evidence": []}))
    release = sha256(rfc8785.dumps(manifest))
    log.add("gate.judge", {**row, "draft": draft})
    log.add("release.freeze", {"release": release, "draft": draft, "source_commit": "c0ffee", "evidence": [row]})
    log.add("review.approve", {"subject": release, "place": "production", "expires_at": None}, actor=BOB)
    log.move("ship", release, None, "ready")
    log.add("key.create", {"prefix": "abc"})
    rows = [proved(log, index) for index in range(1, len(log.lines) - 1)]
    blobs = {sha256(data): data for data in (segment, run, *contents.values())}
    return ReleaseExport(log, manifest, versions, rows, blobs)


def publish(log: Writer, key: str, content: bytes) -> dict[str, Any]:
    kind, _, name = key.partition(":")
    facts: dict[str, Any] = {
        "kind": kind,
        "name": name,
        "number": 1,
        "digest": sha256(content),
        "source_commit": "c0ffee",
        "parents": [],
    }
    sequence = log.add("version.publish", facts)
    entry = json.loads(log.lines[sequence])
    more = {"app": APP, "created_at": entry["at"], "author": ADA, "sequence": sequence}
    return {**copy.deepcopy(facts), **more}


def proved(log: Writer, index: int) -> dict[str, Any]:
    proof = [base64.b64encode(each).decode() for each in tree_path(index, log.lines)]
    return {"index": index, "entry": log.lines[index], "proof": proof}


def said(report: Report) -> str:
    return "\n".join(f"{where}: {what}" for where, what in report.findings)


def held(path: Path, lines: Sequence[str], *sizes: int) -> Path:
    """A file with the checkpoints that an auditor got earlier."""
    path.write_text("".join(SIGNER.note(lines[:size]) for size in sizes))
    return path
