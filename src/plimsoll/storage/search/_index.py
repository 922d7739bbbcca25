"""Full text over numbered documents: FTS5 on SQLite, a GIN index over tsvector on PostgreSQL, one behaviour.

A document is found by its words, whatever their case and accents; `word*` finds every word that begins so. Chinese,
Japanese and Korean text has no spaces, so there each character counts as a word. Words only: no phrases, no ranking;
what was added last comes first. Texts are not kept a second time, so an index can always be dropped and made anew.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from sqlalchemy import Connection, text

from ..driver import execute_many

DERIVED = "search_"
"""How the tables of every text index begin: they hold nothing that is not elsewhere."""

Word = tuple[str, bool]
"""A word, and whether longer words that begin with it count too."""
Documents = Iterable[tuple[int, str]]

_SHIFT = 13
_AT_ONCE = 500
_MOST_WORDS = 32
_MOST_TEXT = 400_000
"""Characters of one document that are indexed: PostgreSQL holds at most 1 MB of words of one document."""
_LONGEST_WORD = 500
_RECENT = 1000
_STATE = f"{DERIVED}state"
_UNSPACED = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af])")
_NO_LETTER = re.compile(r"[\W_]+")


def words_of(wanted: str) -> tuple[Word, ...]:
    """The words that somebody looks for: at most 32, each once."""
    spaced = _UNSPACED.sub(r" \1 ", unicodedata.normalize("NFC", wanted))
    kept = "".join(char if char == "*" or unicodedata.category(char)[0] in "LN" else " " for char in spaced)
    found = [(part.strip("*"), part.endswith("*")) for part in kept.split()]
    return tuple(dict.fromkeys((word.replace("*", ""), prefix) for word, prefix in found if word))[:_MOST_WORDS]


class TextIndex:
    """The text index `name` of a database. Every method wants an open transaction; those that write, one that writes.

    Documents are added in the order of their numbers, which are never used twice. `epoch` names the life of the
    numbers: an index of another epoch (the database was emptied or restored) counts as none.
    """

    def __init__(self, name: str) -> None:
        self._table = f"{DERIVED}{name}"

    def reached(self, connection: Connection, epoch: str) -> int:
        """The last number up to which everything is indexed; 0 where there is no index of this epoch."""
        if not _has_table(connection, _STATE):
            return 0
        query = text(f"SELECT reached FROM {_STATE} WHERE name = :name AND epoch = :epoch")  # noqa: S608  # our own name
        return connection.scalar(query, {"name": self._table, "epoch": epoch}) or 0

    def add(self, connection: Connection, epoch: str, documents: Documents, reached: int) -> None:
        """Index documents; afterwards everything up to the number `reached` counts as indexed."""
        if not self.reached(connection, epoch):
            self.drop(connection)
            connection.exec_driver_sql(
                f"CREATE TABLE IF NOT EXISTS {_STATE} "
                "(name TEXT PRIMARY KEY, epoch TEXT NOT NULL, reached BIGINT NOT NULL)"
            )
        _put(connection, self._table, documents)
        execute_many(connection, f"DELETE FROM {_STATE} WHERE name = ?", [(self._table,)])  # noqa: S608  # our own name
        execute_many(connection, f"INSERT INTO {_STATE} VALUES (?, ?, ?)", [(self._table, epoch, reached)])  # noqa: S608  # the same

    def find(self, connection: Connection, words: Sequence[Word], *, below: int, limit: int) -> list[int]:
        """The numbers below `below` of the documents that hold all the words, the highest first, at most `limit`."""
        if not words:
            return []
        if _is_postgres(connection):
            return _find_in_server(connection, self._table, words, (0, below, limit))
        found: list[int] = []
        for part in reversed(_parts(connection, self._table)):
            if part << _SHIFT < below and len(found) < limit:
                found += _find_in_part(connection, f"{self._table}_{part}", words, (0, below, limit - len(found)))
        return found

    def among(self, connection: Connection, words: Sequence[Word], numbers: Sequence[int]) -> set[int]:
        """Which of these documents hold all the words."""
        found: set[int] = set()
        for number in numbers:
            if _is_postgres(connection):
                found.update(_find_in_server(connection, self._table, words, (number, number + 1, 1)))
            elif number >> _SHIFT in _parts(connection, self._table):
                part = f"{self._table}_{number >> _SHIFT}"
                found.update(_find_in_part(connection, part, words, (number, number + 1, 1)))
        return found

    def forget(self, connection: Connection, numbers: Sequence[int], again: Callable[[int, int], Documents]) -> None:
        """Take documents out. `again` gives the documents that stay, from one number to below another.

        FTS5 cannot forget a word without being told the text, so the part of the index that holds them is made anew.
        """
        if _is_postgres(connection):
            if _has_table(connection, self._table):
                execute_many(connection, f"DELETE FROM {self._table} WHERE number = ?", [(one,) for one in numbers])  # noqa: S608  # our own name
                for number in numbers:
                    _put(connection, self._table, again(number, number + 1))
            return
        there = set(_parts(connection, self._table))
        for part in sorted({number >> _SHIFT for number in numbers} & there):
            connection.exec_driver_sql(f"DROP TABLE {self._table}_{part}")
            _put(connection, self._table, again(part << _SHIFT, (part + 1) << _SHIFT))

    @staticmethod
    def apart(numbers: Iterable[int]) -> list[list[int]]:
        """The numbers in groups, each of which `forget` takes about a quarter of a second for at most."""
        groups: dict[int, list[int]] = {}
        for number in sorted(numbers):
            groups.setdefault(number >> _SHIFT, []).append(number)
        return list(groups.values())

    def forget_below(self, connection: Connection, number: int) -> None:
        """Drop what holds only documents below a number; a few below it may stay."""
        if _is_postgres(connection):
            if _has_table(connection, self._table):
                execute_many(connection, f"DELETE FROM {self._table} WHERE number < ?", [(number,)])  # noqa: S608  # our own name
            return
        for part in _parts(connection, self._table):
            if (part + 1) << _SHIFT <= number:
                connection.exec_driver_sql(f"DROP TABLE {self._table}_{part}")

    def drop(self, connection: Connection) -> None:
        """Forget everything."""
        if _has_table(connection, _STATE):
            execute_many(connection, f"DELETE FROM {_STATE} WHERE name = ?", [(self._table,)])  # noqa: S608  # our own name
        if _is_postgres(connection):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {self._table}")
        else:
            for part in _parts(connection, self._table):
                connection.exec_driver_sql(f"DROP TABLE {self._table}_{part}")


def _put(connection: Connection, table: str, documents: Documents) -> None:
    remaining = iter(documents)
    while some := list(islice(remaining, _AT_ONCE)):
        if _is_postgres(connection):
            _put_into_server(connection, table, some)
            continue
        for part in sorted({number >> _SHIFT for number, _ in some}):
            rows = [(number, _spaced(document)) for number, document in some if number >> _SHIFT == part]
            connection.exec_driver_sql(
                f"CREATE VIRTUAL TABLE IF NOT EXISTS {table}_{part} USING fts5(words, content='', columnsize=0, "
                "detail=none, tokenize='unicode61 remove_diacritics 2')"
            )
            execute_many(connection, f"INSERT INTO {table}_{part} (rowid, words) VALUES (?, ?)", rows)  # noqa: S608  # our own name


def _put_into_server(connection: Connection, table: str, documents: Sequence[tuple[int, str]]) -> None:
    if not _has_table(connection, table):
        connection.exec_driver_sql(f"CREATE TABLE {table} (number BIGINT PRIMARY KEY, words tsvector NOT NULL)")
        connection.exec_driver_sql(f"CREATE INDEX {table}_words ON {table} USING gin (words) WITH (fastupdate = off)")
    rows = [(number, _plain(document)) for number, document in documents]
    execute_many(connection, f"INSERT INTO {table} VALUES (?, strip(to_tsvector('simple', ?)))", rows)  # noqa: S608  # our own name


def _find_in_part(
    connection: Connection, part: str, words: Sequence[Word], place: tuple[int, int, int]
) -> Sequence[int]:
    wanted = " AND ".join(f'"{word}"{" *" if prefix else ""}' for word, prefix in words)
    query = f"SELECT rowid FROM {part} WHERE {part} MATCH ? AND rowid >= ? AND rowid < ? ORDER BY rowid DESC LIMIT ?"  # noqa: S608  # our own name
    return connection.exec_driver_sql(query, (wanted, *place)).scalars().all()


def _find_in_server(
    connection: Connection, table: str, words: Sequence[Word], place: tuple[int, int, int]
) -> list[int]:
    """Common words are found among the newest, without an index; only for the others the whole index is asked.

    Left alone, the server takes one way or the other by what it guesses, and the wrong one takes ten times as long.
    """
    if not _has_table(connection, table):
        return []
    first, below, limit = place
    folded = [(_plain(word), prefix) for word, prefix in words]
    wanted = " & ".join(f"'{word}'{':*' if prefix else ''}" for word, prefix in folded)
    last = connection.scalar(text(f"SELECT max(number) FROM {table} WHERE number < :below"), {"below": below})  # noqa: S608  # our own name
    if last is None:
        return []
    recent = max(first, last - _RECENT)
    which = "words @@ CAST(:wanted AS tsquery) AND number >= :first AND number < :below"
    newest = text(f"SELECT number FROM {table} WHERE {which} ORDER BY number DESC LIMIT :limit")  # noqa: S608  # our own name
    given = {"wanted": wanted, "first": recent, "below": below, "limit": limit}
    found = list(connection.scalars(newest, given))
    if len(found) < limit and first < recent:
        others = text(
            f"WITH found AS MATERIALIZED (SELECT number FROM {table} WHERE words @@ CAST(:wanted AS tsquery)) "  # noqa: S608  # our own name
            "SELECT number FROM found WHERE number >= :first AND number < :below ORDER BY number DESC LIMIT :limit"
        )
        given = {"wanted": wanted, "first": first, "below": recent, "limit": limit - len(found)}
        # It does not count what it costs to unpack the words of every row.
        connection.exec_driver_sql("SET LOCAL enable_seqscan TO off")
        found += connection.scalars(others, given)
        connection.exec_driver_sql("SET LOCAL enable_seqscan TO on")
    return found


def _parts(connection: Connection, table: str) -> list[int]:
    """The parts that there are, in order. Each holds the documents of 8,192 numbers, so that old ones go at once."""
    named = re.compile(re.escape(table) + r"_(\d+)")
    names = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all()
    return sorted(int(match.group(1)) for name in names if (match := named.fullmatch(name)))


def _spaced(document: str) -> str:
    return document if document.isascii() else _UNSPACED.sub(r" \1 ", document)


def _plain(document: str) -> str:
    """Words of letters and digits alone, small and without accents, as FTS5's tokenizer makes them."""
    if not document.isascii():
        apart = unicodedata.normalize("NFKD", _UNSPACED.sub(r" \1 ", document))
        document = "".join(char for char in apart if not unicodedata.combining(char))
    words = _NO_LETTER.sub(" ", document[:_MOST_TEXT].casefold())
    return " ".join(word[:_LONGEST_WORD] for word in words.split(" ")).strip()


def _has_table(connection: Connection, name: str) -> bool:
    if _is_postgres(connection):
        query = "SELECT 1 FROM pg_class WHERE relname = :name AND relnamespace = current_schema()::regnamespace"
    else:
        query = "SELECT 1 FROM sqlite_master WHERE name = :name"
    return connection.scalar(text(query), {"name": name}) is not None


def _is_postgres(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"
