"""Which call of a choice a piece of a stream belongs to, also where a server does not number calls as OpenAI does."""

from typing import Any


class CallNumbers:
    """The numbers of one choice's calls.

    Some servers give each call whole and without a number, or number them all 0. A new call is known by a new id that
    comes with a name: some servers make up another id for every piece of the same call.
    """

    __slots__ = ("_at", "_ids", "_last", "_next")

    def __init__(self) -> None:
        self._at: dict[int, int] = {}
        """Ours, by the server's number."""
        self._ids: dict[int, str] = {}
        """By our number."""
        self._next = 0
        self._last = 0

    def give(self, pieces: list[dict[str, Any]]) -> None:
        """Write the right `index` into each piece."""
        for place, piece in enumerate(pieces):
            given = piece.get("index")
            call_id, name = piece.get("id") or "", (piece.get("function") or piece.get("custom") or {}).get("name")
            if given.__class__ is int:
                number = self._numbered(given, call_id, has_name=bool(name))
            else:
                number = self._unnumbered(place if len(pieces) > 1 else self._last, call_id, has_name=bool(name))
            if not self._ids.get(number):
                self._ids[number] = call_id
                self._next = max(self._next, number + 1)
            self._last = number
            if given.__class__ is not int or given != number:
                piece["index"] = number

    def _numbered(self, given: int, call_id: str, *, has_name: bool) -> int:
        known = self._at.get(given)
        if known is None:
            known = self._next if given in self._ids else given
        elif call_id and has_name and self._ids[known] and call_id != self._ids[known]:
            known = self._of_id(call_id)
        self._at[given] = known
        return known

    def _unnumbered(self, place: int, call_id: str, *, has_name: bool) -> int:
        return self._of_id(call_id) if has_name else place

    def _of_id(self, call_id: str) -> int:
        """The call that has this id already, else the next one."""
        return next((number for number, known in self._ids.items() if call_id and known == call_id), self._next)
