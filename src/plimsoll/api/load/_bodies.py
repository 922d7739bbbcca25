"""How many bytes of requests a process holds at once: rules without time."""

from typing import Final

from ._errors import OverloadedError

_RETRY_S: Final = 1.0


class Held:
    """What one request holds; `leave` gives it back, once, however often it is called."""

    __slots__ = ("_bodies", "_tenant", "size_bytes")

    def __init__(self, bodies: "Bodies", tenant: str) -> None:
        self._bodies: Bodies | None = bodies
        self._tenant = tenant
        self.size_bytes = 0

    def add(self, size_bytes: int) -> None:
        """Hold some more. Raises OverloadedError where there is no room; what is held already stays so."""
        if self._bodies is not None:
            self._bodies._take(self._tenant, size_bytes)  # noqa: SLF001 (the two are one thing)
            self.size_bytes += size_bytes

    def leave(self) -> None:
        """Give everything back. Never raises."""
        bodies, self._bodies = self._bodies, None
        if bodies is not None:
            bodies._give(self._tenant, self.size_bytes)  # noqa: SLF001 (the two are one thing)


class Bodies:
    """The room for the bodies of requests, from their first bytes to the ends of their answers.

    A tenant that is alone may have half of it, as if another one could come at any moment, and several share it alike.
    Not thread-safe: it belongs to one event loop.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._held: dict[str, int] = {}
        self.total_bytes = 0
        """Held by all."""

    def of(self, tenant: str) -> Held:
        """A request of a tenant, which holds nothing yet."""
        return Held(self, tenant)

    def _take(self, tenant: str, size_bytes: int) -> None:
        held = self._held.get(tenant, 0)
        tenants = len(self._held) + (tenant not in self._held)
        if self.total_bytes + size_bytes > self._most or held + size_bytes > self._most // max(2, tenants):
            raise OverloadedError(f"{self.total_bytes >> 20} MiB of requests are held", retry_after_s=_RETRY_S)
        self.total_bytes += size_bytes
        self._held[tenant] = held + size_bytes

    def _give(self, tenant: str, size_bytes: int) -> None:
        if size_bytes:
            self.total_bytes -= size_bytes
            left = self._held[tenant] - size_bytes
            if left:
                self._held[tenant] = left
            else:
                del self._held[tenant]
