"""Whoever evaluates or asks pays from the same budgets as any other caller, and nothing that was answered is lost."""

import asyncio
import dataclasses
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from tests.flows.conftest import FILES, Workshop
from tests.flows.scripted import Script, parts_with, says

from plimsoll.access.limits import BudgetUsedUpError
from plimsoll.bootstrap import Platform
from plimsoll.evaluation import Suite
from plimsoll.flows.ask import Who, ask
from plimsoll.flows.serve import Caller
from plimsoll.flows.ship import EvaluateParts, EvaluationStoppedError, evaluate, suites_of
from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.errors import BudgetError, InvalidError
from plimsoll.models import ChatEnd, ChatRequest, Chunks, Usage, text_piece
from plimsoll.project import load_project
from plimsoll.releases import Manifest
from plimsoll.settings import SecretMissingError
from plimsoll.tracing import EVALUATION

QUESTION = "How many days of paid leave has an employee?"


def budgeted(workshop: Workshop, *budgets: str) -> tuple[Platform, Manifest, tuple[Suite, ...]]:
    """The workshop's project with these budgets, built."""
    listed = "".join(f"  - {{{budget}}}\n" for budget in budgets)
    workshop.write("plimsoll.yaml", FILES["plimsoll.yaml"] + (f"budgets:\n{listed}" if listed else ""))
    report = workshop.build()
    return workshop.open(), report.draft, suites_of(load_project(workshop.root), report.versions)


def used(platform: Platform) -> dict[str, int]:
    """What is spent of each window, by scope and measure."""
    windows = platform.consumption.windows("harbour", utc_now())
    return {f"{use.window.scope} {use.window.measure}": use.spent for use in windows}


def costs(usd: float) -> Script:
    async def script(_: ChatRequest) -> AsyncGenerator[Chunks | ChatEnd]:
        yield text_piece("twenty-six days")
        yield ChatEnd(Usage(10, 2, usd))

    return script


def test_a_used_up_budget_ends_an_evaluation_and_keeps_what_was_answered(workshop: Workshop) -> None:
    platform, draft, suites = budgeted(workshop, "for: everyone, requests: 2, per: total")
    with pytest.raises(EvaluationStoppedError) as caught:
        asyncio.run(evaluate(draft, suites, platform.evaluate_parts()))
    error = caught.value
    assert error.message.startswith("the evaluation stopped with 1 of 3 rows not asked: ")
    assert "has no room for this request" in error.message
    assert error.hint.endswith("what was answered until then is kept")
    (run,) = error.runs
    assert platform.runs.get(platform.runs.keep(run))["rows"] == run.to_json()["rows"]  # type: ignore[index, call-overload]
    asked = [row.observation for row in run.rows if not row.observation.error]
    assert len(asked) == 2
    assert run.verdict.outcome == "not measured"
    assert used(platform)["everyone requests"] == 2
    platform.recorder.flush()
    assert all(platform.traces.get("harbour", seen.trace).environment == EVALUATION for seen in asked)
    with pytest.raises(BudgetUsedUpError):
        asyncio.run(ask("harbour", QUESTION, endpoint=None, environment=None, parts=platform.serve_parts(metered=True)))


def test_an_evaluation_settles_what_it_cost(workshop: Workshop) -> None:
    platform, draft, suites = budgeted(
        workshop, "for: everyone, usd: 5, per: day", 'for: "environment:(evaluation)", usd: 4, per: day'
    )
    serving = dataclasses.replace(
        platform.serve_parts(metered=True), make_route=parts_with(platform, costs(0.25)).make_route
    )
    parts = dataclasses.replace(platform.evaluate_parts(), serving=serving)
    (run,) = asyncio.run(evaluate(draft, suites, parts))
    assert [row.observation.cost_usd for row in run.rows] == [0.25] * 3
    assert used(platform) == {"everyone usd": 750_000_000_000, "environment:(evaluation) usd": 750_000_000_000}
    platform.recorder.flush()
    traces = [platform.traces.get("harbour", row.observation.trace) for row in run.rows]
    assert sum(trace.cost_usd or 0 for trace in traces) == 0.75
    budget: Any = traces[0].budget
    assert budget["settled"]["cost_usd"] == 0.25


def test_the_budget_of_who_acts_pays(workshop: Workshop) -> None:
    platform, draft, suites = budgeted(workshop, 'for: "team:harbour-masters", requests: 1, per: total')
    assert asyncio.run(evaluate(draft, suites, platform.evaluate_parts()))[0].verdict.outcome == "pass"
    caller = Caller(team="harbour-masters")
    with pytest.raises(EvaluationStoppedError, match="2 of 3 rows not asked"):
        asyncio.run(evaluate(draft, suites, dataclasses.replace(platform.evaluate_parts(), caller=caller, cases=None)))
    metered = platform.serve_parts(metered=True)
    asking = ask("harbour", QUESTION, endpoint=None, environment=None, parts=metered, who=Who(caller))
    with pytest.raises(BudgetUsedUpError):
        asyncio.run(asking)


def scripted(platform: Platform, script: Script, waits: list[float]) -> EvaluateParts:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    return dataclasses.replace(platform.evaluate_parts(), serving=parts_with(platform, script), sleep=sleep)


def test_a_limit_that_starts_anew_within_a_minute_is_waited_for(workshop: Workshop) -> None:
    platform, draft, suites = budgeted(workshop)
    left = [12.5, 60.0]

    async def script(request: ChatRequest) -> AsyncGenerator[Chunks | ChatEnd]:
        if left:
            raise BudgetError("not now", retry_after_s=left.pop(0))
        async for event in says("twenty-six days")(request):
            yield event

    waits: list[float] = []
    (run,) = asyncio.run(evaluate(draft, suites, scripted(platform, script, waits)))
    assert waits == [12.5, 60.0]
    assert not any(row.observation.error for row in run.rows)


@pytest.mark.parametrize(("wait_s", "waited"), [(None, 0), (60.5, 0), (1.0, 30)])
def test_what_takes_longer_ends_it(workshop: Workshop, wait_s: float | None, waited: int) -> None:
    platform, draft, suites = budgeted(workshop)
    suites = tuple(dataclasses.replace(suite, rows=suite.rows[:1]) for suite in suites)
    waits: list[float] = []

    async def script(_: ChatRequest) -> AsyncGenerator[Chunks | ChatEnd]:
        for _time in ("every", "other"):
            raise BudgetError("not today", hint="ask its owner", retry_after_s=wait_s)
        yield text_piece("")

    with pytest.raises(EvaluationStoppedError, match="1 of 1 rows not asked: not today") as caught:
        asyncio.run(evaluate(draft, suites, scripted(platform, script, waits)))
    assert (caught.value.hint, caught.value.retry_after_s) == (
        "ask its owner; what was answered until then is kept",
        wait_s,
    )
    assert len(waits) == waited


def test_a_secret_that_is_not_set_is_named_before_anything_is_asked(workshop: Workshop) -> None:
    workshop.write("routes/default.yaml", "model: openai/gpt-4.1-mini\napi_key: ${env:HARBOUR_PROVIDER_KEY}\n")
    platform, draft, suites = budgeted(workshop, "for: everyone, requests: 2, per: total")
    with pytest.raises(SecretMissingError) as caught:
        asyncio.run(evaluate(draft, suites, platform.evaluate_parts()))
    assert caught.value.message == (
        "routes/default.yaml needs the environment variable HARBOUR_PROVIDER_KEY, which is not set"
    )
    assert "HARBOUR_PROVIDER_KEY" in caught.value.hint
    assert used(platform) == {}
    metered = platform.serve_parts(metered=True)
    with pytest.raises(InvalidError, match=r"routes/default\.yaml needs the environment variable HARBOUR_PROVIDER_KEY"):
        asyncio.run(ask("harbour", QUESTION, endpoint=None, environment=None, parts=metered))


def test_one_target_that_can_answer_is_enough(workshop: Workshop) -> None:
    workshop.write(
        "routes/default.yaml",
        "targets:\n  - {model: openai/gpt-4.1-mini, api_key: '${env:HARBOUR_PROVIDER_KEY}'}\n"
        "  - {model: builtin/reader}\n",
    )
    platform, draft, suites = budgeted(workshop)
    assert asyncio.run(evaluate(draft, suites, platform.evaluate_parts()))[0].verdict.outcome == "pass"


def test_an_endpoint_that_is_missing_is_told_row_by_row(workshop: Workshop) -> None:
    platform, draft, suites = budgeted(workshop)
    lost = tuple(dataclasses.replace(suite, endpoint="nobody") for suite in suites)
    (run,) = asyncio.run(evaluate(draft, lost, platform.evaluate_parts()))
    assert all("nobody" in row.observation.error for row in run.rows)
