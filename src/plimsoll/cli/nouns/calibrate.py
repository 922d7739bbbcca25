"""The command eval calibrate: a judge held against what people say."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import click

from plimsoll.kernel.errors import InvalidError

from .._exits import DONE, REFUSED
from .._output import progress
from .._state import State, json_option
from ..show import labels as show
from .review import annotations_of

if TYPE_CHECKING:
    from plimsoll.bootstrap import Platform
    from plimsoll.checks.outside import Outside
    from plimsoll.evaluation.judges import Asked, Reply
    from plimsoll.flows.calibrate import Judging
    from plimsoll.kernel.digest import Json
    from plimsoll.project import Project
    from plimsoll.reviews.annotations import Task

EMBEDDED = "answer_graded"
"""The judge that needs no route."""
_TIMEOUT_S = 120.0


class JudgeRouteMissingError(InvalidError):
    """A judge that asks a model, and no route to ask it through."""

    code = "judge_route_missing"

    def __init__(self, judge: str, routes: Sequence[str]) -> None:
        known = ", ".join(routes)
        super().__init__(
            f"{judge} asks a model, and no route was named",
            hint=f"add --route with one of {known}" if known else f"add a route to the project, or take {EMBEDDED}",
        )


@click.command(
    "calibrate", epilog="Example: plimsoll eval calibrate judge_pass --queue first --route judge --at-least 0.6"
)
@click.argument("judge")
@click.option("--queue", required=True, help="The review queue whose labels people gave.")
@click.option("--route", help="The route that judges; not needed for answer_graded.")
@click.option(
    "--repeats", default=1, show_default=True, type=click.IntRange(1, 20), help="How often each row is judged."
)
@click.option(
    "--samples", default=1, show_default=True, type=click.IntRange(1, 25), help="Of the judge, as in the suite."
)
@click.option(
    "--quantity", type=click.Choice(["kappa", "balanced_accuracy", "accuracy"]), default="kappa", show_default=True
)
@click.option("--at-least", default=0.4, show_default=True, help="What its lower bound must reach.")
@click.option("--fewest-rows", default=30, show_default=True, type=click.IntRange(1), help="Of how many rows at least.")
@json_option
def calibrate(
    state: State, *, judge: str, queue: str, route: str | None, repeats: int, samples: int, **floor: Any
) -> int:
    """Hold a JUDGE against the labels of a review queue, and keep what came of it as evidence.

    Exit 1 when its lower bound is under the floor. Only answers on which people agree, or that somebody settled, count.
    """
    from plimsoll.evaluation.calibration import Calibrations, Floor, may_decide
    from plimsoll.flows.calibrate import CalibrateParts, calibrate_judge

    asked = Floor(**floor)
    project = state.project()
    with state.platform(project.root, "trace") as platform:
        platform.acting.require("publish")
        annotations = annotations_of(platform)
        task = annotations.queue(platform.app, queue).task
        judging = _judging(platform, project, task, (judge, route, samples))
        parts = CalibrateParts(platform.app, annotations, Calibrations(platform.records, platform.ledger))
        with progress(state.output) as advance:
            work = calibrate_judge(
                replace(judging, repeats=repeats),
                queue,
                parts,
                by=platform.acting.by,
                on_row=lambda done, total: advance("rows", done, total),
            )
            found = asyncio.run(work)
    permission = may_decide(found.version, found, asked)
    content = {**found.to_json(), "digest": found.digest, "may_decide": bool(permission), "why_not": permission.why_not}
    state.output.result(content, lambda screen: show.calibration(screen, found, permission))
    return DONE if permission else REFUSED


def _judging(platform: "Platform", project: "Project", task: "Task", asked: tuple[str, str | None, int]) -> "Judging":
    from plimsoll.evaluation.judges import JudgeModel, make_judge
    from plimsoll.evaluation.judges.embedded import AnswerGraded
    from plimsoll.flows.calibrate import Judging

    judge, route, samples = asked
    if judge == EMBEDDED:
        return Judging(AnswerGraded(), ("wrong", "right"))
    if route is None:
        raise JudgeRouteMissingError(judge, sorted(project.routes))
    outside = platform.outside(project)
    version = outside.route_version(route)
    targets = cast("Mapping[str, Any]", project.routes[route].content())["targets"]
    model = JudgeModel(OutsideAsker(outside, route, judge), route, version, targets[0]["model"])
    options: dict[str, Json] = {"samples": samples}
    if judge == "judge_pass":
        # In the very words that people were asked.
        options["question"] = task.question
    made = make_judge(judge, model, options=options)
    return Judging(made, made.labels, model.model)


class OutsideAsker:
    """Asks a route of the project, as checks do."""

    def __init__(self, outside: "Outside", route: str, judge: str) -> None:
        self._outside, self._route, self._judge = outside, route, judge

    async def ask(self, asked: "Asked") -> "Reply":
        """One answer; what it cost is in the trace of the route alone. Raises what `Outside.complete` raises."""
        from plimsoll.checks.outside import Question
        from plimsoll.evaluation.judges import Reply

        body = {
            **asked.parameters,
            "response_format": {"type": "json_schema", "json_schema": asked.form},
            "messages": [{"role": one.role, "content": one.text} for one in asked.messages],
        }
        question = Question(f"judge.{self._judge}", self._route, body, _TIMEOUT_S)
        return Reply(await asyncio.to_thread(self._outside.complete, question), None)


COMMANDS: tuple[click.Command, ...] = (calibrate,)
