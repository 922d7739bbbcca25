"""The error tree: one root, and one family for each thing that a caller can do about it.

A room derives its own leaves from a family. A leaf takes typed arguments, builds its own sentence (what happened and
where) and its own hint (what to do next), and has a stable `code`. Only the doors know HTTP statuses and exit codes.
"""

from typing import ClassVar


class PlimsollError(Exception):
    """Root of every error that Plimsoll raises on purpose.

    `message` says in one sentence what happened and where; `hint` says what to do next (may be empty);
    `code` is stable, for programs.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidError(PlimsollError):
    """The input is wrong: fix the input."""

    code = "invalid"


class NotFoundError(PlimsollError):
    """What was named does not exist: name something that does."""

    code = "not_found"


class ConflictError(PlimsollError):
    """Somebody else changed it first: reload and try again."""

    code = "conflict"


class DeniedError(PlimsollError):
    """The actor has no right to do this: ask for it."""

    code = "denied"


class BlockedError(PlimsollError):
    """A guardrail said no: change what is asked."""

    code = "blocked"


class BudgetError(PlimsollError):
    """A budget or a limit is used up: wait `retry_after_s` seconds where that helps, else ask for more."""

    code = "budget"

    def __init__(self, message: str, *, hint: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class GateError(PlimsollError):
    """The required quality was not reached, or was not measured."""

    code = "gate"


class UnavailableError(PlimsollError):
    """Something that is needed does not answer now: try again later, in `retry_after_s` seconds where that is known."""

    code = "unavailable"

    def __init__(self, message: str, *, hint: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class IntegrityError(PlimsollError):
    """Stored content does not match its digest: stop, and do not use it."""

    code = "integrity"
