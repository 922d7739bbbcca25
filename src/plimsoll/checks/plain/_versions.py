"""The version of a check that has options."""

from plimsoll.kernel.digest import Json, digest_json, hex_part

_LENGTH = 8


def version_of(number: int, *parts: Json) -> str:
    """Changes with the number of the code and with everything that shapes an answer."""
    return hex_part(digest_json([number, *parts]))[:_LENGTH]
