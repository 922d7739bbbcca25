"""The conformance suite for index engines, for authors of adapters. It needs pytest, and no network.

Here: `IndexConformance`, what every engine makes of documents, filters, groups and snapshots; `Shelved`, a document
with its vectors; `shelved` and `vector_of`, which make small ones. Not here: the engines (`plimsoll.retrieval`).
"""

from . import _rewrite  # noqa: F401 before the suite: then pytest shows what an assertion compared
from ._library import DIMENSION, Shelved, shelved, vector_of
from ._suite import IndexConformance, OpenSnapshot

__all__ = ["DIMENSION", "IndexConformance", "OpenSnapshot", "Shelved", "shelved", "vector_of"]
