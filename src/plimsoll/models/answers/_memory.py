"""The answers that were asked for last, in memory."""

from collections import OrderedDict

from ._types import Entry


class Memory:
    """The entries that were used last, within a number of bytes. It belongs to one event loop."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self.size = 0
        """Bytes that are taken now."""
        self.purges = 0
        """How often everything was forgotten."""

    def get(self, key: str, now: float) -> Entry | None:
        """An entry that still answers the same call."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.expires_at <= now:
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry

    def put(self, entry: Entry) -> None:
        """Remember an entry, and forget those that were used the longest ago where there is no room."""
        self._drop(entry.key)
        self._entries[entry.key] = entry
        self.size += entry.size
        while self.size > self._most_bytes:
            self._drop(next(iter(self._entries)))

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.size = 0
        self.purges += 1

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size -= entry.size
