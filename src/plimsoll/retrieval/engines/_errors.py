"""What can go wrong with the engines that are not embedded."""

from collections.abc import Iterable

from plimsoll.kernel.errors import ConflictError, InvalidError, UnavailableError

_MOST_REASON = 200


class EngineMissingError(InvalidError):
    """The package of an engine is not installed."""

    code = "engine_missing"

    def __init__(self, engine: str, extra: str) -> None:
        super().__init__(
            f"the index engine {engine} is not installed",
            hint=f"pip install 'plimsoll[{extra}]', or choose another engine for this knowledge base",
        )


class IndexPlaceError(UnavailableError):
    """The place of a derived index cannot be read or written."""

    code = "index_place"

    def __init__(self, place: str, reason: str, secrets: Iterable[str] = ()) -> None:
        shown = reason.strip().partition("\n")[0]
        for secret in secrets:
            shown = shown.replace(secret, "…") if secret else shown
        super().__init__(
            f"the index in {place} could not be used: {shown[:_MOST_REASON]}",
            hint="check the place, its rights and the room there, then try again; the index is derived again by itself",
        )


class SnapshotPrunedError(UnavailableError):
    """An index is open whose snapshot was removed since."""

    code = "snapshot_pruned"

    def __init__(self, place: str) -> None:
        super().__init__(
            f"the index in {place} was removed by another process while it was open",
            hint="start this process again: whoever opens the snapshot derives it again",
        )


class IndexOvertakenError(ConflictError):
    """Other processes change the same index as often as it is written."""

    code = "index_overtaken"

    def __init__(self, place: str) -> None:
        super().__init__(
            f"the index in {place} is being changed by another process",
            hint="open the snapshot again when that process has ended; no snapshot that was there is touched",
        )
