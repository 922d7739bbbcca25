"""The tables of the engine pgvector, in a schema of their own.

document           a document with its text, what filters ask of it, and who may find it
chunk              a row of it; its vector is in embedding
posting            which chunks hold a word (by its hash) in their text and above it, and how often, for a batch of
                   chunks that were written together
snapshot           the snapshots, and in snapshot_document the documents of each
segment            which documents each segment holds that was ever seen, so that none is read twice
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from plimsoll.storage import Database, PostgresPlace
from plimsoll.storage.driver import execute_many
from plimsoll.storage.migrations import Migration

from ._bm25 import K1, MOST_COUNT, B, Corpus, Standing

_KEY_BYTES: Final = 16
_VECTOR_INDEX: Final = "embedding_nearest"
_HAS_VECTOR_INDEX: Final = text(f"SELECT to_regclass('{_VECTOR_INDEX}')")
_TABLES: Final = (
    "CREATE SEQUENCE document_number AS integer",
    "CREATE SEQUENCE chunk_number AS integer",
    """CREATE TABLE document (
        id integer PRIMARY KEY DEFAULT nextval('document_number'),
        key bytea NOT NULL UNIQUE, place bigint NOT NULL, info bytea NOT NULL, body bytea NOT NULL,
        everybody boolean NOT NULL, access text[] NOT NULL, fields jsonb NOT NULL)""",
    "ALTER TABLE document ALTER body SET STORAGE EXTERNAL",  # so that a stretch of it can be read alone
    """CREATE TABLE chunk (
        id integer PRIMARY KEY DEFAULT nextval('chunk_number'),
        document integer NOT NULL REFERENCES document ON DELETE CASCADE, ordinal integer NOT NULL,
        batch integer NOT NULL, note bytea NOT NULL, first_byte integer NOT NULL, bytes integer NOT NULL,
        text_words integer NOT NULL, head_words integer NOT NULL)""",
    # Vectors lie apart, so that the lengths of many chunks are read quickly.
    """CREATE TABLE embedding (
        chunk integer PRIMARY KEY REFERENCES chunk ON DELETE CASCADE, vector {vector} NOT NULL)""",
    "CREATE INDEX chunk_document ON chunk (document)",
    """CREATE TABLE posting (
        term bigint NOT NULL, batch integer NOT NULL,
        chunks integer[] NOT NULL, texts smallint[] NOT NULL, heads smallint[] NOT NULL, PRIMARY KEY (term, batch))""",
    """CREATE TABLE snapshot (
        id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY, digest text NOT NULL UNIQUE,
        chunks integer NOT NULL, text_mean double precision NOT NULL, head_mean double precision NOT NULL)""",
    """CREATE TABLE snapshot_document (
        snapshot integer NOT NULL REFERENCES snapshot ON DELETE CASCADE,
        document integer NOT NULL REFERENCES document, PRIMARY KEY (snapshot, document))""",
    "CREATE TABLE segment (digest text PRIMARY KEY, keys bytea NOT NULL)",
)
_VECTOR_TYPE = text("""
    SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'vector'
""")
_LIVING: Final = "JOIN snapshot_document s ON s.document = c.document AND s.snapshot = :snapshot"
_LENGTHS: Final = text("SELECT sum(cardinality(chunks)) FROM posting WHERE term = ANY (CAST(:terms AS bigint[]))")
_STANDINGS: Final = text(f"""
    WITH h AS MATERIALIZED (
        SELECT term, unnest(chunks) AS chunk, unnest(texts) AS in_text, unnest(heads) AS in_head
        FROM posting WHERE term = ANY (CAST(:terms AS bigint[]))
    )
    SELECT h.term, count(*) FILTER (WHERE h.in_text > 0), count(*) FILTER (WHERE h.in_head > 0)
    FROM h JOIN chunk c ON c.id = h.chunk {_LIVING} GROUP BY h.term
""")  # noqa: S608  # put together from the constants above
_SCORE: Final = """
    :most * (h.weight_text * h.in_text / (h.in_text + :flat + :steep * c.text_words / :text_mean)
           + h.weight_head * h.in_head / (h.in_head + :flat + :steep * c.head_words / :head_mean))
"""
_BY_TEXT: Final = f"""
    WITH h AS MATERIALIZED (
        SELECT q.weight_text, q.weight_head,
               unnest(p.chunks) AS chunk, unnest(p.texts) AS in_text, unnest(p.heads) AS in_head
        FROM posting p JOIN unnest(
            CAST(:terms AS bigint[]), CAST(:weight_text AS double precision[]), CAST(:weight_head AS double precision[])
        ) AS q (term, weight_text, weight_head) ON q.term = p.term
        WHERE p.term = ANY (CAST(:terms AS bigint[]))
    )
    SELECT c.id, CAST(round(CAST(sum({_SCORE}) AS numeric), 7) AS double precision) AS score, d.place, c.ordinal
    FROM h JOIN chunk c ON c.id = h.chunk {_LIVING} JOIN document d ON d.id = c.document
    WHERE {{condition}}
    GROUP BY c.id, c.ordinal, d.place ORDER BY score DESC, d.place, c.ordinal LIMIT :limit
"""  # noqa: S608  # put together from the constants above
_MANY_HITS: Final = 0.05
"""The share of all chunks from which on tables are joined whole. The planner cannot know how long inverted lists are:
with 10,000 chunks and common words this takes a search from 93 to 15 ms."""
_BY_VECTOR: Final = f"""
    SELECT c.id, CAST(e.vector AS real[]), d.place, c.ordinal
    FROM embedding e JOIN chunk c ON c.id = e.chunk {_LIVING} JOIN document d ON d.id = c.document
    WHERE {{condition}}
    ORDER BY {{exactly}}(e.vector OPERATOR({{schema}}.<#>) CAST(:vector AS {{schema}}.vector)) LIMIT :limit
"""  # noqa: S608  # put together from the constants above
_EXACTLY: Final = "0 + "
"""Before what is ordered by, so that no index of vectors is used for it."""
_READ: Final = text("""
    SELECT c.id, c.ordinal, c.note, d.info, substring(d.body FROM c.first_byte + 1 FOR c.bytes)
    FROM chunk c JOIN document d ON d.id = c.document WHERE c.id = ANY (CAST(:rows AS integer[]))
""")
_BODY: Final = text("SELECT d.body FROM chunk c JOIN document d ON d.id = c.document WHERE c.id = :row")
_VECTORS: Final = text(
    "SELECT chunk, CAST(vector AS real[]) FROM embedding WHERE chunk = ANY (CAST(:rows AS integer[]))"
)
_FINISH: Final = text("""
    INSERT INTO snapshot_document SELECT :snapshot, id FROM document WHERE key = ANY (CAST(:keys AS bytea[]))
""")
_FIGURES: Final = text(f"""
    UPDATE snapshot SET (chunks, text_mean, head_mean) = (
        SELECT count(*), coalesce(avg(c.text_words), 0), coalesce(avg(c.head_words), 0) FROM chunk c {_LIVING}
    ) WHERE id = :snapshot RETURNING chunks
""")  # noqa: S608  # put together from the constants above
_DYING: Final = text("""
    WITH dead AS (
        DELETE FROM document d WHERE NOT EXISTS (SELECT FROM snapshot_document s WHERE s.document = d.id) RETURNING d.id
    )
    SELECT DISTINCT c.batch FROM chunk c JOIN dead ON dead.id = c.document
""")
_THINNED: Final = text("""
    WITH living AS (
        SELECT p.term, p.batch,
               array_agg(u.chunk) AS chunks, array_agg(u.in_text) AS texts, array_agg(u.in_head) AS heads
        FROM posting p CROSS JOIN LATERAL unnest(p.chunks, p.texts, p.heads) AS u (chunk, in_text, in_head)
        JOIN chunk c ON c.id = u.chunk WHERE p.batch = ANY (CAST(:batches AS integer[])) GROUP BY p.term, p.batch
    ), gone AS (DELETE FROM posting WHERE batch = ANY (CAST(:batches AS integer[])))
    SELECT term, batch, chunks, texts, heads FROM living
""")

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ChunkRow:
    """A chunk as it is written."""

    ordinal: int
    note: bytes
    first_byte: int
    bytes: int
    vector: Vectors
    in_text: Mapping[int, int]
    """How often each word stands in the text, by its hash (a signed number of 64 bits)."""
    in_head: Mapping[int, int]
    """And above it."""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document as it is written."""

    key: bytes
    place: int
    """What it is ordered by among equals."""
    info: bytes
    body: bytes
    everybody: bool
    access: Sequence[str]
    fields: str
    """JSON."""
    chunks: Sequence[ChunkRow]


@dataclass(frozen=True, slots=True)
class SnapshotRecord:
    """A snapshot that is there."""

    number: int
    corpus: Corpus


@dataclass(frozen=True, slots=True)
class Asked:
    """The words of a question."""

    weights: Mapping[int, tuple[float, float]]
    """How much each counts in a text and above one, by its hash."""
    hits: int
    """In how many chunks they stand, counted for each."""


@dataclass(frozen=True, slots=True)
class Hits:
    """Rows that a search found, best first."""

    rows: list[int]
    places: list[int]
    ordinals: list[int]
    scores: list[float]
    vectors: list[list[float]]


@dataclass(frozen=True, slots=True)
class Condition:
    """What documents must meet (SQL on `d`), with what is bound in it."""

    sql: str
    parameters: Mapping[str, object]


class PgvectorStore:
    """The tables of one knowledge base and embedder, in the schema of `place`, which are made when they are missing.

    Raises UnavailableError when the server cannot be used or has no pgvector.
    """

    def __init__(self, place: PostgresPlace, dimension: int) -> None:
        tables = Migration("documents, chunks and snapshots", lambda op: _make_tables(op.get_bind(), dimension))
        self._database = Database(place, (tables,), if_damaged="drop its schema: it is derived again")
        self._place = place
        with self._database.read() as connection:
            self._schema = str(connection.scalar(_VECTOR_TYPE))

    def snapshot(self, digest: str) -> SnapshotRecord | None:
        """A snapshot by its digest; None when it was not derived yet."""
        query = text("SELECT id, chunks, text_mean, head_mean FROM snapshot WHERE digest = :digest")
        with self._database.read() as connection:
            found = connection.execute(query, {"digest": digest}).first()
        return None if found is None else SnapshotRecord(found[0], Corpus(found[1], found[2], found[3]))

    def holds(self, snapshot: int) -> bool:
        """Whether a snapshot is still there, by its number."""
        with self._database.read() as connection:
            found = connection.scalar(text("SELECT EXISTS (SELECT FROM snapshot WHERE id = :id)"), {"id": snapshot})
        return bool(found)

    def standings(self, record: SnapshotRecord, terms: Sequence[int]) -> dict[int, Standing]:
        """In how many chunks of a snapshot each word stands."""
        with self._database.read() as connection:
            hits = connection.scalar(_LENGTHS, {"terms": list(terms)})
            _join_whole(connection, int(hits or 0), record)
            found = connection.execute(_STANDINGS, {"snapshot": record.number, "terms": list(terms)}).all()
        return {term: Standing(in_text, in_head) for term, in_text, in_head in found}

    def best_by_text(self, record: SnapshotRecord, asked: Asked, condition: Condition, limit: int) -> Hits:
        """The chunks with the best BM25, of documents that meet a condition."""
        weights = asked.weights
        parameters = {
            **condition.parameters,
            "snapshot": record.number,
            "terms": list(weights),
            "weight_text": [weight for weight, _ in weights.values()],
            "weight_head": [weight for _, weight in weights.values()],
            "most": K1 + 1,
            "flat": K1 * (1 - B),
            "steep": K1 * B,
            "text_mean": max(record.corpus.text_mean, 1e-9),
            "head_mean": max(record.corpus.head_mean, 1e-9),
            "limit": limit,
        }
        with self._database.read() as connection:
            _join_whole(connection, asked.hits, record)
            found = connection.execute(text(_BY_TEXT.format(condition=condition.sql)), parameters).all()
        rows, scores, places, ordinals = zip(*found, strict=True) if found else ((), (), (), ())
        return Hits(list(rows), list(places), list(ordinals), list(scores), [])

    def nearest(self, snapshot: int, vector: Vectors, condition: Condition, limit: int) -> Hits:
        """The nearest chunks, of documents that meet a condition, with their vectors."""
        statement = partial(_BY_VECTOR.format, condition=condition.sql, schema=self._schema)
        parameters = {**condition.parameters, "snapshot": snapshot, "vector": _written(vector), "limit": limit}
        with self._database.read() as connection:
            # With an index, it is asked for more until there are enough that meet the condition.
            connection.execute(text("SET LOCAL hnsw.iterative_scan = strict_order"))
            connection.execute(text(f"SET LOCAL hnsw.ef_search = {min(max(2 * limit, 100), 1000)}"))
            found = connection.execute(text(statement(exactly="")), parameters).all()
            if len(found) < limit and connection.scalar(_HAS_VECTOR_INDEX) is not None:
                # Or until it gives up, which it does after a while: what few may see is too far apart for it.
                found = connection.execute(text(statement(exactly=_EXACTLY)), parameters).all()
        rows, vectors, places, ordinals = zip(*found, strict=True) if found else ((), (), (), ())
        return Hits(list(rows), list(places), list(ordinals), [], list(vectors))

    def chunks(self, rows: Sequence[int]) -> dict[int, tuple[int, bytes, bytes, bytes]]:
        """For each row its place in the document, its note, the document's info, and its text."""
        with self._database.read() as connection:
            found = connection.execute(_READ, {"rows": list(rows)}).all()
        return {row: (ordinal, note, info, body) for row, ordinal, note, info, body in found}

    def body(self, row: int) -> bytes | None:
        """The text of the document of a row; None where there is no such row any more."""
        with self._database.read() as connection:
            body: bytes | None = connection.execute(_BODY, {"row": row}).scalar_one_or_none()
        return body

    def vectors(self, rows: Sequence[int]) -> dict[int, list[float]]:
        """The vectors of some rows."""
        with self._database.read() as connection:
            return {found[0]: found[1] for found in connection.execute(_VECTORS, {"rows": list(rows)})}

    def index_vectors(self, above: int) -> None:
        """Make the index of vectors, once there are more chunks."""
        with self._database.read() as connection:
            if connection.scalar(_HAS_VECTOR_INDEX) is not None:
                return
            count = int(connection.scalar(text("SELECT count(*) FROM chunk")) or 0)
        if count <= above:
            return
        with self._database.write() as connection:
            connection.execute(
                text(
                    f"CREATE INDEX IF NOT EXISTS {_VECTOR_INDEX} ON embedding "
                    f"USING hnsw (vector {self._schema}.vector_ip_ops)"
                )
            )

    @contextmanager
    def writing(self) -> "Iterator[PgvectorWriter]":
        """A transaction that alone may write: all of it happens, or nothing."""
        with self._database.write() as connection:
            yield PgvectorWriter(connection, self._schema)

    def scrub(self) -> None:
        """Take what was deleted out of the files of the tables as well; see `Database.scrub`."""
        self._database.scrub()

    def close(self) -> None:
        """Give back all connections."""
        self._database.close()

    def __str__(self) -> str:
        return str(self._place)


class PgvectorWriter:
    """What is written in one transaction."""

    def __init__(self, connection: Connection, schema: str) -> None:
        self._connection = connection
        self._schema = schema

    def segments(self, digests: Sequence[str]) -> dict[str, list[bytes]]:
        """The keys of the documents of those of some segments that were seen."""
        query = text("SELECT digest, keys FROM segment WHERE digest = ANY (CAST(:digests AS text[]))")
        found = self._connection.execute(query, {"digests": list(digests)})
        return {
            digest: [keys[at : at + _KEY_BYTES] for at in range(0, len(keys), _KEY_BYTES)] for digest, keys in found
        }

    def keys(self) -> set[bytes]:
        """The keys of all documents."""
        return {bytes(key) for key in self._connection.scalars(text("SELECT key FROM document"))}

    def note(self, segments: Mapping[str, Sequence[bytes]]) -> None:
        """Remember which documents some segments hold."""
        statement = "INSERT INTO segment VALUES (?, ?) ON CONFLICT DO NOTHING"
        execute_many(self._connection, statement, [(name, b"".join(keys)) for name, keys in segments.items()])

    def add(self, documents: Sequence[DocumentRow]) -> None:
        """Write documents with their chunks and words."""
        numbers = self._numbers("document_number", len(documents))
        chunks = self._numbers("chunk_number", sum(len(document.chunks) for document in documents))
        batch = chunks[0] if chunks else 0
        rows, chunk_rows, vectors = [], [], []
        postings: dict[int, tuple[list[int], list[int], list[int]]] = {}
        left = iter(chunks)
        for number, one in zip(numbers, documents, strict=True):
            rows.append((number, one.key, one.place, one.info, one.body, one.everybody, list(one.access), one.fields))
            for chunk in one.chunks:
                row = next(left)
                lengths = (sum(chunk.in_text.values()), sum(chunk.in_head.values()))
                place = (chunk.first_byte, chunk.bytes)
                chunk_rows.append((row, number, chunk.ordinal, batch, chunk.note, *place, *lengths))
                vectors.append((row, _written(chunk.vector)))
                _add_postings(postings, row, chunk)
        execute_many(self._connection, "INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?, CAST(? AS jsonb))", rows)
        execute_many(self._connection, "INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", chunk_rows)
        statement = f"INSERT INTO embedding VALUES (?, CAST(? AS {self._schema}.vector))"  # noqa: S608  # no value
        execute_many(self._connection, statement, vectors)
        self._write_postings([(term, batch, *lists) for term, lists in postings.items()])

    def finish(self, digest: str, keys: Collection[bytes]) -> int:
        """Make the snapshot of some documents; says how many chunks it has."""
        made = text(
            "INSERT INTO snapshot (digest, chunks, text_mean, head_mean) VALUES (:digest, 0, 0, 0) RETURNING id"
        )
        snapshot = int(self._connection.execute(made, {"digest": digest}).scalar_one())
        self._connection.execute(_FINISH, {"snapshot": snapshot, "keys": list(keys)})
        self._connection.execute(text("ANALYZE document, chunk, embedding, posting, snapshot_document"))
        return int(self._connection.execute(_FIGURES, {"snapshot": snapshot}).scalar_one())

    def prune(self, keep: Sequence[str]) -> None:
        """Remove all snapshots but these, and what none of them needs."""
        run = self._connection.execute
        run(text("DELETE FROM snapshot WHERE NOT digest = ANY (CAST(:keep AS text[]))"), {"keep": list(keep)})
        batches = list(self._connection.scalars(_DYING))
        if batches:
            living = run(_THINNED, {"batches": batches}).all()
            self._write_postings([tuple(row) for row in living])

    def _numbers(self, sequence: str, count: int) -> list[int]:
        query = text(f"SELECT nextval('{sequence}') FROM generate_series(1, :count)")  # noqa: S608  # one of two names
        return [int(number) for number in self._connection.scalars(query, {"count": count})]

    def _write_postings(self, rows: Sequence[tuple[object, ...]]) -> None:
        statement = (
            "INSERT INTO posting VALUES (?, ?, CAST(? AS integer[]), CAST(? AS smallint[]), CAST(? AS smallint[]))"
        )
        execute_many(self._connection, statement, rows)


def _join_whole(connection: Connection, hits: int, record: SnapshotRecord) -> None:
    """Have this transaction join whole tables, where so many chunks are hit that looking each up would take longer."""
    if hits > _MANY_HITS * record.corpus.chunks:
        connection.execute(text("SET LOCAL enable_nestloop = off"))


def _make_tables(connection: Connection, dimension: int) -> None:
    schema = connection.scalar(_VECTOR_TYPE)
    if schema is None:
        connection.execute(text("CREATE EXTENSION vector SCHEMA public"))
        schema = connection.scalar(_VECTOR_TYPE)
    for statement in _TABLES:
        connection.execute(text(statement.format(vector=f"{schema}.vector({int(dimension)})")))


def _add_postings(postings: dict[int, tuple[list[int], list[int], list[int]]], row: int, chunk: ChunkRow) -> None:
    for term in chunk.in_text.keys() | chunk.in_head.keys():
        chunks, texts, heads = postings.setdefault(term, ([], [], []))
        chunks.append(row)
        texts.append(min(chunk.in_text.get(term, 0), MOST_COUNT))
        heads.append(min(chunk.in_head.get(term, 0), MOST_COUNT))


def _written(vector: Vectors) -> str:
    return "[" + ",".join(map(str, vector.tolist())) + "]"
