"""The schema of finished rows of evaluations. The whole file may be deleted at any time: it only saves asking again."""

from alembic.operations import Operations
from sqlalchemy import Column, LargeBinary, Text

from . import Migration


def _cases(op: Operations) -> None:
    op.create_table(
        "evaluation_case",
        Column("key", Text, primary_key=True),
        Column("row_digest", Text, nullable=False),
        Column("value", LargeBinary, nullable=False),
        Column("kept_at", Text, nullable=False),
    )
    op.create_index("evaluation_case_kept_at", "evaluation_case", ["kept_at"])


EVALUATIONS = (Migration("finished rows of evaluations", _cases),)
