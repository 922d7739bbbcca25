"""The schema of the traces, in a file of their own so that their traffic never blocks the records."""

import math
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from alembic.operations import Operations
from msgspec import Raw, json
from sqlalchemy import BigInteger, Boolean, Column, Connection, Float, Integer, LargeBinary, PrimaryKeyConstraint, Text
from sqlalchemy import text as sql

from . import Migration

# In SQLite only an INTEGER is the number of the row itself.
_NUMBER = BigInteger().with_variant(Integer, "sqlite")
_AT_ONCE = 500
_HOUR_NS = 3_600_000_000_000
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_PICO = 10**12
_PREVIEW = 300
_DIMENSIONS = {
    "": "",
    "endpoint": "endpoint",
    "key": "key",
    "model": "model",
    "project": "project",
    "release": "release",
    "status": "status",
    "team": "team",
    "user": "user_id",
}


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


def _pieces(op: Operations) -> None:
    """Narrow rows to list, what was said in pieces beside them, sums by the hour; the old rows are carried over."""
    for index in ("trace_started_at", "trace_release", "trace_user_id"):
        op.drop_index(index, "trace")
    op.rename_table("trace", "old_trace")
    op.rename_table("span", "old_span")
    _create_trace(op)
    op.create_table(
        "piece",
        Column("number", _NUMBER, primary_key=True, autoincrement=False),
        Column("trace", BigInteger, nullable=False),
        Column("facts", LargeBinary, nullable=False),
        Column("sealed_for", Text, nullable=True),
        Column("body", LargeBinary, nullable=False),
    )
    # The only piece of a served request has the number of its trace: it is found without an index.
    several = sql("trace <> number")
    op.create_index("piece_trace", "piece", ["trace"], sqlite_where=several, postgresql_where=several)
    op.create_table(
        "origin",
        Column("digest", Text, primary_key=True),
        Column("content", LargeBinary, nullable=False),
        Column("last_day", Integer, nullable=False),
    )
    op.create_table(
        "trace_counter",
        Column("epoch", Text, primary_key=True),
        Column("number", BigInteger, nullable=False),
    )
    _create_usage(op)
    _carry_over(op.get_bind())
    op.drop_table("old_trace")
    op.drop_table("old_span")


def _create_trace(op: Operations) -> None:
    op.create_table(
        "trace",
        Column("number", _NUMBER, primary_key=True, autoincrement=False),
        Column("id", Text, nullable=False),
        Column("id_time", BigInteger, nullable=False),
        Column("app", Text, nullable=False),
        Column("environment", Text, nullable=False),
        Column("endpoint", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("surface", Text, nullable=False),
        Column("release", Text, nullable=False),
        Column("release_name", Text, nullable=False),
        Column("started_ns", BigInteger, nullable=False),
        Column("latency_ms", Float, nullable=False),
        Column("time_to_first_token_ms", Float, nullable=True),
        Column("status", Text, nullable=False),
        Column("error", Text, nullable=False),
        Column("model", Text, nullable=False),
        Column("target", Text, nullable=False),
        Column("prompt", Text, nullable=False),
        Column("input_tokens", BigInteger, nullable=False),
        Column("output_tokens", BigInteger, nullable=False),
        Column("cached_tokens", BigInteger, nullable=False),
        Column("cache_write_tokens", BigInteger, nullable=False),
        Column("reasoning_tokens", BigInteger, nullable=False),
        Column("tokens_estimated", Boolean, nullable=False),
        Column("cost_pico", BigInteger, nullable=True),
        Column("unpriced", Integer, nullable=False),
        Column("question", Text, nullable=False),
        Column("answered", Boolean, nullable=True),
        Column("cached", Text, nullable=False),
        Column("caller", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("team", Text, nullable=False),
        Column("project", Text, nullable=False),
        Column("user_id", Text, nullable=False),
        Column("joined_trace", Text, nullable=False),
        Column("joined_span", Text, nullable=False),
    )
    # First what rises with time: random ids alone would change a page of the index for every row.
    op.create_index("trace_id", "trace", ["id_time", "id"], unique=True)
    op.create_index("trace_started", "trace", ["app", "started_ns", "number"])
    # Only rows that a question can ask for: most traces name nobody, join nothing and did not fail.
    for name, columns, some in (
        ("trace_user", ["app", "user_id", "started_ns"], "user_id <> ''"),
        ("trace_failed", ["app", "started_ns"], "status <> 'ok'"),
        ("trace_joined", ["joined_trace", "app", "started_ns"], "joined_trace <> ''"),
    ):
        op.create_index(name, "trace", columns, sqlite_where=sql(some), postgresql_where=sql(some))


def _create_usage(op: Operations) -> None:
    op.create_table(
        "usage_hour",
        Column("app", Text, nullable=False),
        Column("dimension", Text, nullable=False),
        Column("hour", Integer, nullable=False),
        Column("source", Text, nullable=False),
        Column("environment", Text, nullable=False),
        Column("value", Text, nullable=False),
        Column("requests", BigInteger, nullable=False),
        Column("errors", BigInteger, nullable=False),
        Column("input_tokens", BigInteger, nullable=False),
        Column("output_tokens", BigInteger, nullable=False),
        Column("cached_tokens", BigInteger, nullable=False),
        Column("cost_pico", BigInteger, nullable=False),
        Column("priced", BigInteger, nullable=False),
        Column("unknown", BigInteger, nullable=False),
        PrimaryKeyConstraint("app", "dimension", "hour", "source", "environment", "value"),
        sqlite_with_rowid=False,
    )


def _carry_over(connection: Connection) -> None:
    """The rows of before, numbered from 1 in the order in which they began."""
    latencies: Counter[tuple[str, int, str, str]] = Counter()
    number = 0
    for row in _old_traces(connection):
        number += 1
        trace = _trace_row(number, row)
        body = _body(row, _old_spans(connection, row["id"]))
        _insert(connection, "trace", trace)
        _insert(
            connection, "piece", {"number": number, "trace": number, "facts": b"", "sealed_for": None, "body": body}
        )
        latency = row["latency_ms"]
        bucket = min(max(math.ceil(8 * math.log2(latency)), 0), 255) if latency > 0 else 0
        latencies[row["app"], trace["started_ns"] // _HOUR_NS, row["environment"], f"{bucket:03}"] += 1
    if number:
        _insert(connection, "trace_counter", {"epoch": "0", "number": number})
    _sum_up(connection, latencies)


def _old_traces(connection: Connection) -> Iterator[Any]:
    place = {"started_at": "", "id": ""}
    while True:
        query = sql(
            "SELECT * FROM old_trace WHERE started_at > :started_at OR (started_at = :started_at AND id > :id) "
            "ORDER BY started_at, id LIMIT :most"
        )
        rows = connection.execute(query, {**place, "most": _AT_ONCE}).mappings().all()
        yield from rows
        if len(rows) < _AT_ONCE:
            return
        place = {name: rows[-1][name] for name in place}


def _old_spans(connection: Connection, trace_id: str) -> list[list[Any]]:
    names = "id, parent_id, name, started_at, ended_at, attributes, error"
    query = sql(f"SELECT {names} FROM old_span WHERE trace_id = :id ORDER BY started_at")  # noqa: S608  # names from above
    return [[*row[:5], _raw(row[5]), row[6]] for row in connection.execute(query, {"id": trace_id})]


def _trace_row(number: int, row: Any) -> dict[str, Any]:
    began = datetime.fromisoformat(row["started_at"]) - _EPOCH
    cost, tokens = row["cost_usd"], row["input_tokens"] + row["output_tokens"]
    same = (
        "id app environment endpoint release release_name latency_ms time_to_first_token_ms status error model prompt"
    )
    more = "input_tokens output_tokens tokens_estimated answered caller team project user_id"
    return {
        "number": number,
        "id_time": int(row["id"][8:18], 16),
        **{name: row[name] for name in (*same.split(), *more.split())},
        "started_ns": (began.days * 86_400_000_000 + began.seconds * 1_000_000 + began.microseconds) * 1000,
        "cost_pico": None if cost is None else round(cost * _PICO),
        "unpriced": int(cost is None and tokens > 0),
        "question": row["question"][:_PREVIEW],
        "source": "served",
        "surface": "chat",
        **dict.fromkeys(("target", "cached", "key", "joined_trace", "joined_span"), ""),
        **dict.fromkeys(("cached_tokens", "cache_write_tokens", "reasoning_tokens"), 0),
    }


def _body(row: Any, spans: list[list[Any]]) -> bytes:
    said = {name: row[name] for name in ("question", "answer")}
    parts = {name: _raw(row[name]) for name in ("request", "passages", "messages", "citations")}
    return json.encode({**said, **parts, "spans": spans})


def _raw(text: str) -> Raw:
    return Raw(text.encode())


def _insert(connection: Connection, table: str, row: dict[str, Any]) -> None:
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    connection.execute(sql(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)  # noqa: S608  # names from above


def _sum_up(connection: Connection, latencies: Counter[tuple[str, int, str, str]]) -> None:
    for dimension, column in _DIMENSIONS.items():
        by = f", {column}" if column else ""
        connection.execute(
            sql(
                f"""INSERT INTO usage_hour
                SELECT app, '{dimension}', started_ns / {_HOUR_NS}, source, environment, {column or "''"}, count(*),
                    sum(CASE WHEN status = 'error' THEN 1 ELSE 0 END), sum(input_tokens), sum(output_tokens),
                    sum(cached_tokens), coalesce(sum(cost_pico), 0), count(cost_pico), sum(unpriced)
                FROM trace GROUP BY app, started_ns / {_HOUR_NS}, source, environment{by}"""  # noqa: S608  # our own
            )
        )
    for (app, hour, environment, bucket), requests in latencies.items():
        names = ("app", "dimension", "hour", "source", "environment", "value", "requests")
        row = dict(zip(names, (app, "latency", hour, "served", environment, bucket, requests), strict=True))
        nothing = ("errors", "input_tokens", "output_tokens", "cached_tokens", "cost_pico", "priced", "unknown")
        _insert(connection, "usage_hour", {**row, **dict.fromkeys(nothing, 0)})


def _feedback(op: Operations) -> None:
    op.create_table(
        "feedback",
        Column("id", Text, primary_key=True),
        Column("trace_id", Text, nullable=False),
        Column("at", Text, nullable=False),
        Column("score", Float, nullable=True),
        Column("label", Text, nullable=False),
        Column("comment", Text, nullable=False),
        Column("by_actor", Text, nullable=False),
        Column("user_id", Text, nullable=False),
    )
    op.create_index("feedback_trace_id", "feedback", ["trace_id"])


def _triggers(op: Operations) -> None:
    op.create_table(
        "guard_trigger",
        Column("trace", _NUMBER, nullable=False, autoincrement=False),
        Column("place", Integer, nullable=False),
        Column("stage", Text, nullable=False),
        Column("check_name", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("action", Text, nullable=False),
        Column("found", Integer, nullable=False),
        Column("score", Float, nullable=False),
        Column("version", Text, nullable=False),
        PrimaryKeyConstraint("trace", "place"),
    )
    op.create_index("guard_trigger_check", "guard_trigger", ["check_name", "trace"])
    op.create_table(
        "guard_trigger_reached",
        Column("epoch", Text, primary_key=True),
        Column("number", BigInteger, nullable=False),
    )


TRACES = (
    Migration("the journey: traces and spans", _journey),
    Migration("narrow rows, pieces and sums by the hour", _pieces),
    Migration("what people think of answers", _feedback),
    Migration("what guardrails found", _triggers),
)
