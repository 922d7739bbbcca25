"""Artifacts and their immutable versions: publish, look up, and the parents from which each was made.

A version's digest is that of its canonical content, so the same content is the same version on every machine. What a
kind of artifact contains is known by the room that uses it; this room never looks inside.
"""

from ._errors import VersionMissingError
from ._store import Registry
from ._types import KINDS, Kind, Publication, Version, VersionRef

__all__ = ["KINDS", "Kind", "Publication", "Registry", "Version", "VersionMissingError", "VersionRef"]
