"""Exit codes: the one table."""

from plimsoll.kernel.errors import BudgetError, GateError, IntegrityError, PlimsollError, UnavailableError

DONE = 0
REFUSED = 1
"""A gate or a check said no."""
WRONG_USE = 2
"""Wrong use or bad input."""
UNAVAILABLE = 3
"""Something that is needed does not answer, is full or used up, or is damaged."""
FAULT = 70
"""A fault in Plimsoll itself (EX_SOFTWARE of sysexits.h)."""
INTERRUPTED = 130
"""Ended with Ctrl-C (128 + SIGINT)."""

_FAMILIES: tuple[tuple[type[PlimsollError], int], ...] = (
    (GateError, REFUSED),
    (UnavailableError, UNAVAILABLE),
    (BudgetError, UNAVAILABLE),
    (IntegrityError, UNAVAILABLE),
    (PlimsollError, WRONG_USE),
)


def exit_code(error: PlimsollError) -> int:
    """The exit code for an error, by its family."""
    return next(code for family, code in _FAMILIES if isinstance(error, family))
