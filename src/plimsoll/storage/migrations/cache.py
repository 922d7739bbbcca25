"""The schema of the stage cache. The whole file may be deleted at any time: it only saves work."""

from alembic.operations import Operations
from sqlalchemy import Column, LargeBinary, PrimaryKeyConstraint, Text

from . import Migration


def _journey(op: Operations) -> None:
    op.create_table(
        "stage_output",
        Column("stage", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("digest", Text, nullable=False),
        Column("value", LargeBinary, nullable=False),
        PrimaryKeyConstraint("stage", "key"),
    )


CACHE = (Migration("outputs of stages", _journey),)
