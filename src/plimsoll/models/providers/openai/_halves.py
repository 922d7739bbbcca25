"""Characters that a server wrote as two escapes (RFC 8259, section 7) and cut between them."""

import re
from typing import Final

_ESCAPES: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<first>\\u[dD][89abAB][0-9a-fA-F]{2})"
    rb"|(?P<second>\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|\\."
)
"""Whole characters, first halves, second halves, every other escape."""
_UNKNOWN: Final = rb"\ufffd"


class Halves:
    """Puts halves together again: the first is held until the second comes, in the next event."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = b""

    def mended(self, data: bytes) -> bytes:
        """JSON without lone halves; a second one without its first is told as unknown."""
        return _ESCAPES.sub(self._mend, data)

    def _mend(self, found: re.Match[bytes]) -> bytes:
        if found["first"]:
            self._held = found["first"]
            return b""
        if found["second"]:
            held, self._held = self._held, b""
            return held + found["second"] if held else _UNKNOWN
        return found[0]
