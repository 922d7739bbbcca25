"""The facts of a release such as the sample project gives: every kind of content in its real shape."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from plimsoll.governance.provenance import Built, ReleaseFacts
from plimsoll.kernel.digest import Digest, Json, digest_json
from plimsoll.registry import Kind, Version, VersionRef
from plimsoll.releases import Evidence, Manifest, Release

AT = datetime(2026, 3, 4, 5, 6, 7, 890, tzinfo=UTC)
COMMIT = "0123456789abcdef0123456789abcdef01234567"
BUILT = Built("plimsoll/3f9c2a11", "plimsoll/3f9c2a11#42", AT, AT)
EMBEDDER = "builtin/static@mean+sha256:0f"
SEGMENT = digest_json("segment")


@dataclass
class Draft:
    """Versions as they are added, each with what it was made from."""

    app: str = "skellan-quay"
    versions: list[Version] = field(default_factory=list)
    parents: dict[VersionRef, tuple[VersionRef, ...]] = field(default_factory=dict)
    contents: dict[Digest, Json] = field(default_factory=dict)

    def add(self, kind: Kind, name: str, content: Json, *parents: VersionRef, number: int = 1) -> VersionRef:
        ref = VersionRef(kind, name, digest_json(content))
        self.contents[ref.digest] = content
        self.parents[ref] = parents
        self.versions.append(
            Version(
                app=self.app,
                kind=kind,
                name=name,
                number=number,
                digest=ref.digest,
                created_at=AT,
                author="s-0123456789abcdef",
                source_commit=COMMIT,
                sequence=len(self.versions) + 1,
            )
        )
        return ref

    def facts(self, suite: VersionRef, run: Mapping[str, Json], **said: str) -> ReleaseFacts:
        artifacts = {
            version.ref.key: version.digest for version in self.versions if version.kind not in {"dataset", "suite"}
        }
        evidence = Evidence(suite.name, suite.digest, digest_json(run), "pass")
        release = Release(Manifest(self.app, artifacts, (evidence,)), AT, "s-0123456789abcdef", COMMIT, sequence=42)
        return ReleaseFacts(
            release, tuple(self.versions), self.parents, self.contents, runs={evidence.run: run}, **said
        )


def route(**changes: Json) -> dict[str, Json]:
    return {
        "model": "builtin/reader",
        "base_url": None,
        "api_key": None,
        "timeout_s": 60.0,
        "price": None,
        **changes,
    }


def run_of(suite: Digest) -> dict[str, Json]:
    return {
        "suite": "ask",
        "suite_digest": suite,
        "subject": digest_json("draft"),
        "started_at": "2026-03-04T05:00:00.000000Z",
        "rows": [],
        "measures": [
            {"name": "answer_contains", "value": 0.8125, "count": 16, "missing": 0, "low": 0.57, "high": 0.93},
            {"name": "latency_p95_ms", "value": 12.5, "count": 16, "missing": 0, "low": None, "high": None},
            {"name": "cost_usd_mean", "value": None, "count": 0, "missing": 0, "low": None, "high": None},
        ],
        "verdict": "pass",
        "conditions": [],
    }


def sample(
    *, draft: Draft | None = None, name: str = "documents", said: Mapping[str, str] | None = None, **changes: Json
) -> ReleaseFacts:
    """A release with one of each kind that a build makes; `changes` are those of its route."""
    made = Draft() if draft is None else draft
    documents: Json = [
        {"path": "contracts/lease.pdf", "digest": digest_json("lease"), "fate": "indexed", "reason": ""},
        {"path": "contracts/copy.pdf", "digest": digest_json("lease"), "fate": "duplicate", "reason": "the same"},
        {"path": "policies/leave.md", "digest": digest_json("leave"), "fate": "indexed", "reason": ""},
    ]
    source = made.add("source", name, {"documents": documents})
    knowledge = made.add("knowledge", name, {"sources": [], "embed": {"model": "builtin/static"}})
    index = made.add(
        "index",
        name,
        {
            "format": 1,
            "embedder": EMBEDDER,
            "dimension": 256,
            "chunker": digest_json("chunker"),
            "segments": [{"digest": SEGMENT, "documents": 2, "chunks": 9}],
            "documents": 2,
            "chunks": 9,
        },
        source,
        knowledge,
    )
    prompt = made.add("prompt", "answer", {"system": "Answer.", "template": "{{ question }}", "parameters": {}})
    way = made.add("route", "default", route(**changes), number=3)
    parts = {"kind": "rag", "prompt": "answer", "knowledge": name, "route": "default"}
    made.add("endpoint", "ask", parts, prompt, way, index)
    rows = made.add("dataset", "ask", {"rows": [{"question": "When?"}, {"question": "Who?"}]})
    suite = made.add("suite", "ask", {"dataset": "ask", "endpoint": "ask", "dataset_version": rows.digest}, rows)
    facts = {"owner": "documents@skellanquay.example.com", "purpose": "Answers questions about contracts."}
    return made.facts(suite, run_of(suite.digest), **(facts if said is None else said))
