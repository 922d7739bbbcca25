"""Building: the project's files become versions, its documents an index, and both a working draft.

What is in the files is known by `project`; this flow only carries it from room to room.
"""

from ._build import NothingIndexedError, build
from ._one import OneBuilt, Sighting, build_one, look, publish_suites
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
    "OneBuilt",
    "Sighting",
    "build",
    "build_one",
    "changed_files",
    "look",
    "publish_suites",
]
