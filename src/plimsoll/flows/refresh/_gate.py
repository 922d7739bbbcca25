"""The third step: the new index in the live release's place, held against thresholds and against that release."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from plimsoll.evaluation import Run, Suite
from plimsoll.project import Project
from plimsoll.releases import Evidence, Manifest

from ..build.one import publish_suites
from ..ship import SuiteMissingError, evaluate, suites_of
from ._types import GateFinding, Outcome, RefreshParts, RefreshState

_WORSE_ROWS_TOLD = 10

Figures = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class _Seen:
    """The figures of one run, and the scores of each row."""

    figures: Figures
    rows: Mapping[str, Mapping[str, float]]

    @classmethod
    def of(cls, run: Mapping[str, Any]) -> "_Seen":
        whole = [item for item in run["measures"] if not item["slice"]]
        figures = {item["name"]: None if item["missing"] else item["value"] for item in whole}
        return cls(figures, {row["row"]: row["scores"] for row in run["rows"]})


def gate_step(state: RefreshState, project: Project, parts: RefreshParts) -> RefreshState:
    """Run the suites of the gate through the function that serves.

    Passed is only what each suite passed, and no measure with an `at_least` may be more than `may_lose` below that of
    the live release on the same rows. Raises SuiteMissingError, and what evaluating raises.
    """
    section = project.knowledge[state.knowledge].refresh
    if not section.gate:
        hint = f"name suites in evals/ under `refresh: {{gate: [...]}}` of knowledge/{state.knowledge}.yaml"
        return replace(state, outcome="not measured", why="no gate is named, so nothing was measured", hint=hint)
    live = parts.releases.manifest(state.live)
    draft = Manifest(live.app, {**live.artifacts, **state.artifacts})
    # A draft can be asked by its digest once it is kept; the working draft of the project stays what it is.
    parts.releases.judge(draft, (), by=parts.freeze.acting.by)
    suites = _suites(project, section.gate, parts)
    runs = asyncio.run(evaluate(draft, suites, parts.evaluate(), on_row=_teller(suites, parts)))
    before = _of_live(live, suites, parts)
    gates = tuple(_held(run, before[run.suite.name], section.may_lose) for run in runs)
    evidence = tuple(
        Evidence(run.suite.name, run.suite.digest, parts.freeze.runs.keep(run), run.verdict.outcome) for run in runs
    )
    state = replace(state, gates=gates, evidence=evidence)
    outcome = _overall(gates)
    if outcome is None:
        return state
    parts.releases.judge(draft, evidence, by=parts.freeze.acting.by)
    said = "; ".join(f"{gate.suite}: {gate.why}" for gate in gates if gate.verdict != "pass")
    return replace(state, outcome=outcome, why=said, hint="the live release and its index stay as they are")


def _overall(gates: Sequence[GateFinding]) -> Outcome | None:
    verdicts = {gate.verdict for gate in gates}
    if "fail" in verdicts:
        return "refused"
    return "not measured" if verdicts != {"pass"} else None


def _suites(project: Project, names: Sequence[str], parts: RefreshParts) -> tuple[Suite, ...]:
    for name in names:
        if name not in project.suites:
            raise SuiteMissingError(name, sorted(project.suites))
    versions = publish_suites(project, parts.build)
    return tuple(suite for suite in suites_of(project, versions) if suite.name in names)


def _teller(suites: Sequence[Suite], parts: RefreshParts) -> Any:
    rows = sum(len(suite.rows) for suite in suites)
    done = 0

    def tell(_suite: Suite) -> None:
        nonlocal done
        done += 1
        parts.build.on_progress("gate", done, rows)

    return tell


def _of_live(live: Manifest, suites: Sequence[Suite], parts: RefreshParts) -> dict[str, _Seen]:
    """What the live release does on the same rows: from its evidence, where that has the same suite; else asked now."""
    known = {item.suite_version: item.run for item in live.evidence}
    seen = {
        suite.name: _Seen.of(parts.freeze.runs.get(known[suite.digest])) for suite in suites if suite.digest in known
    }
    missing = [suite for suite in suites if suite.digest not in known]
    if missing:
        runs = asyncio.run(evaluate(live, missing, parts.evaluate()))
        seen |= {run.suite.name: _Seen.of(_content(run)) for run in runs}
    return seen


def _content(run: Run) -> Mapping[str, Any]:
    content = run.to_json()
    assert isinstance(content, dict)  # noqa: S101 - a run is an object
    return content


def _held(run: Run, live: _Seen, may_lose: float) -> GateFinding:
    now = _Seen.of(_content(run))
    scorers = {scorer.name for scorer in run.suite.scorers}
    bounds = [item for item in run.suite.thresholds if item.at_least is not None and not item.slice]
    compared = [item.measure for item in bounds if item.measure in scorers]
    lost = {name: _lost(now.figures.get(name), live.figures.get(name)) for name in compared}
    verdict, why = run.verdict.outcome, "; ".join(item.why for item in run.verdict.conditions)
    if verdict == "pass" and not compared:
        verdict, why = "not measured", "no threshold with `at_least` stands on a scorer, so nothing can be compared"
    elif verdict == "pass" and any(value is None for value in lost.values()):
        verdict, why = "not measured", "the live release gave no figure to compare with"
    elif verdict == "pass" and (worse := [name for name, value in lost.items() if (value or 0.0) > may_lose]):
        verdict = "fail"
        why = "; ".join(f"{name} is {now.figures[name]:.3f}, {live.figures[name]:.3f} live" for name in worse)
    return GateFinding(
        suite=run.suite.name,
        verdict=verdict,
        why=why,
        measures=now.figures,
        live={name: live.figures.get(name) for name in now.figures},
        worse_rows=_worse_rows(now, live, compared),
    )


def _lost(now: float | None, live: float | None) -> float | None:
    return None if now is None or live is None else live - now


def _worse_rows(now: _Seen, live: _Seen, measures: Sequence[str]) -> tuple[str, ...]:
    worse = [
        row
        for row, scores in now.rows.items()
        if any(scores.get(name, 0.0) < live.rows.get(row, {}).get(name, 0.0) for name in measures)
    ]
    return tuple(worse[:_WORSE_ROWS_TOLD])
