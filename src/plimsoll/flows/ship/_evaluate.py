"""Running suites through the function that serves, within the budgets of whoever runs them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from plimsoll.evaluation import Observation, Run, Runs, Suite, run_suite
from plimsoll.kernel.digest import Json
from plimsoll.kernel.errors import BudgetError, PlimsollError
from plimsoll.models import Message
from plimsoll.releases import Manifest
from plimsoll.tracing import EVALUATION

from ..serve import Answer, Answering, AnswerRequest, Caller
from ..serve.parts import EVERYTHING, ServeParts
from ._errors import NOT_ASKED, EvaluationStoppedError

OnRow = Callable[[Suite], None]

_LONGEST_WAIT_S = 60.0
_MOST_WAITS = 30
"""How often one row waits for a limit that starts anew within a minute."""


@dataclass(frozen=True, slots=True)
class EvaluateParts:
    """What answers, where runs are kept, and who asks: whose budgets pay."""

    serving: ServeParts
    runs: Runs
    caller: Caller
    check_route: Callable[[str, Json], None]
    """Raises when nothing can answer behind a route, given by its name and the content of its version."""
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep


async def evaluate(
    draft: Manifest, suites: Sequence[Suite], parts: EvaluateParts, *, on_row: OnRow = lambda _: None
) -> tuple[Run, ...]:
    """Run suites against a draft through the function that serves. Every run is kept, whatever its verdict.

    Whoever runs them pays from the same budgets as for any other call: a limit that starts anew within a minute is
    waited for, and any other that is used up ends the evaluation. Raises EvaluationStoppedError, and what checking the
    routes raises before anything is asked.
    """
    for suite in suites:
        _check(draft, suite, parts)
    answering = Answering(parts.serving)
    asking = _Asking(answering, draft, parts)
    try:
        await answering.start()
        runs = tuple([await asking.run(suite, on_row) for suite in suites])
    finally:
        await answering.close()
    for run in runs:
        parts.runs.keep(run)
    if asking.stopped is not None:
        raise EvaluationStoppedError(runs, asking.stopped)
    return runs


def _check(draft: Manifest, suite: Suite, parts: EvaluateParts) -> None:
    """Before the first question: whether anything can answer at all. An endpoint that is missing is told row by row."""
    registry = parts.serving.registry
    endpoint = draft.artifacts.get(f"endpoint:{suite.endpoint}")
    content = cast("dict[str, Any]", registry.content(endpoint)) if endpoint is not None else {}
    route = draft.artifacts.get(f"route:{content.get('route')}")
    if route is not None:
        parts.check_route(content["route"], registry.content(route))


class _Asking:
    """Asks the rows of suites until a budget says no."""

    def __init__(self, answering: Answering, draft: Manifest, parts: EvaluateParts) -> None:
        self._answering = answering
        self._draft = draft
        self._parts = parts
        self.stopped: BudgetError | None = None

    async def run(self, suite: Suite, on_row: OnRow) -> Run:
        """A suite, with every row that could be asked."""

        async def ask(question: str) -> Observation:
            return await self._observe(suite.endpoint, question)

        return await run_suite(suite, self._draft.digest, ask, on_row=lambda: on_row(suite))

    async def _observe(self, endpoint: str, question: str) -> Observation:
        waits = 0
        while self.stopped is None:
            try:
                return _seen(await self._answering.answer(self._request(endpoint, question)))
            except BudgetError as error:
                waits += 1
                wait_s = error.retry_after_s
                if wait_s is None or wait_s > _LONGEST_WAIT_S or waits > _MOST_WAITS:
                    self.stopped = error
                else:
                    await self._parts.sleep(wait_s)
            except PlimsollError as error:
                return Observation(error=error.message)
        return Observation(error=f"{NOT_ASKED}{self.stopped.message}")

    def _request(self, endpoint: str, question: str) -> AnswerRequest:
        return AnswerRequest.of(
            self._draft.app,
            endpoint,
            (Message("user", question),),
            environment=EVALUATION,
            release=self._draft.digest,
            caller=self._parts.caller,
            within=EVERYTHING,
        )


def _seen(answer: Answer) -> Observation:
    done = answer.done
    return Observation(
        answer=done.text,
        span=done.span,
        answered=done.answered,
        cited=tuple(dict.fromkeys(quote.document for quote in done.citations)),
        retrieved=tuple(dict.fromkeys(passage.document for passage in answer.started.passages)),
        latency_ms=done.latency_ms,
        cost_usd=done.usage.cost_usd,
        trace=answer.started.trace_id,
    )
