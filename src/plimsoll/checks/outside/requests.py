"""What checks ask somebody else while one request is answered: the same thing once, at the cost of whoever asks."""

import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

from plimsoll.kernel.errors import BudgetError

from .._types import Found
from ._errors import RouteFailedError


@dataclass(frozen=True, slots=True)
class Question:
    """What a check asks a route of its own release."""

    check: str
    """Who asks, such as `judge.tone`: what the call costs is written down under this name."""
    route: str
    body: Mapping[str, Any] = field(repr=False)
    """The call in OpenAI's form, without `model`."""
    timeout_s: float = 10.0


class Payer(Protocol):
    """Lets a request pay for the models that its checks ask. Any thread may call it, and waits for the answer."""

    def complete(self, question: Question) -> str:
        """The text with which a route answers. Raises what `Outside.complete` raises, and BudgetError."""
        ...


class Inquiry:
    """What checks asked while one request is answered, and were told. Safe for several threads.

    The same thing is asked once, also where there was no answer: a text that is looked at again has the same verdict.
    """

    def __init__(self, payer: Payer | None = None) -> None:
        """Without a `payer` nobody pays: what is asked is only written down."""
        self.payer = payer
        self.unpaid: BudgetError | None = None
        """Why there was no money to ask; None where there was."""
        self._lock = threading.Lock()
        self._answers: dict[Hashable, Future[Sequence[Found]]] = {}

    def once(self, key: Hashable, ask: Callable[[], Sequence[Found]]) -> Sequence[Found]:
        """What `ask` finds, or found when it was asked by this key before. Raises what it raises, or raised."""
        answer: Future[Sequence[Found]] = Future()
        with self._lock:
            known = self._answers.setdefault(key, answer)
        if known is not answer:
            return known.result()
        try:
            found = tuple(ask())
        except BaseException as error:
            if isinstance(error, BudgetError):
                self.unpaid = error
            answer.set_exception(error)
            raise
        answer.set_result(found)
        return found


_INQUIRY: ContextVar[Inquiry | None] = ContextVar("plimsoll_inquiry", default=None)


@contextmanager
def inquiring(inquiry: Inquiry | None) -> Iterator[None]:
    """Whatever checks ask within is asked for one request; for None by itself."""
    token = _INQUIRY.set(inquiry)
    try:
        yield
    finally:
        _INQUIRY.reset(token)


def present() -> Inquiry | None:
    """What is asked for now; None where no request is answered."""
    return _INQUIRY.get()


__all__ = ["Inquiry", "Payer", "RouteFailedError", "inquiring", "present"]
