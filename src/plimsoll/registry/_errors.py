"""What can go wrong when a version is looked up."""

from plimsoll.kernel.errors import NotFoundError


class VersionMissingError(NotFoundError):
    """No such version."""

    code = "version_missing"

    def __init__(self, app: str, kind: str, name: str, which: str) -> None:
        super().__init__(
            f"{app} has no {kind} `{name}` {which}".rstrip(),
            hint="`plimsoll registry list` shows the versions there are",
        )
