"""What is left of a caller's limits, as the doors tell it."""

from typing import Literal

from plimsoll.access.limits import Reservation

from ._events import LimitState


def limit_state(reservation: Reservation | None, what: Literal["requests", "tokens"]) -> LimitState | None:
    """The tightest limit a minute that a reservation met, or None."""
    if reservation is None:
        return None
    state = reservation.requests if what == "requests" else reservation.tokens
    return None if state is None else LimitState(state.limit, state.remaining, state.reset_s)
