"""The first stages of a build: what the sources hold, what became of each document, and the texts of those that go on.

In this order: `open_sources`, `find_files` (remote ones are fetched), `load_documents`, `settle_near_duplicates`.
"""

from ._finding import FoundFile, find_files
from ._load import CopyFailedError, LoadedDocument, load_documents
from ._loading import Loading
from ._similar import settle_near_duplicates
from ._sources import Source, open_sources

__all__ = [
    "CopyFailedError",
    "FoundFile",
    "LoadedDocument",
    "Loading",
    "Source",
    "find_files",
    "load_documents",
    "open_sources",
    "settle_near_duplicates",
]
