"""Running suites through the function that serves, within the budgets of whoever runs them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from plimsoll.datasets import Row
from plimsoll.evaluation import Observation, Retrieved, Run, RunLimits, RunParts, Runs, Suite, run_suite
from plimsoll.evaluation.cases import Cases
from plimsoll.kernel.digest import Digest, Json, digest_json
from plimsoll.kernel.errors import BudgetError, PlimsollError
from plimsoll.models import Body
from plimsoll.models.predictors import Extraction
from plimsoll.registry import Registry
from plimsoll.releases import Manifest
from plimsoll.tracing import EVALUATION

from ..serve import Answer, Answering, AnswerRequest, Caller, Predictions, Surface
from ..serve.parts import EVERYTHING, ServeParts
from ._errors import EvaluationStoppedError

OnRow = Callable[[Suite], None]

_UNHURRIED = RunLimits()

_MEASURING = ("suite:", "dataset:")
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
    cases: Cases | None = None
    """Where finished rows are kept, so that nothing is asked twice; None asks everything again and keeps nothing."""
    limits: RunLimits = _UNHURRIED
    version: str = ""
    """Of Plimsoll: another one may answer otherwise."""

    def answering(self, draft: Manifest) -> Digest:
        """Of everything in a draft that an answer may depend on: all but suites and their datasets."""
        artifacts = {key: digest for key, digest in draft.artifacts.items() if not key.startswith(_MEASURING)}
        return digest_json([self.version, artifacts])


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
    content = _content(f"endpoint:{suite.endpoint}", draft, registry)
    route = draft.artifacts.get(f"route:{content.get('route')}")
    if route is not None:
        parts.check_route(content["route"], registry.content(route))


def _content(key: str, draft: Manifest, registry: Registry) -> dict[str, Any]:
    """The content of a draft's version; nothing where the draft has none of the name."""
    digest = draft.artifacts.get(key)
    return {} if digest is None else cast("dict[str, Any]", registry.content(digest))


class _Asking:
    """Asks the rows of suites until a budget says no."""

    def __init__(self, answering: Answering, draft: Manifest, parts: EvaluateParts) -> None:
        self._answering = answering
        self._draft = draft
        self._parts = parts
        self.stopped: BudgetError | None = None

    async def run(self, suite: Suite, on_row: OnRow) -> Run:
        """A suite, with every row that could be asked."""
        feature = self._feature(suite.endpoint)

        async def ask(row: Row) -> Observation:
            if feature is None:
                return await self._observe(partial(self._answered, suite.endpoint, row))
            return await self._observe(partial(self._predicted, suite.endpoint, row, feature))

        made = RunParts(
            ask,
            answering=self._parts.answering(self._draft),
            cases=self._parts.cases,
            limits=self._parts.limits,
            on_row=lambda: on_row(suite),
            version=self._parts.version,
        )
        return await run_suite(suite, self._draft.digest, made)

    async def _observe(self, ask: Callable[[], Awaitable[Observation]]) -> Observation:
        waits = 0
        while self.stopped is None:
            try:
                return await ask()
            except BudgetError as error:
                waits += 1
                wait_s = error.retry_after_s
                if wait_s is None or wait_s > _LONGEST_WAIT_S or waits > _MOST_WAITS:
                    self.stopped = error
                else:
                    await self._parts.sleep(wait_s)
            except PlimsollError as error:
                return Observation(error=error.message)
        return Observation.not_asked(self.stopped.message)

    async def _answered(self, endpoint: str, row: Row) -> Observation:
        body = {"messages": [{"role": "user", "content": row.question}]}
        return _seen(await self._answering.answer(self._request(endpoint, body)))

    async def _predicted(self, endpoint: str, row: Row, feature: str) -> Observation:
        body = {"messages": (), "inputs": [{feature: row.question}]}
        return _foretold(await self._answering.predict(self._request(endpoint, body, surface="predict")), row)

    def _request(self, endpoint: str, body: Body, *, surface: Surface = "chat") -> AnswerRequest:
        return AnswerRequest(
            self._draft.app,
            endpoint,
            body,
            environment=EVALUATION,
            release=self._draft.digest,
            caller=self._parts.caller,
            surface=surface,
            within=EVERYTHING,
        )

    def _feature(self, endpoint: str) -> str | None:
        """What a classical model reads of a row; None where a language model is asked."""
        model = _content(f"endpoint:{endpoint}", self._draft, self._parts.serving.registry).get("model")
        if model is None:
            return None
        return str(_content(f"model:{model}", self._draft, self._parts.serving.registry)["feature"])


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
        passages=tuple(Retrieved(one.document, one.text, one.page, one.id) for one in answer.started.passages),
        first_token_ms=done.time_to_first_token_ms,
        input_tokens=done.usage.input_tokens,
        output_tokens=done.usage.output_tokens,
        guardrails=tuple(f"{note.stage}/{note.check}: {note.action}" for note in done.guardrails),
        probability=done.probability,
        target=done.target,
    )


def _foretold(found: Predictions, row: Row) -> Observation:
    """What a classical model said of one row: its label, or the values of the field that the row is about."""
    (said,) = found.predictions
    text = said.value(row.tags[0]) if isinstance(said, Extraction) else said.label or ""
    return Observation(
        answer=text,
        span=text or None,
        answered=bool(text),
        latency_ms=found.latency_ms,
        cost_usd=0.0,
        trace=found.started.trace_id,
    )
