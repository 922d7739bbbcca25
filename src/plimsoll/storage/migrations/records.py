"""The schema of the records: registry, releases, environments."""

from alembic.operations import Operations
from sqlalchemy import Column, ForeignKeyConstraint, Integer, PrimaryKeyConstraint, Text, UniqueConstraint

from . import Migration


def _versions(op: Operations) -> None:
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
        PrimaryKeyConstraint("app", "kind", "name", "number"),
        UniqueConstraint("app", "kind", "name", "digest"),
    )
    op.create_table(
        "version_parent",
        Column("app", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("digest", Text, nullable=False),
        Column("parent_kind", Text, nullable=False),
        Column("parent_name", Text, nullable=False),
        Column("parent_digest", Text, nullable=False),
        PrimaryKeyConstraint("app", "kind", "name", "digest", "parent_kind", "parent_name", "parent_digest"),
        ForeignKeyConstraint(
            ["app", "kind", "name", "digest"],
            ["artifact_version.app", "artifact_version.kind", "artifact_version.name", "artifact_version.digest"],
        ),
        ForeignKeyConstraint(
            ["app", "parent_kind", "parent_name", "parent_digest"],
            ["artifact_version.app", "artifact_version.kind", "artifact_version.name", "artifact_version.digest"],
        ),
    )


def _releases(op: Operations) -> None:
    op.create_table("application", Column("app", Text, primary_key=True), Column("root", Text, nullable=False))
    op.create_table(
        "release",
        Column("digest", Text, primary_key=True),
        Column("app", Text, nullable=False),
        Column("created_at", Text, nullable=False),
        Column("author", Text, nullable=False),
        Column("source_commit", Text, nullable=False),
    )
    op.create_table(
        "working_draft",
        Column("app", Text, primary_key=True),
        Column("digest", Text, nullable=False),
        Column("built_at", Text, nullable=False),
    )
    op.create_table(
        "environment",
        Column("app", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("live", Text, nullable=False),
        Column("sequence", Integer, nullable=False),
        PrimaryKeyConstraint("app", "name"),
        ForeignKeyConstraint(["live"], ["release.digest"]),
    )
    op.create_table(
        "environment_move",
        Column("sequence", Integer, primary_key=True, autoincrement=True),
        Column("app", Text, nullable=False),
        Column("environment", Text, nullable=False),
        Column("move", Text, nullable=False),
        Column("from_release", Text, nullable=True),
        Column("to_release", Text, nullable=False),
        Column("moved_at", Text, nullable=False),
        Column("actor", Text, nullable=False),
        Column("reason", Text, nullable=False),
        ForeignKeyConstraint(["to_release"], ["release.digest"]),
    )


RECORDS = (
    Migration("artifact versions and their parents", _versions),
    Migration("releases and environments", _releases),
)
