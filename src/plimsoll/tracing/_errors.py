"""What can go wrong when a trace is looked up."""

from plimsoll.kernel.errors import InvalidError, NotFoundError


class TraceMissingError(NotFoundError):
    """No trace of that name."""

    code = "trace_missing"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no trace `{name}`", hint="`plimsoll trace list` shows the latest ones")


class TraceAmbiguousError(InvalidError):
    """The first digits fit more than one trace."""

    code = "trace_ambiguous"

    def __init__(self, name: str) -> None:
        super().__init__(f"`{name}` fits more than one trace", hint="write more of its digits")
