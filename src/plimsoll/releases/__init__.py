"""Immutable releases, and the rules by which they come into an environment.

A manifest names the exact version of everything that shapes an answer. With the evidence that let it through it is a
release; without, it is a draft. Gates are judged in `evaluation`; what a version contains is kept in `registry`; the
pointers and policies of environments are in `plimsoll.releases.environments`.
"""

from ._errors import EnvironmentUnknownError, NothingBuiltError, NothingLiveError, ReleaseMissingError
from ._history import rollback_target
from ._policy import EnvironmentPolicy, policy_difference
from ._state import Promotion, Standing
from ._store import Releases
from ._types import DraftVerdict, Evidence, Manifest, Origin, Release

__all__ = [
    "DraftVerdict",
    "EnvironmentPolicy",
    "EnvironmentUnknownError",
    "Evidence",
    "Manifest",
    "NothingBuiltError",
    "NothingLiveError",
    "Origin",
    "Promotion",
    "Release",
    "ReleaseMissingError",
    "Releases",
    "Standing",
    "policy_difference",
    "rollback_target",
]
