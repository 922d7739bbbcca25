"""What the checks of a guardrail ask models, at the cost of the request that they look at."""

import asyncio
import concurrent.futures
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from plimsoll.checks.outside import CheckTimeoutError, OutsideClosedError, Question
from plimsoll.checks.outside.requests import RouteFailedError
from plimsoll.kernel.errors import BudgetError, PlimsollError
from plimsoll.models import ChatRequest

from .._record import RequestRecord
from ..parts import Helper, Route, ServeParts
from ._model import PaidModel

_GRACE_S: Final = 1.0
"""How much later than its time is over a question may be given up: whoever waits for it is told first."""


class CheckPayer:
    """Asks routes of the release for the checks of one request, in the event loop in which the request is answered.

    Each question is reserved, settled and told in the trace as a call of the request's own is. It belongs to this loop;
    `complete` may be called by every other thread.
    """

    def __init__(self, routes: Mapping[str, Route], parts: ServeParts, record: RequestRecord) -> None:
        self._routes = routes
        self._parts = parts
        self._record = record
        self._loop = asyncio.get_running_loop()
        self._asked: set[asyncio.Task[Any]] = set()
        self._is_closed = False

    def complete(self, question: Question) -> str:
        """The text with which a route answers.

        Raises BudgetError, CheckTimeoutError, OutsideClosedError when the request has ended, and RouteFailedError.
        """
        answer = self._answer(question)
        try:
            waiting = asyncio.run_coroutine_threadsafe(answer, self._loop)
        except RuntimeError:  # the loop has ended, and with it the request
            answer.close()
            raise OutsideClosedError from None
        try:
            return waiting.result(question.timeout_s + _GRACE_S)
        except TimeoutError:
            raise CheckTimeoutError(question.check, question.timeout_s) from None
        except concurrent.futures.CancelledError:
            raise OutsideClosedError from None
        finally:
            waiting.cancel()

    async def close(self) -> None:
        """Ask nothing more. What is still asked is given up and paid for before this returns."""
        self._is_closed = True
        asked = tuple(self._asked)
        for task in asked:
            task.cancel()
        while not all(task.done() for task in asked):
            with suppress(asyncio.CancelledError):
                await asyncio.wait(asked)

    async def _answer(self, question: Question) -> str:
        task = asyncio.current_task()
        route = self._routes.get(question.route)
        if self._is_closed or task is None or route is None or route.model is None:
            raise OutsideClosedError
        self._asked.add(task)
        model = PaidModel(route.model, Helper(route, self._parts), self._record, question.check)
        try:
            async with asyncio.timeout(question.timeout_s):
                return (await model.complete(ChatRequest(question.body))).text
        except BudgetError:
            raise
        except PlimsollError as error:
            raise RouteFailedError(question.check, question.route, error) from None
        finally:
            self._asked.discard(task)


def payer_for(routes: Mapping[str, Route], parts: ServeParts, record: RequestRecord) -> CheckPayer | None:
    """Who pays for what checks ask; None where they ask no route of the release."""
    return CheckPayer(routes, parts, record) if routes else None
