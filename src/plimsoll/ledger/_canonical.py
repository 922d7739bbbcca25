"""Canonical JSON (RFC 8785) for what an entry usually is: texts, whole numbers, lists and plain names."""

from typing import Final

from msgspec.json import Encoder

from plimsoll.kernel.digest import Json, canonical_json

_encoder = Encoder(order="sorted")
_SAFE_INTEGER: Final = 2**53 - 1


def canonical_line(value: Json) -> bytes:
    """The same bytes as `canonical_json`, some five times faster for plain values.

    A plain value has no fractions and no integers beyond 2**53, and its names are ASCII: for these a common encoder
    that sorts by code points writes what RFC 8785 asks for. Everything else goes the general way.
    """
    if _is_plain(value):
        try:
            return _encoder.encode(value)
        except UnicodeEncodeError:  # half of a surrogate pair: the general way says so in its own words
            pass
    return canonical_json(value)


def _is_plain(value: object) -> bool:
    if type(value) is str or type(value) is bool or value is None:
        return True
    if type(value) is int:
        return -_SAFE_INTEGER <= value <= _SAFE_INTEGER
    if type(value) is dict:
        names = all(type(name) is str and name.isascii() for name in value)
        return names and all(map(_is_plain, value.values()))
    return (type(value) is list or type(value) is tuple) and all(map(_is_plain, value))
