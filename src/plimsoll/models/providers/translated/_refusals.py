"""What HTTP statuses mean, for every provider alike."""

from collections.abc import Mapping
from typing import Final

from ._types import Kind, Refusal

_KINDS: Final[Mapping[int, Kind]] = {
    401: "denied",
    402: "quota",
    403: "denied",
    404: "missing",
    408: "down",
    413: "too_long",
    424: "down",
    425: "busy",
    429: "busy",
    503: "busy",
    504: "down",
    529: "busy",
}
_SERVER_ERROR: Final = 500
_LATER: Final = frozenset({"busy", "down"})


def sort_refusal(status: int, said: str, *, words: Mapping[str, Kind], retry_after_s: float | None = None) -> Refusal:
    """What a refusal means: by its status, and where that only says that the request is wrong, by its words.

    `words` are in lower case; the first that stands in the server's sentence decides.
    """
    kind = _KINDS.get(status, "down" if status >= _SERVER_ERROR else "rejected")
    if kind == "rejected":
        sentence = said.lower()
        kind = next((meant for found, meant in words.items() if found in sentence), kind)
    return Refusal(kind, status, said, retry_after_s if kind in _LATER else None)
