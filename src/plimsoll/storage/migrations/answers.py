"""The schema of the answer cache. The whole file may be deleted at any time: it only saves calls of models."""

from alembic.operations import Operations
from sqlalchemy import Column, Float, Integer, LargeBinary, Text

from . import Migration


def _answers(op: Operations) -> None:
    op.create_table(
        "answer",
        Column("key", Text, primary_key=True),
        Column("partition", Text, nullable=False),
        Column("tenant", Text, nullable=False),
        Column("release", Text, nullable=False),
        Column("user_id", Text, nullable=False),
        Column("asked", Text, nullable=False),
        Column("question", Text, nullable=False),
        Column("vector", LargeBinary, nullable=True),
        Column("value", Text, nullable=False),
        Column("size", Integer, nullable=False),
        Column("kept_at", Float, nullable=False),
        Column("expires_at", Float, nullable=False),
        Column("similar_until", Float, nullable=False),
    )
    op.create_index("answer_partition", "answer", ["partition", "kept_at"])
    op.create_index("answer_kept_at", "answer", ["kept_at", "key"])
    op.create_index("answer_expires_at", "answer", ["expires_at"])
    op.create_table("answer_purge", Column("number", Integer, primary_key=True, autoincrement=False))


ANSWERS = (Migration("answers that are given again", _answers),)
