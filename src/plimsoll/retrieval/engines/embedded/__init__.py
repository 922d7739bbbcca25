"""The engine without a server: files on a local disk, mapped into memory.

Nothing here is the truth: all of it is derived from the segments of snapshots, shared between snapshots, and may be
deleted. What a search finds depends on the snapshot alone, never on how its files came to be: scores are exact, and
equal ones stand in an order that follows from the documents.
"""

from ._folder import IndexFolder
from ._index import EmbeddedIndex
from ._indexes import EmbeddedIndexes

__all__ = ["EmbeddedIndex", "EmbeddedIndexes", "IndexFolder"]
