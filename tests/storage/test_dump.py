"""A backup of one engine is a backup of the other."""

import json
from base64 import b64encode
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import MetaData, Table, text

from plimsoll.kernel.digest import Json
from plimsoll.kernel.errors import ConflictError
from plimsoll.storage import Database, PostgresPlace, dump_tables, load_table, load_tables, table_counts
from plimsoll.storage._errors import DumpInvalidError
from plimsoll.storage.migrations import Migration
from plimsoll.storage.migrations.cache import CACHE
from plimsoll.storage.migrations.keys import KEYS
from plimsoll.storage.migrations.records import RECORDS
from plimsoll.storage.migrations.traces import TRACES

Dump = list[tuple[str, list[dict[str, Json]]]]

LONG = 2500  # more rows than are read at once
TEXTS = ["", "Z", "a", '\u00e4\u00f6 \n\t"\\', "\uff5e", "\U0001f600"]
BYTES = [b"", b"\x00\xff", b"\xff\xef"]


def samples(database: Database, count: int = 4) -> Dump:
    """Rows for every table, with all kinds of values. Row n of each table fits row n of those that it refers to."""
    with database.read() as connection:
        metadata = MetaData()
        metadata.reflect(connection)
    tables = [table for table in metadata.sorted_tables if table.name != "schema_version"]
    return [(table.name, [sample(table, number) for number in range(count)]) for table in tables]


def sample(table: Table, number: int) -> dict[str, Json]:
    row: dict[str, Json] = {}
    for place, column in enumerate(table.columns):
        kind = column.type.python_type
        if column.nullable and (place + number) % 2:
            row[column.name] = None
        elif kind is bytes:
            row[column.name] = {"base64": b64encode(BYTES[number % len(BYTES)]).decode()}
        elif kind is str:
            # The number keeps the keys apart, and in the order of the numbers.
            row[column.name] = f"{number:06}{TEXTS[number % len(TEXTS)]}"
        else:
            row[column.name] = {int: number, float: number + 0.1, bool: bool(number % 2)}[kind]
    return row


def dump(database: Database) -> Dump:
    return [(name, list(rows)) for name, rows in dump_tables(database)]


@pytest.mark.parametrize("migrations", [RECORDS, KEYS, TRACES, CACHE])
def test_a_dump_goes_from_one_engine_to_the_other_and_back(
    tmp_path: Path, postgres_place: PostgresPlace, migrations: tuple[Migration, ...]
) -> None:
    with (
        closing(Database(tmp_path / "1.db", migrations)) as first,
        closing(Database(postgres_place, migrations)) as server,
        closing(Database(tmp_path / "2.db", migrations)) as last,
    ):
        given = samples(first)
        load_tables(first, given)
        before = dump(first)
        assert before == given
        # Through text, as a backup on disk.
        load_tables(server, json.loads(json.dumps(before)))
        assert dump(server) == before
        load_tables(last, dump_tables(server))
        assert dump(last) == before
        assert table_counts(first) == table_counts(server) == {name: 4 for name, _ in before}


def test_a_dump_is_of_one_moment_and_says_nothing_of_steps(records: Database) -> None:
    given = samples(records)
    load_tables(records, given)
    seen: Dump = []
    for name, rows in dump_tables(records):
        if not seen:
            with records.write() as connection:
                connection.execute(text("INSERT INTO application VALUES ('late', '')"))
        seen.append((name, list(rows)))
    assert dict(seen) == dict(given)


def test_rows_come_in_the_order_of_their_keys(records: Database) -> None:
    rows: list[dict[str, Json]] = [{"app": name, "root": ""} for name in TEXTS]
    load_tables(records, [("application", rows[::-1])])
    assert dict(dump(records))["application"] == rows


def test_only_an_empty_database_is_loaded(records: Database) -> None:
    load_tables(records, [("application", [{"app": "a", "root": ""}])])
    with pytest.raises(ConflictError, match="application has 1 rows"):
        load_tables(records, samples(records))
    assert sum(table_counts(records).values()) == 1


def row(database: Database, table: str, **changes: Json) -> dict[str, Json]:
    return {**dict(samples(database))[table][0], **changes}


def refused(database: Database, said: str, *tables: tuple[str, list[dict[str, Json]]]) -> None:
    with pytest.raises(DumpInvalidError, match=said):
        load_tables(database, [("application", [{"app": "a", "root": ""}]), *tables])
    assert not any(table_counts(database).values())


def test_what_fits_no_table_is_refused_and_nothing_is_written(records: Database) -> None:
    refused(records, "no table nothing", ("nothing", [{"a": 1}]))
    refused(records, "no table schema_version", ("schema_version", [{"number": 9, "name": "x", "applied_at": "t"}]))
    refused(records, "application comes twice", ("application", [{"app": "b", "root": ""}]))


def test_a_row_with_other_columns_is_refused(records: Database) -> None:
    refused(records, "colour", ("label", [row(records, "label", colour="red")]))
    refused(records, "root", ("artifact_version", []), ("working_draft", [{"app": "a", "root": ""}]))


@pytest.mark.parametrize("value", ["1", True, 1.0, None, [1], {"base64": "AA=="}])
def test_a_value_of_another_kind_is_refused(records: Database, value: Json) -> None:
    refused(records, "sequence is no int", ("label", [row(records, "label", sequence=value)]))


@pytest.mark.parametrize("value", ["AA==", {"base64": "?"}, {"base64": 1}, {"hex": "00"}, None])
def test_bytes_that_are_none_are_refused(records: Database, value: Json) -> None:
    refused(records, "sealed is no bytes", ("ledger_payload", [row(records, "ledger_payload", sealed=value)]))


def test_rows_that_break_a_rule_of_the_schema_are_refused(records: Database) -> None:
    refused(records, "break a rule", ("version_parent", [row(records, "version_parent")]))
    refused(records, "the rows 1 to 2 of label break a rule", ("label", [row(records, "label")] * 2))


def test_many_rows_are_loaded_in_a_transaction_of_the_caller(records: Database) -> None:
    with records.write() as connection:
        assert load_table(connection, "application", ({"app": f"{n:05}", "root": ""} for n in range(LONG))) == LONG
        assert load_table(connection, "release", []) == 0
    assert table_counts(records)["application"] == LONG
    assert len(dict(dump(records))["application"]) == LONG
