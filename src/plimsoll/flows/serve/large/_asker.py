"""Who waits for a review."""


class AskerLeftError(Exception):
    """Nobody waits any more for what is being done; told to nobody."""


class Asker:
    """Whoever waits for large work; another thread may be doing it."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = False

    def leave(self) -> None:
        """Wait no more."""
        self._left = True

    def check(self) -> None:
        """Raises AskerLeftError where nobody waits."""
        if self._left:
            raise AskerLeftError
