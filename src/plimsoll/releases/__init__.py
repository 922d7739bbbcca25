"""Immutable releases, and the environments whose pointers move between them.

A manifest names the exact version of everything that shapes an answer. With the evidence that let it through it is a
release; without, it is a draft. Gates are judged in `evaluation`; what a version contains is kept in `registry`.
"""

from ._errors import (
    AlreadyLiveError,
    EnvironmentUnknownError,
    NoEarlierReleaseError,
    NothingBuiltError,
    NothingLiveError,
    ReleaseMissingError,
)
from ._history import rollback_target
from ._store import Releases
from ._types import Environment, EnvironmentMove, Evidence, Manifest, Move, Release

__all__ = [
    "AlreadyLiveError",
    "Environment",
    "EnvironmentMove",
    "EnvironmentUnknownError",
    "Evidence",
    "Manifest",
    "Move",
    "NoEarlierReleaseError",
    "NothingBuiltError",
    "NothingLiveError",
    "Release",
    "ReleaseMissingError",
    "Releases",
    "rollback_target",
]
