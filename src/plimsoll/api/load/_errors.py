"""What is said when a process has too much to do."""

from plimsoll.kernel.errors import UnavailableError


class OverloadedError(UnavailableError):
    """More requests than this process can carry; the caller waits a moment. Doors answer 429."""

    code = "overloaded"

    def __init__(self, reason: str, *, retry_after_s: float) -> None:
        super().__init__(
            f"the server has too much to do: {reason}",
            hint="send the request again a little later, or fewer at the same time",
            retry_after_s=retry_after_s,
        )
