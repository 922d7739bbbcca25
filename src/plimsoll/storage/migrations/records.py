"""The schema of the records: ledger, access, registry, reviews, releases and environments.

`sequence` is everywhere the ledger entry that says the same as the row, so that every row can be held against the log.
An actor stands in a row under a pseudonym; whose it is, is known by the key store alone.

SQLite without statistics takes an index that begins with `app` for one that leaves ten rows, and PostgreSQL 18 thinks
columns that a query skips in the middle of an index dear. So where versions and releases are looked up by digest, `app`
and the digest stand side by side, and where many digests are asked for at once, the digest stands first.
"""

from alembic.operations import Operations
from sqlalchemy import BigInteger, Column, Float, ForeignKeyConstraint, Integer, LargeBinary, PrimaryKeyConstraint, Text
from sqlalchemy import UniqueConstraint as Unique

from . import Migration

_VERSION = ["artifact_version.app", "artifact_version.kind", "artifact_version.name", "artifact_version.digest"]


def _ledger(op: Operations) -> None:
    op.create_table(
        "ledger_entry",
        Column("sequence", Integer, primary_key=True, autoincrement=False),
        Column("act", Text, nullable=False),
        Column("app", Text, nullable=False),
        Column("body", Text, nullable=False),
    )
    op.create_index("ledger_entry_act", "ledger_entry", ["act", "sequence"])
    op.create_table(
        "ledger_tile",
        Column("level", Integer, nullable=False),
        Column("position", Integer, nullable=False),
        Column("hash", Text, nullable=False),
        PrimaryKeyConstraint("level", "position"),
    )
    op.create_table(
        "ledger_head",
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("size", Integer, nullable=False),
        Column("frontier", Text, nullable=False),
        Column("last_at", Text, nullable=False),
        Column("checkpoint", Text, nullable=False),
    )
    op.create_table(
        "ledger_payload",
        Column("sequence", Integer, primary_key=True, autoincrement=False),
        Column("subject", Text, nullable=False),
        Column("sealed", LargeBinary, nullable=False),
    )
    op.create_index("ledger_payload_subject", "ledger_payload", ["subject"])


def _access(op: Operations) -> None:
    op.create_table(
        "actor",
        Column("id", Text, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("roles", Text, nullable=False),
        Column("team", Text, nullable=False),
        Column("project", Text, nullable=False),
        Column("created_at", Text, nullable=False),
        Column("disabled_at", Text, nullable=True),
        Column("sequence", Integer, nullable=False),
    )
    op.create_table(
        "api_key",
        Column("prefix", Text, primary_key=True),
        Column("actor", Text, nullable=False),
        Column("hash", Text, nullable=False),
        Column("rights", Text, nullable=False),
        Column("team", Text, nullable=False),
        Column("project", Text, nullable=False),
        Column("created_at", Text, nullable=False),
        Column("expires_at", Text, nullable=True),
        Column("revoked_at", Text, nullable=True),
        Column("replaced_by", Text, nullable=True),
        Column("sequence", Integer, nullable=False),
        ForeignKeyConstraint(["actor"], ["actor.id"]),
    )
    op.create_index("api_key_actor", "api_key", ["actor"])


def _registry(op: Operations) -> None:
    op.create_table(
        "artifact_version",
        Column("app", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("number", Integer, nullable=False),
        Column("digest", Text, nullable=False),
        Column("created_at", Text, nullable=False),
        Column("author", Text, nullable=False),
        Column("source_commit", Text, nullable=False),
        Column("sequence", Integer, nullable=False),
        PrimaryKeyConstraint("app", "kind", "name", "number"),
        Unique("app", "kind", "name", "digest"),
        Unique("sequence"),
    )
    op.create_index("artifact_version_digest", "artifact_version", ["digest"])
    op.create_table(
        "version_parent",
        Column("app", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("digest", Text, nullable=False),
        Column("parent_kind", Text, nullable=False),
        Column("parent_name", Text, nullable=False),
        Column("parent_digest", Text, nullable=False),
        Column("sequence", Integer, nullable=False),
        PrimaryKeyConstraint("digest", "app", "kind", "name", "parent_digest", "parent_kind", "parent_name"),
        ForeignKeyConstraint(["app", "kind", "name", "digest"], _VERSION),
        ForeignKeyConstraint(["app", "parent_kind", "parent_name", "parent_digest"], _VERSION),
    )
    op.create_index("version_parent_parent", "version_parent", ["parent_digest", "app", "parent_kind", "parent_name"])
    op.create_index("version_parent_sequence", "version_parent", ["sequence"])


def _labels(op: Operations) -> None:
    op.create_table(
        "label",
        Column("app", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("label", Text, nullable=False),
        Column("target", Text, nullable=False),
        Column("sequence", Integer, nullable=False),
        PrimaryKeyConstraint("app", "kind", "name", "label"),
    )
    op.create_table(
        "label_move",
        Column("sequence", Integer, primary_key=True, autoincrement=False),
        Column("app", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("label", Text, nullable=False),
        Column("from_target", Text, nullable=True),
        Column("to_target", Text, nullable=True),
        Column("moved_at", Text, nullable=False),
        Column("actor", Text, nullable=False),
    )
    op.create_index("label_move_label", "label_move", ["app", "kind", "name", "label"])


def _reviews(op: Operations) -> None:
    op.create_table(
        "review_answer",
        Column("sequence", Integer, primary_key=True, autoincrement=False),
        Column("app", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("place", Text, nullable=False),
        Column("actor", Text, nullable=False),
        Column("answer", Text, nullable=False),
        Column("answered_at", Text, nullable=False),
        Column("expires_at", Text, nullable=True),
    )
    op.create_index("review_answer_subject", "review_answer", ["app", "subject", "place"])


def _releases(op: Operations) -> None:
    op.create_table("application", Column("app", Text, primary_key=True), Column("root", Text, nullable=False))
    op.create_table(
        "release",
        Column("digest", Text, primary_key=True),
        Column("app", Text, nullable=False),
        Column("created_at", Text, nullable=False),
        Column("author", Text, nullable=False),
        Column("source_commit", Text, nullable=False),
        Column("artifacts_digest", Text, nullable=False),
        Column("origin", Text, nullable=False),
        Column("sequence", Integer, nullable=False),
        Unique("sequence"),
    )
    op.create_index("release_app", "release", ["app", "sequence"])
    op.create_index("release_digest", "release", ["app", "digest"])
    op.create_index("release_artifacts", "release", ["app", "artifacts_digest"])
    op.create_table(
        "release_artifact",
        Column("release", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("digest", Text, nullable=False),
        PrimaryKeyConstraint("release", "kind", "name"),
        ForeignKeyConstraint(["release"], ["release.digest"]),
    )
    op.create_index("release_artifact_digest", "release_artifact", ["digest"])
    op.create_table(
        "draft_verdict",
        Column("sequence", Integer, primary_key=True, autoincrement=False),
        Column("app", Text, nullable=False),
        Column("draft", Text, nullable=False),
        Column("suite", Text, nullable=False),
        Column("suite_version", Text, nullable=False),
        Column("run", Text, nullable=False),
        Column("verdict", Text, nullable=False),
        Column("judged_at", Text, nullable=False),
        Column("actor", Text, nullable=False),
    )
    op.create_index("draft_verdict_draft", "draft_verdict", ["app", "draft"])
    op.create_table(
        "working_draft",
        Column("app", Text, primary_key=True),
        Column("digest", Text, nullable=False),
        Column("built_at", Text, nullable=False),
    )


def _environments(op: Operations) -> None:
    op.create_table(
        "environment",
        Column("app", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("live", Text, nullable=False),
        Column("candidate", Text, nullable=True),
        Column("candidate_share", Float, nullable=False),
        Column("sequence", Integer, nullable=False),
        PrimaryKeyConstraint("app", "name"),
        ForeignKeyConstraint(["live"], ["release.digest"]),
        ForeignKeyConstraint(["candidate"], ["release.digest"]),
    )
    op.create_table(
        "environment_move",
        Column("sequence", Integer, primary_key=True, autoincrement=False),
        Column("app", Text, nullable=False),
        Column("environment", Text, nullable=False),
        Column("move", Text, nullable=False),
        Column("from_release", Text, nullable=True),
        Column("to_release", Text, nullable=False),
        Column("share", Float, nullable=False),
        Column("moved_at", Text, nullable=False),
        Column("actor", Text, nullable=False),
    )
    op.create_index("environment_move_environment", "environment_move", ["app", "environment", "sequence"])
    op.create_table(
        "environment_policy",
        Column("app", Text, nullable=False),
        Column("environment", Text, nullable=False),
        Column("policy", Text, nullable=False),
        Column("adopted_at", Text, nullable=False),
        Column("actor", Text, nullable=False),
        Column("sequence", Integer, nullable=False),
        PrimaryKeyConstraint("app", "environment"),
    )


def _budgets(op: Operations) -> None:
    op.create_table(
        "budget",
        Column("app", Text, nullable=False),
        Column("scope", Text, nullable=False),
        Column("measure", Text, nullable=False),
        Column("span", Text, nullable=False),
        Column("amount", BigInteger, nullable=False),
        Column("alert_at", Float, nullable=False),
        Column("unknown_price", Text, nullable=False),
        Column("on_crash", Text, nullable=False),
        Column("set_at", Text, nullable=False),
        Column("actor", Text, nullable=False),
        Column("sequence", Integer, nullable=False),
        PrimaryKeyConstraint("app", "scope", "measure", "span"),
    )


def _key_models(op: Operations) -> None:
    # Keys that were made before may use everything, as they always could.
    op.add_column("api_key", Column("models", Text, nullable=False, server_default=""))


def _annotations(op: Operations) -> None:
    op.create_table(
        "annotation_queue",
        Column("sequence", Integer, primary_key=True, autoincrement=False),
        Column("app", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("task", Text, nullable=False),
        Column("items", Integer, nullable=False),
        Column("items_digest", Text, nullable=False),
        Column("opened_at", Text, nullable=False),
        Column("actor", Text, nullable=False),
        Unique("app", "name"),
    )
    op.create_table(
        "annotation_item",
        Column("queue", Integer, nullable=False),
        Column("place", Integer, nullable=False),
        Column("item", Text, nullable=False),
        Column("digest", Text, nullable=False),
        Column("content", Text, nullable=False),
        PrimaryKeyConstraint("queue", "place"),
        ForeignKeyConstraint(["queue"], ["annotation_queue.sequence"]),
    )
    op.create_index("annotation_item_item", "annotation_item", ["queue", "item"])
    op.create_table(
        "annotation",
        Column("sequence", Integer, primary_key=True, autoincrement=False),
        Column("app", Text, nullable=False),
        Column("queue", Text, nullable=False),
        Column("item", Text, nullable=False),
        Column("digest", Text, nullable=False),
        Column("given", Text, nullable=False),
        Column("label", Text, nullable=False),
        Column("actor", Text, nullable=False),
        Column("given_at", Text, nullable=False),
    )
    op.create_index("annotation_queue_item", "annotation", ["app", "queue", "item"])


def _calibrations(op: Operations) -> None:
    op.create_table(
        "judge_calibration",
        Column("sequence", Integer, primary_key=True, autoincrement=False),
        Column("app", Text, nullable=False),
        Column("judge", Text, nullable=False),
        Column("version", Text, nullable=False),
        Column("digest", Text, nullable=False),
        Column("content", Text, nullable=False),
        Column("kept_at", Text, nullable=False),
        Column("actor", Text, nullable=False),
    )
    op.create_index("judge_calibration_version", "judge_calibration", ["app", "version", "sequence"])


RECORDS = (
    Migration("ledger", _ledger),
    Migration("actors and keys", _access),
    Migration("artifact versions and their parents", _registry),
    Migration("labels", _labels),
    Migration("answers of reviewers", _reviews),
    Migration("releases", _releases),
    Migration("environments", _environments),
    Migration("budgets", _budgets),
    Migration("models of keys", _key_models),
    Migration("review queues and labels", _annotations),
    Migration("calibrations of judges", _calibrations),
)
