from sqlalchemy import Column, Integer, MetaData, Table, Text, select

from plimsoll.storage import Database, insert_missing, put_row, put_rows

TABLE = Table(
    "thing",
    MetaData(),
    Column("app", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("size", Integer),
)


def rows(database: Database) -> list[tuple[str, str, int | None]]:
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(select(TABLE).order_by(TABLE.c.name))]


def test_only_missing_rows_are_inserted(database: Database) -> None:
    with database.write() as connection:
        insert_missing(connection, TABLE, [{"app": "a", "name": "x", "size": 1}])
        insert_missing(connection, TABLE, [{"app": "a", "name": "x", "size": 2}, {"app": "a", "name": "y", "size": 3}])
        insert_missing(connection, TABLE, [])
    assert rows(database) == [("a", "x", 1), ("a", "y", 3)]


def test_a_row_is_put_new_or_over_the_old_one(database: Database) -> None:
    with database.write() as connection:
        put_row(connection, TABLE, {"app": "a", "name": "x"}, {"size": 1})
        put_row(connection, TABLE, {"app": "a", "name": "y"}, {"size": 2})
        put_row(connection, TABLE, {"app": "a", "name": "x"}, {"size": 3})
    assert rows(database) == [("a", "x", 3), ("a", "y", 2)]


def test_a_row_of_keys_alone_is_put_once(database: Database) -> None:
    with database.write() as connection:
        for _ in range(2):
            put_row(connection, TABLE, {"app": "a", "name": "x"}, {})
    assert rows(database) == [("a", "x", None)]


def test_many_rows_are_put_at_once(database: Database) -> None:
    with database.write() as connection:
        put_rows(connection, TABLE, ("app", "name"), [{"app": "a", "name": n, "size": 1} for n in "xy"])
        put_rows(connection, TABLE, ("app", "name"), [{"app": "a", "name": n, "size": 2} for n in "yz"])
        put_rows(connection, TABLE, ("app", "name"), [])
    assert rows(database) == [("a", "x", 1), ("a", "y", 2), ("a", "z", 2)]
