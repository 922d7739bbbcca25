"""Content addresses: the same content has the same name on every machine."""

import hashlib
from collections.abc import Mapping, Sequence

import rfc8785

Digest = str
"""A content address, `sha256:` and 64 hexadecimal digits."""

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
"""A value that JSON can carry."""

_SHORT_LENGTH = 6


def canonical_json(value: Json) -> bytes:
    """The one byte string that stands for `value` (RFC 8785, JSON Canonicalization Scheme).

    Raises ValueError for what the scheme cannot carry: NaN, infinities, and integers beyond 2**53.
    """
    return rfc8785.dumps(value)


def digest_bytes(data: bytes) -> Digest:
    """The SHA-256 content address of `data` (FIPS 180-4)."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest_json(value: Json) -> Digest:
    """The content address of the canonical form of `value`."""
    return digest_bytes(canonical_json(value))


def short_name(prefix: str, digest: Digest) -> str:
    """A name that a person can say: `short_name("r", "sha256:3f9c2a…")` is `r-3f9c2a`."""
    return f"{prefix}-{hex_part(digest)[:_SHORT_LENGTH]}"


def hex_part(digest: Digest) -> str:
    """The hexadecimal digits of a digest, without the name of its algorithm."""
    return digest.removeprefix("sha256:")
