"""Runs of suites: each figure with its interval, what is undecided, and the worst rows."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .._text import Column, brief, cost, line, short, table

if TYPE_CHECKING:
    from rich.console import Console

    from plimsoll.evaluation import Condition, Measure, Run
    from plimsoll.evaluation.reports import Facts
    from plimsoll.flows.changed import Unchanged
    from plimsoll.project import Project

_STYLES = {"pass": "bold green", "fail": "bold red", "not measured": "bold yellow"}
_WORST_LISTED = 8


def runs(screen: "Console", made: "Sequence[Run]", unchanged: "Sequence[Unchanged]" = ()) -> None:
    """The figures of runs, held against their thresholds; and suites that were not run, since nothing changed."""
    for run in made:
        _run(screen, run)
    for one in unchanged:
        _unchanged(screen, one)
    if not made and not unchanged:
        line(screen, "the project has no suite: write one in evals/, so that a gate can be measured", style="yellow")


def runs_json(made: "Sequence[Run]", unchanged: "Sequence[Unchanged]" = ()) -> list[Any]:
    """For programs: the evidence of each run, also of one that was made before and stands."""
    kept = [{**one.content, "unchanged": True} for one in unchanged if isinstance(one.content, dict)]
    return [*(run.to_json() for run in made), *kept]


def _run(screen: "Console", run: "Run") -> None:
    from plimsoll.evaluation.reports import Facts

    conditions = {(one.threshold.measure, one.threshold.slice): one for one in run.verdict.conditions}
    told = [one for one in run.measures if not one.slice or (one.name, one.slice) in conditions]
    rows = [_measure_row(measure, conditions.get((measure.name, measure.slice))) for measure in told]
    title = f"suite {run.suite.name}: {len(run.rows)} rows through {run.suite.endpoint}"
    columns: list[Column] = [
        "measure",
        ("value", "right"),
        ("95 % interval", "right"),
        ("rows", "right"),
        "threshold",
        "outcome",
    ]
    table(screen, title, columns, rows)
    facts = Facts.of(run)
    _worst_rows(screen, facts)
    _why_not(screen, run)
    _work(screen, run, facts)
    line(screen, f"verdict of {run.suite.name}: {run.verdict.outcome}", style=_STYLES[run.verdict.outcome])


def _measure_row(measure: "Measure", condition: "Condition | None") -> tuple[str, ...]:
    from plimsoll.evaluation.reports import interval_text, measure_text

    count = f"{measure.count:,}" + (f" ({measure.missing:,} missing)" if measure.missing else "")
    threshold = "" if condition is None else condition.threshold.text()
    name = f"{measure.name} ({measure.slice})" if measure.slice else measure.name
    outcome = "" if condition is None else condition.outcome
    return name, measure_text(measure), interval_text(measure), count, threshold, outcome


def _why_not(screen: "Console", run: "Run") -> None:
    """Why what did not pass did not."""
    for condition in run.verdict.conditions:
        if condition.outcome != "pass":
            style = _STYLES[condition.outcome].removeprefix("bold ")
            line(screen, f"{condition.threshold.place}: {condition.why}", style=style)
    if run.verdict.why:
        line(screen, run.verdict.why, style="yellow")


def _work(screen: "Console", run: "Run", facts: "Facts") -> None:
    """What was asked now, and what that cost."""
    if not run.rows:
        return
    asked = f"{len(run.rows) - facts.kept:,} asked"
    kept = f", {facts.kept:,} kept from earlier" if facts.kept else ""
    line(screen, f"answers: {asked}{kept}; cost: {cost(run.cost_usd)}", style="dim")


def _worst_rows(screen: "Console", facts: "Facts") -> None:
    """The rows that cost points, so that a person can see what is wrong."""
    traces = {(row.row, row.repeat): short(row.trace) if row.trace else "" for row in facts.worst[:_WORST_LISTED]}
    rows = [
        (
            row.name,
            ", ".join(_lost(facts, row)) or "error",
            brief(row.question, 50),
            brief(row.error or row.answer, 60),
            traces[row.row, row.repeat],
        )
        for row in facts.worst[:_WORST_LISTED]
    ]
    if rows:
        count = len(facts.worst)
        title = f"{count:,} {'row' if count == 1 else 'rows'} lost points" + (
            f", the worst {len(rows)}" if count > len(rows) else ""
        )
        table(screen, title, ["row", "lost", "question", "answer", "trace"], rows)


def _lost(facts: "Facts", row: Any) -> Iterator[str]:
    yield from facts.losses(row)
    yield from (f"{name} not measured" for name in row.not_measured)


def _unchanged(screen: "Console", one: "Unchanged") -> None:
    since = one.run.started_at[:19].replace("T", " ")
    name, verdict = one.suite.name, one.run.verdict
    line(screen, f"suite {name}: nothing changed since {since} UTC, so it was not run (run {short(one.digest)})")
    line(screen, f"verdict of {name}: {verdict}", style=_STYLES[verdict])


def suites(screen: "Console", project: "Project") -> None:
    """The suites of a project, as they are written down."""
    rows = [
        (
            one["suite"],
            one["dataset"],
            f"{one['rows']:,}",
            one["endpoint"],
            ", ".join(one["scorers"]),
            f"{one['thresholds']}",
        )
        for one in suites_json(project)
    ]
    columns: list[Column] = ["suite", "dataset", ("rows", "right"), "endpoint", "scorers", ("thresholds", "right")]
    table(screen, "suites", columns, rows)
    if not rows:
        line(screen, "the project has no suite: write one in evals/, so that a gate can be measured", style="yellow")


def suites_json(project: "Project") -> list[dict[str, Any]]:
    """For programs."""
    return [
        {
            "suite": name,
            "dataset": suite.dataset,
            "rows": len(project.datasets.get(suite.dataset, project.labelled.get(suite.dataset, ()))),
            "endpoint": suite.endpoint,
            "scorers": [str(scorer) for scorer in suite.scorers],
            "thresholds": len(suite.thresholds) + sum(map(len, suite.slices.values())),
        }
        for name, suite in sorted(project.suites.items())
    ]
