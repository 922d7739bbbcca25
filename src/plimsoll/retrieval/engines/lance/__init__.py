"""The engine Lance: one dataset for a knowledge base and an embedder, on a disk or in object storage.

A snapshot is a tag of the dataset. Nothing here is the truth: all of it is derived from the segments of snapshots, and
may be deleted. Up to some thousand chunks a search is exact; above that vectors are looked up in an IVF_SQ index, and
the scores of what it finds are exact.
"""

from ._dataset import LanceIndexes, place_name
from ._index import LanceIndex
from ._indexing import LanceSettings

__all__ = ["LanceIndex", "LanceIndexes", "LanceSettings", "place_name"]
