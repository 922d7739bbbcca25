"""The schema of the traces, in a file of their own so that their traffic never blocks the records."""

from alembic.operations import Operations
from sqlalchemy import Boolean, Column, Float, Integer, PrimaryKeyConstraint, Text

from . import Migration


def _journey(op: Operations) -> None:
    op.create_table(
        "trace",
        Column("id", Text, primary_key=True),
        Column("app", Text, nullable=False),
        Column("endpoint", Text, nullable=False),
        Column("environment", Text, nullable=False),
        Column("release", Text, nullable=False),
        Column("release_name", Text, nullable=False),
        Column("started_at", Text, nullable=False),
        Column("latency_ms", Float, nullable=False),
        Column("time_to_first_token_ms", Float, nullable=True),
        Column("status", Text, nullable=False),
        Column("error", Text, nullable=False),
        Column("model", Text, nullable=False),
        Column("prompt", Text, nullable=False),
        Column("input_tokens", Integer, nullable=False),
        Column("output_tokens", Integer, nullable=False),
        Column("tokens_estimated", Boolean, nullable=False),
        Column("cost_usd", Float, nullable=True),
        Column("question", Text, nullable=False),
        Column("request", Text, nullable=False),
        Column("answer", Text, nullable=False),
        Column("answered", Boolean, nullable=True),
        Column("passages", Text, nullable=False),
        Column("messages", Text, nullable=False),
        Column("citations", Text, nullable=False),
        Column("caller", Text, nullable=False),
        Column("team", Text, nullable=False),
        Column("project", Text, nullable=False),
        Column("user_id", Text, nullable=False),
    )
    op.create_index("trace_started_at", "trace", ["started_at", "id"])
    op.create_index("trace_release", "trace", ["app", "release"])
    op.create_index("trace_user_id", "trace", ["user_id"])
    op.create_table(
        "span",
        Column("trace_id", Text, nullable=False),
        Column("id", Text, nullable=False),
        Column("parent_id", Text, nullable=True),
        Column("name", Text, nullable=False),
        Column("started_at", Text, nullable=False),
        Column("ended_at", Text, nullable=False),
        Column("attributes", Text, nullable=False),
        Column("error", Text, nullable=True),
        PrimaryKeyConstraint("trace_id", "id"),
    )


TRACES = (Migration("the journey: traces and spans", _journey),)
