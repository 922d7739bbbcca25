"""What an error of one target means for the call."""

from collections.abc import Sequence
from typing import Literal, Protocol, cast

from plimsoll.kernel.errors import BudgetError, DeniedError, NotFoundError, PlimsollError, UnavailableError

from .._errors import (
    AnswerTooLargeError,
    ContextTooLongError,
    ProviderBusyError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from .._types import Attempt
from ._errors import FirstTokenTimeoutError, RouteDeadlineError

_OF_THIS_TARGET = frozenset({"secret_missing", "not_for_this_provider"})
"""Codes of errors that another target may not have: its key is not set, or it cannot say this call."""
_NOT_SENT = frozenset({"connect", "write"})
"""Phases in which a server has not read the whole call yet."""
Meaning = Literal["again", "next", "stop"]
"""Ask the same target again; ask the next one; tell the caller."""


def meaning_of(error: PlimsollError) -> Meaning:
    """What to do about an error, by the first rule that fits.

    - What the model's own error says (`retryable`): true is `again`.
    - Not there now, or broke off: `again`, unless the error says that it will not pass.
    - The key was refused, the model does not exist there, or reads less than the call has: `next`, because another
      target has another key and another model.
    - Everything else, the request itself above all: `stop`, because every target would say the same.
    """
    retryable = getattr(error, "retryable", None)
    if retryable is True:
        return "again"
    if isinstance(error, UnavailableError | BudgetError):
        return "again" if retryable is None else "next"
    if error.code in _OF_THIS_TARGET:
        return "next"
    return "next" if isinstance(error, DeniedError | NotFoundError | ContextTooLongError) else "stop"


def is_busy(error: PlimsollError) -> bool:
    """Whether a target is well and only asks for fewer calls."""
    return isinstance(error, ProviderBusyError)


def is_late(error: PlimsollError) -> bool:
    """Whether a target was waited for in vain: it is not waited for again where there is another one."""
    return isinstance(error, ProviderTimeoutError | FirstTokenTimeoutError)


def is_ill(error: PlimsollError) -> bool:
    """Whether an error speaks against the target, and not against the call or its key.

    An answer that takes longer than the route allows, or is larger than is taken, may be just what the call asked for:
    one caller's long answers must not keep a model from all others.
    """
    too_long = isinstance(error, ProviderTimeoutError) and error.phase == "total"
    own = too_long or isinstance(error, RouteDeadlineError | AnswerTooLargeError)
    return isinstance(error, UnavailableError) and not is_busy(error) and not own


def may_be_billed(error: PlimsollError) -> bool:
    """Whether a server may bill for a call that failed so: not when it refused, and not when nothing reached it."""
    if isinstance(error, ProviderTimeoutError):
        return error.phase not in _NOT_SENT
    if isinstance(error, ProviderUnavailableError):
        return not error.status and not error.unreached
    return isinstance(error, FirstTokenTimeoutError | RouteDeadlineError)


def retry_after_of(error: PlimsollError) -> float | None:
    """Seconds after which the target wants to be asked again, if it says so."""
    return cast("float | None", getattr(error, "retry_after_s", None))


def worst_of(failures: Sequence[PlimsollError]) -> PlimsollError:
    """The error that the caller of a route is told, of those of its targets.

    - When all of them say when to come back: the one that says the soonest.
    - Else the last of those that may pass, so that the caller knows that another try may help.
    - Else the last one.
    """
    waits = [retry_after_of(error) for error in failures]
    if all(wait is not None for wait in waits):
        return min(failures, key=lambda error: retry_after_of(error) or 0.0)
    passing = [error for error in failures if meaning_of(error) == "again"]
    return (passing or failures)[-1]


class _Routed(Protocol):
    attempts: tuple[Attempt, ...]


def tell_attempts(error: PlimsollError, attempts: tuple[Attempt, ...]) -> None:
    """Write down on an error what the route had tried; its family, code and hint stay what they are."""
    cast("_Routed", error).attempts = attempts


def attempts_of(error: BaseException) -> tuple[Attempt, ...]:
    """What a route had tried when it raised this error; empty for other errors."""
    return cast("tuple[Attempt, ...]", getattr(error, "attempts", ()))
