"""What can go wrong with the file of a release."""

from collections.abc import Sequence
from pathlib import Path

from plimsoll.kernel.errors import IntegrityError, InvalidError, UnavailableError

_NAMED = 5
"""So many differences are named in a message; the rest is counted."""


class BundleInvalidError(InvalidError):
    """The file is no exported release, or not a whole one."""

    code = "bundle_invalid"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} is not an exported release: {reason}",
            hint="get the file again, just as `plimsoll release export` wrote it",
        )


class BundleNewerError(InvalidError):
    """The file was written by a newer version of Plimsoll."""

    code = "bundle_newer"

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(
            f"{path} was made by a newer version of Plimsoll: {found}",
            hint="import it with the version of Plimsoll that exported it, or a newer one",
        )


class BundleTamperedError(IntegrityError):
    """What stands in the file is not what was signed. `differences` names each, in one sentence."""

    code = "bundle_tampered"

    def __init__(self, path: Path, differences: Sequence[str]) -> None:
        self.differences = tuple(differences)
        named = "; ".join(self.differences[:_NAMED])
        more = len(self.differences) - _NAMED
        super().__init__(
            f"{path} does not verify: {named}{f'; and {more} more' if more > 0 else ''}",
            hint="nothing of it is used; get the file again from where it was exported",
        )


class MemberTooLargeError(InvalidError):
    """Something is too large to be handed over in a file."""

    code = "bundle_member_too_large"

    def __init__(self, name: str, size: int, limit: int) -> None:
        super().__init__(
            f"{name} has {size} bytes, and a file of a release holds at most {limit} of one thing",
            hint="split what it belongs to, such as a knowledge base, into smaller ones",
        )


class BundleUnusableError(UnavailableError):
    """The file cannot be read or written where it is."""

    code = "bundle_unusable"

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(
            f"{path} could not be used: {error.strerror or error}", hint="check the path, its rights and the free space"
        )
