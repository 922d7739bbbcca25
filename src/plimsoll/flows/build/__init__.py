"""Building: the project's files become versions, its documents an index, and both a working draft.

What is in the files is known by `project`; this flow only carries it from room to room.
"""

from ._build import build
from ._knowledge import NothingIndexedError
from ._stale import changed_files
from ._types import BuildParts, BuildReport, DocumentOutcome, Fate, KnowledgeBuilt, OnProgress

__all__ = [
    "BuildParts",
    "BuildReport",
    "DocumentOutcome",
    "Fate",
    "KnowledgeBuilt",
    "NothingIndexedError",
    "OnProgress",
    "build",
    "changed_files",
]
