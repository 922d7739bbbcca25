"""What can go wrong with releases and environments."""

from collections.abc import Sequence

from plimsoll.kernel.errors import ConflictError, InvalidError, NotFoundError


class ReleaseMissingError(NotFoundError):
    """No release of that name."""

    code = "release_missing"

    def __init__(self, app: str, name: str) -> None:
        hint = "`plimsoll release list` shows the releases there are; `plimsoll release` makes one"
        if name.startswith("d-"):
            hint = (
                "that is the name of a draft: `plimsoll release` brings it before its gates and makes a release of it"
            )
        super().__init__(f"{app} has no release `{name}`", hint=hint)


class ReleaseAmbiguousError(InvalidError):
    """A short name that fits more than one release."""

    code = "release_ambiguous"

    def __init__(self, name: str, count: int) -> None:
        super().__init__(f"`{name}` fits {count} releases", hint="write more digits of its digest")


class NothingLiveError(NotFoundError):
    """No release is live in that environment."""

    code = "nothing_live"

    def __init__(self, app: str, environment: str) -> None:
        super().__init__(
            f"no release of {app} is live in {environment}",
            hint=f"`plimsoll ship RELEASE {environment}` puts one there",
        )


class EnvironmentUnknownError(NotFoundError):
    """The project declares no such environment."""

    code = "environment_unknown"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(
            f"plimsoll.yaml declares no environment `{name}`",
            hint=f"its environments are {', '.join(known)}; add `{name}` under `environments:` to make it one",
        )


class NothingBuiltError(NotFoundError):
    """The application was never built."""

    code = "nothing_built"

    def __init__(self, app: str) -> None:
        super().__init__(f"{app} was not built yet", hint="run `plimsoll build`")


class NoEarlierReleaseError(ConflictError):
    """There is nothing to roll back to."""

    code = "no_earlier_release"

    def __init__(self, app: str, environment: str) -> None:
        super().__init__(
            f"no earlier release of {app} was live in {environment}",
            hint="`plimsoll ship RELEASE ENVIRONMENT` moves to any release",
        )


class AlreadyLiveError(ConflictError):
    """The release is live there already."""

    code = "already_live"

    def __init__(self, release: str, environment: str) -> None:
        super().__init__(f"{release} is live in {environment} already", hint="there is nothing to do")
