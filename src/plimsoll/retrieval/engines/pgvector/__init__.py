"""The engine pgvector: a schema of a PostgreSQL server for a knowledge base and an embedder.

Snapshots share documents, and each is a list of them. Nothing here is the truth: all of it is derived from the segments
of snapshots, and may be dropped. Full text is BM25 over inverted lists in tables; vectors are compared one by one, and
above some thousand chunks looked up in an HNSW index. Filters and groups are conditions of the same statement, with
bound parameters.
"""

from .._store import PgvectorStore
from ._index import PgvectorIndex
from ._indexes import SCHEMA_PREFIX, PgvectorIndexes, PgvectorSettings, schema_name

__all__ = ["SCHEMA_PREFIX", "PgvectorIndex", "PgvectorIndexes", "PgvectorSettings", "PgvectorStore", "schema_name"]
