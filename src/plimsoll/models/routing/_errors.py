"""What can go wrong in a route beside the errors of its models."""

from typing import ClassVar

from plimsoll.kernel.errors import UnavailableError


class RouteDeadlineError(UnavailableError):
    """All tries together took longer than the route allows."""

    code: ClassVar[str] = "route_deadline"

    def __init__(self, route: str, total_s: float) -> None:
        super().__init__(
            f"the route {route} gave no whole answer within {total_s:g} seconds",
            hint="try again later, or give the route more time: timeouts.total_s",
        )


class FirstTokenTimeoutError(UnavailableError):
    """A model did not begin to answer in time."""

    code: ClassVar[str] = "first_token_timeout"

    def __init__(self, model: str, first_token_s: float) -> None:
        super().__init__(
            f"{model}: no text within {first_token_s:g} seconds",
            hint="try again later, or give the route more time: timeouts.first_token_s",
        )


class RouteRestingError(UnavailableError):
    """Every target of a route is left alone for now: it failed too often, or asked for it."""

    code: ClassVar[str] = "route_resting"

    def __init__(self, route: str, retry_after_s: float) -> None:
        super().__init__(
            f"no model of the route {route} can be asked now: each failed too often, or is busy",
            hint=f"try again in {retry_after_s:.3g} seconds",
            retry_after_s=retry_after_s,
        )
