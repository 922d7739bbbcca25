"""Artifacts and their immutable versions: publish, look up, label, compare, and follow what was made from what.

A version's digest is that of its canonical content, so the same content is the same version on every machine. What a
kind of artifact contains is known by the room that uses it. Labels are in `plimsoll.registry.labels`.
"""

from ._errors import DigestMismatchError, ReferencedError, VersionMissingError
from ._reference import Reference, parse_reference
from ._store import Guard, Registry
from ._types import KINDS, Kind, Publication, Version, VersionRef, check_kind, split_key

__all__ = [
    "KINDS",
    "DigestMismatchError",
    "Guard",
    "Kind",
    "Publication",
    "Reference",
    "ReferencedError",
    "Registry",
    "Version",
    "VersionMissingError",
    "VersionRef",
    "check_kind",
    "parse_reference",
    "split_key",
]
