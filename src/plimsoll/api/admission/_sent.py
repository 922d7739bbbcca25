"""What a client sent before the body."""

from typing import Self

from msgspec import Struct
from starlette.types import Scope


# A struct and no dataclass: every request makes one, and this is the cheapest way to make a value.
class Sent(Struct, frozen=True):
    """The headers of one request, by their lower-case names; of a repeated one the last counts, unless asked."""

    headers: dict[bytes, bytes]
    raw: list[tuple[bytes, bytes]]

    @classmethod
    def of(cls, scope: Scope) -> Self:
        """The headers of an ASGI scope, looked at once for each request."""
        state = scope.setdefault("state", {})
        sent = state.get("sent")
        if not isinstance(sent, cls):
            raw = scope["headers"]
            sent = state["sent"] = cls(dict(raw), raw)
        return sent

    def text(self, name: bytes) -> str:
        """One header as text; empty where it is not there."""
        value = self.headers.get(name)
        return "" if value is None else value.decode("latin-1")

    def values(self, name: bytes) -> list[bytes]:
        """Every value of a header, in the order in which they came."""
        value = self.headers.get(name)
        if value is None:
            return []
        if len(self.headers) == len(self.raw):
            return [value]
        return [value for key, value in self.raw if key == name]

    def every(self, name: bytes) -> list[str]:
        """Every value of a header as text."""
        return [value.decode("latin-1") for value in self.values(name)]
