"""Sums by the hour in the database. Every function wants an open transaction, for the sums change with the traces."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    RowMapping,
    Select,
    Table,
    Text,
    func,
    select,
)

from plimsoll.kernel.money import to_usd
from plimsoll.storage.driver import execute_many

from ._tally import Tally, bucket_end_ms
from ._types import By, CostLine, DaySummary, HourLine

_usage = Table(
    "usage_hour",
    MetaData(),
    Column("app", Text, primary_key=True),
    Column("dimension", Text, primary_key=True),
    Column("hour", Integer, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("environment", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("requests", BigInteger, nullable=False),
    Column("errors", BigInteger, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("cost_pico", BigInteger, nullable=False),
    Column("priced", BigInteger, nullable=False),
    Column("unknown", BigInteger, nullable=False),
)
_COUNTED = ("requests", "errors", "input_tokens", "output_tokens", "cached_tokens", "priced", "unknown")
_HOURS = 24
_HOUR_S = 3600
# A sum of 64-bit numbers may need more than 64 bits, which SQLite refuses: it is made in two halves.
_HALF = 10**6

_ADD = """INSERT INTO usage_hour VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (app, dimension, hour, source, environment, value) DO UPDATE SET
    requests = usage_hour.requests + excluded.requests, errors = usage_hour.errors + excluded.errors,
    input_tokens = usage_hour.input_tokens + excluded.input_tokens,
    output_tokens = usage_hour.output_tokens + excluded.output_tokens,
    cached_tokens = usage_hour.cached_tokens + excluded.cached_tokens,
    cost_pico = usage_hour.cost_pico + excluded.cost_pico, priced = usage_hour.priced + excluded.priced,
    unknown = usage_hour.unknown + excluded.unknown"""


def add_usage(connection: Connection, tally: Tally) -> None:
    """Add what was tallied to the sums."""
    execute_many(connection, _ADD, list(tally.rows()))


def spent(
    connection: Connection, app: str, by: By, *, since: datetime, until: datetime, source: str = ""
) -> tuple[CostLine, ...]:
    """See `Traces.costs`."""
    first, last = _hours(since, until)
    key: Any = _usage.c.hour // _HOURS if by == "day" else _usage.c.value
    query = _sums(key).where(_usage.c.dimension == ("" if by == "day" else by), *_within(app, first, last, source))
    rows = connection.execute(query.group_by(key).order_by(key)).mappings().all()
    return tuple(_line(row, by) for row in rows if row["requests"] or row["unknown"] or row["priced"])


def daily(connection: Connection, app: str, day: datetime, *, source: str = "") -> DaySummary:
    """See `Traces.day`."""
    start = day.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first, last = _hours(start, start + timedelta(days=1))
    within = _within(app, first, last, source)
    query = _sums(_usage.c.hour).where(_usage.c.dimension == "", *within).group_by(_usage.c.hour)
    rows = connection.execute(query.order_by(_usage.c.hour)).mappings().all()
    buckets = select(_usage.c.value, func.sum(_usage.c.requests)).where(_usage.c.dimension == "latency", *within)
    latencies = connection.execute(buckets.group_by(_usage.c.value).order_by(_usage.c.value)).all()
    counts = [(str(value), int(count)) for value, count in latencies]
    total = {name: sum(int(row[name]) for row in rows) for name in _COUNTED}
    return DaySummary(
        day=start,
        requests=total["requests"],
        errors=total["errors"],
        input_tokens=total["input_tokens"],
        output_tokens=total["output_tokens"],
        cached_tokens=total["cached_tokens"],
        cost_usd=_cost(sum(_pico(row) for row in rows), total["priced"], total["unknown"]),
        unknown=total["unknown"],
        p50_ms=_quantile(counts, 0.5),
        p95_ms=_quantile(counts, 0.95),
        hours=tuple(_hour(row, first) for row in rows if row["requests"]),
    )


def lost(connection: Connection, app: str, *, since: datetime | None) -> int:
    """See `Traces.lost`."""
    query = select(func.sum(_usage.c.requests)).where(_usage.c.app == app, _usage.c.dimension == "lost")
    if since is not None:
        query = query.where(_usage.c.hour >= int(since.timestamp() // _HOUR_S))
    return int(connection.scalar(query) or 0)


def forget_user(connection: Connection, users: Sequence[str]) -> None:
    """Drop the sums that name these people; the sums over all users stay as they are."""
    connection.execute(_usage.delete().where(_usage.c.dimension == "user", _usage.c.value.in_(users)))


def _sums(key: Any) -> Select[Any]:
    sums = [func.sum(_usage.c[name]).label(name) for name in _COUNTED]
    high, low = func.sum(_usage.c.cost_pico // _HALF), func.sum(_usage.c.cost_pico % _HALF)
    return select(key.label("key"), *sums, high.label("high"), low.label("low"))


def _within(app: str, first: int, last: int, source: str) -> list[Any]:
    within = [_usage.c.app == app, _usage.c.hour >= first, _usage.c.hour < last]
    return [*within, _usage.c.source == source] if source else within


def _hours(since: datetime, until: datetime) -> tuple[int, int]:
    """The first hour, and the one after the last: a part of an hour counts as the hour."""
    return int(since.timestamp() // _HOUR_S), int(-(-until.timestamp() // _HOUR_S))


def _line(row: RowMapping, by: By) -> CostLine:
    key = str(row["key"])
    if by == "day":
        key = datetime.fromtimestamp(int(row["key"]) * _HOURS * _HOUR_S, UTC).date().isoformat()
    return CostLine(
        key=key,
        requests=int(row["requests"]),
        input_tokens=int(row["input_tokens"]),
        output_tokens=int(row["output_tokens"]),
        cost_usd=_cost(_pico(row), int(row["priced"]), int(row["unknown"])),
        unknown=int(row["unknown"]),
    )


def _hour(row: RowMapping, first: int) -> HourLine:
    return HourLine(
        hour=int(row["key"]) - first,
        requests=int(row["requests"]),
        errors=int(row["errors"]),
        input_tokens=int(row["input_tokens"]),
        output_tokens=int(row["output_tokens"]),
        cost_usd=to_usd(_pico(row)),
    )


def _pico(row: RowMapping) -> int:
    return int(row["high"]) * _HALF + int(row["low"])


def _cost(pico: int, priced: int, unknown: int) -> float | None:
    return None if unknown and not priced else to_usd(pico)


def _quantile(counts: Sequence[tuple[str, int]], share: float) -> float | None:
    needed = share * sum(count for _, count in counts)
    seen = 0
    for bucket, count in counts:
        seen += count
        if count and seen >= needed:
            return round(bucket_end_ms(bucket), 3)
    return None
