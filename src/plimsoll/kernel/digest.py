"""Content addresses: the same content has the same name on every machine."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import rfc8785
from msgspec.json import Encoder

Digest = str
"""A content address, `sha256:` and 64 hexadecimal digits."""

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
"""A value that JSON can carry."""

_SHORT_LENGTH = 6


_SAFE_INTEGER: Final = 2**53 - 1
_encoder = Encoder(order="sorted")


def canonical_json(value: Json) -> bytes:
    """The one byte string that stands for `value` (RFC 8785, JSON Canonicalization Scheme).

    Plain values (no fractions, no integers beyond 2**53, names in ASCII) go a way that is some five times faster: for
    these a common encoder that sorts by code points writes the very same bytes.
    Raises ValueError for what the scheme cannot carry: NaN, infinities, and integers beyond 2**53.
    """
    if _is_plain(value):
        try:
            return _encoder.encode(value)
        except UnicodeEncodeError:  # half of a surrogate pair: the general way says so in its own words
            pass
    return rfc8785.dumps(value)


def _is_plain(value: object) -> bool:
    if type(value) is str or type(value) is bool or value is None:
        return True
    if type(value) is int:
        return -_SAFE_INTEGER <= value <= _SAFE_INTEGER
    if type(value) is dict:
        names = all(type(name) is str and name.isascii() for name in value)
        return names and all(map(_is_plain, value.values()))
    return (type(value) is list or type(value) is tuple) and all(map(_is_plain, value))


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
