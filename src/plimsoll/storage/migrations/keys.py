"""The schema of the key store: what must be destroyed for an erasure, in a place of its own.

It is apart from the records so that their backups can be kept for long, and its own for as short as erasure asks.
"""

from alembic.operations import Operations
from sqlalchemy import Column, LargeBinary, Text

from . import Migration


def _subjects(op: Operations) -> None:
    op.create_table(
        "subject_key",
        Column("subject", Text, primary_key=True),
        Column("lookup", Text, nullable=False, unique=True),
        Column("wrapped", LargeBinary, nullable=False),
        Column("identifier", LargeBinary, nullable=False),
        Column("created_at", Text, nullable=False),
    )


KEYS = (Migration("keys of data subjects", _subjects),)
