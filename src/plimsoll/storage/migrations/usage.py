"""The schema of what is used of budgets, in a file of its own: it is written many times a second, and never waits.

A window is one stretch of time of one scope (`user:ada`, requests, minute, from second 1795305600). Processes hold
leases of it. Amounts are whole numbers: picodollars, tokens or requests.
"""

from alembic.operations import Operations
from sqlalchemy import BigInteger, Boolean, Column, Float, PrimaryKeyConstraint, Text

from . import Migration


def _windows(op: Operations) -> None:
    op.create_table(
        "usage_window",
        Column("key", Text, primary_key=True),
        Column("app", Text, nullable=False),
        Column("scope", Text, nullable=False),
        Column("measure", Text, nullable=False),
        Column("span", Text, nullable=False),
        Column("start", BigInteger, nullable=False),
        Column("cap", BigInteger, nullable=False),
        Column("spent", BigInteger, nullable=False),
        Column("leased", BigInteger, nullable=False),
        Column("overrun", BigInteger, nullable=False),
        Column("alerted", Float, nullable=False),
        Column("wanted_until_ms", BigInteger, nullable=False),
    )
    op.create_index("usage_window_app", "usage_window", ["app", "span", "start"])
    op.create_index("usage_window_wanted", "usage_window", ["wanted_until_ms"])
    op.create_index("usage_window_scope", "usage_window", ["scope"])
    op.create_table(
        "usage_lease",
        Column("worker", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("amount", BigInteger, nullable=False),
        Column("on_crash", Text, nullable=False),
        Column("charged", Boolean, nullable=False),
        PrimaryKeyConstraint("worker", "key"),
    )
    op.create_index("usage_lease_key", "usage_lease", ["key"])
    op.create_table(
        "usage_worker",
        Column("id", Text, primary_key=True),
        Column("tick", BigInteger, nullable=False),
        Column("expires_ms", BigInteger, nullable=False),
    )
    op.create_table(
        "usage_alert",
        Column("key", Text, nullable=False),
        Column("share", Float, nullable=False),
        Column("app", Text, nullable=False),
        Column("scope", Text, nullable=False),
        Column("measure", Text, nullable=False),
        Column("span", Text, nullable=False),
        Column("start", BigInteger, nullable=False),
        Column("spent", BigInteger, nullable=False),
        Column("cap", BigInteger, nullable=False),
        Column("at", Text, nullable=False),
        PrimaryKeyConstraint("key", "share"),
    )
    op.create_index("usage_alert_app", "usage_alert", ["app", "at"])


USAGE = (Migration("windows, leases, workers and alerts", _windows),)
