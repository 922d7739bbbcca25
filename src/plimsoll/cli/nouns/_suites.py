"""Running suites for a command: with limits, a progress bar, reports into files, and only what changed."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plimsoll.kernel.errors import InvalidError, UnavailableError

from .._output import progress
from .._state import State
from ..show.evaluations import runs

if TYPE_CHECKING:
    from plimsoll.bootstrap import Platform
    from plimsoll.evaluation import Run, Suite
    from plimsoll.evaluation.reports import Baseline, Facts
    from plimsoll.flows.build import BuildReport
    from plimsoll.flows.changed import ChangedParts, Unchanged
    from plimsoll.flows.ship import EvaluateParts, EvaluationStoppedError


_REASONS_TOLD = 5


@dataclass(frozen=True, slots=True)
class Asking:
    """How suites are run."""

    fresh: bool = False
    """Ask everything again, and keep nothing."""
    at_once: int = 4
    per_s: float | None = None
    max_usd: float | None = None
    """Of all suites together."""


_UNHURRIED = Asking()


@dataclass(frozen=True, slots=True)
class Files:
    """Where reports are written to."""

    junit: Path | None = None
    markdown: Path | None = None
    html: Path | None = None

    @property
    def named(self) -> tuple[Path, ...]:
        """Those that are written."""
        return tuple(path for path in (self.junit, self.markdown, self.html) if path is not None)


@dataclass(frozen=True, slots=True)
class Kept:
    """The run of a release."""

    name: str
    """What a person calls the release."""
    content: dict[str, Any]


class ReportUnwritableError(UnavailableError):
    """A report cannot be written where it is wanted."""

    code = "report_unwritable"

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"the report {path} cannot be written: {error.strerror}", hint="name another file")


class BaselineMissingError(InvalidError):
    """A release has no run of a suite that answers are to be compared with."""

    code = "baseline_missing"

    def __init__(self, release: str, suites: Sequence[str]) -> None:
        super().__init__(
            f"release {release} has no run of {', '.join(suites)}",
            hint="name a release that passed this suite; `plimsoll release list` shows which did",
        )


def check_files(files: Files) -> None:
    """Before anything is paid for: whether the reports can be written. Raises ReportUnwritableError."""
    for path in files.named:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            was_there = path.exists()
            path.open("ab").close()
            if not was_there:
                # A file without a report in it would look like one.
                path.unlink()
        except OSError as error:
            raise ReportUnwritableError(path, error) from error


def _evaluation_parts(platform: "Platform", asking: Asking) -> "EvaluateParts":
    """What running suites needs, with the limits of the command."""
    from plimsoll.evaluation import RunLimits

    parts = platform.evaluate_parts()
    limits = RunLimits(asking.at_once, asking.per_s, asking.max_usd)
    return replace(parts, limits=limits, cases=None if asking.fresh else parts.cases)


def changed_parts(platform: "Platform") -> "ChangedParts":
    """Where verdicts and runs are kept."""
    from plimsoll.flows.changed import ChangedParts

    return ChangedParts(platform.releases, platform.runs, platform.evaluate_parts().answering)


def run_suites(
    state: State, platform: "Platform", report: "BuildReport", suites: "Sequence[Suite]", asking: Asking = _UNHURRIED
) -> "tuple[Run, ...]":
    """Run suites, with progress bars on a terminal, and tell why rows have no answer.

    Raises EvaluationStoppedError with all that was answered, which is shown.
    """
    from plimsoll.flows.ship import EvaluationStoppedError

    _say_what_is_not_indexed(state, report, suites)
    done: dict[str, int] = {}
    with progress(state.output) as advance:

        def tick(suite: "Suite") -> None:
            done[suite.name] = done.get(suite.name, 0) + 1
            advance(f"eval {suite.name}", done[suite.name], len(suite.rows) * suite.repeats)

        try:
            made = asyncio.run(_within_cost(report, suites, (platform, asking), tick))
        except EvaluationStoppedError as error:
            _show_what_was_answered(state, error.runs)
            raise
    _say_why_not(state, made)
    return made


async def _within_cost(
    report: "BuildReport", suites: "Sequence[Suite]", by: "tuple[Platform, Asking]", tick: "Callable[[Suite], None]"
) -> "tuple[Run, ...]":
    """All at once; with a cap one after the other, each within what those before it left."""
    from plimsoll.flows.ship import EvaluationStoppedError, evaluate

    platform, asking = by
    if asking.max_usd is None:
        return await evaluate(report.draft, suites, _evaluation_parts(platform, asking), on_row=tick)
    made: list[Run] = []
    for suite in suites:
        left = max(asking.max_usd - sum(_spent(run) for run in made), 0.0)
        parts = _evaluation_parts(platform, replace(asking, max_usd=left))
        try:
            made += await evaluate(report.draft, [suite], parts, on_row=tick)
        except EvaluationStoppedError as error:
            error.runs = (*made, *error.runs)
            raise
    return tuple(made)


def _spent(run: "Run") -> float:
    """What is known of what a run cost."""
    if run.cost_usd is not None:
        return run.cost_usd
    return sum(row.observation.cost_usd or 0.0 for row in run.rows if not row.kept)


def _say_what_is_not_indexed(state: State, report: "BuildReport", suites: "Sequence[Suite]") -> None:
    """Tell of documents that rows name and no knowledge base has."""
    from plimsoll.flows.ship import documents_not_indexed

    for suite in suites:
        if absent := documents_not_indexed(suite, report):
            state.output.note(f"rows of {suite.name} name documents that are not indexed: {', '.join(absent)}")


def _show_what_was_answered(state: State, made: "tuple[Run, ...]") -> None:
    """The figures so far; programs find them in the error's place of the traces, and not beside the error."""
    if not state.output.json:
        state.output.result(None, lambda screen: runs.runs(screen, made))


def _say_why_not(state: State, made: "tuple[Run, ...]") -> None:
    """Each reason for which rows have no answer, whole: a table cuts it off."""
    for run in made:
        reasons = Counter(row.observation.error for row in run.rows if row.observation.error)
        for reason, times in reasons.most_common(_REASONS_TOLD):
            state.output.note(f"{times} of {len(run.rows)} rows of {run.suite.name} have no answer: {reason}")


def stopped_runs(error: "EvaluationStoppedError") -> "tuple[Run, ...]":
    """The runs of an evaluation that was stopped, as reports tell them: one that left rows out has not passed."""
    return tuple(
        run if all(row.observation.was_asked for row in run.rows) else _not_passed(run, error.message)
        for run in error.runs
    )


def _not_passed(run: "Run", why: str) -> "Run":
    outcome = "not measured" if run.verdict.outcome == "pass" else run.verdict.outcome
    return replace(run, verdict=replace(run.verdict, outcome=outcome, why=why))


def facts_of(
    made: "Sequence[Run]", unchanged: "Sequence[Unchanged]", baselines: "dict[str, Kept]"
) -> "tuple[Facts, ...]":
    """What the reports tell, by the names of suites."""
    from plimsoll.evaluation.reports import Facts

    found = [Facts.of(run, _compared(run, baselines.get(run.suite.name))) for run in made]
    found += [Facts.of_kept(one.run, one.suite.rows) for one in unchanged]
    return tuple(sorted(found, key=lambda facts: facts.run.suite))


def _compared(run: "Run", kept: "Kept | None") -> "Baseline | None":
    """A run beside that of a release: what differs, and a sentence as conclusion."""
    from plimsoll.evaluation.comparison import Side, compare, conclusion, difference_text
    from plimsoll.evaluation.reports import Baseline, seen_comparison, seen_run

    if kept is None:
        return None
    then, now = Side.of_kept(kept.content, run.suite.rows), Side.of_run(run)
    found = compare(then, now, thresholds=run.suite.thresholds)
    told = [difference_text(one) for one in found.differences if one.is_primary]
    return Baseline(kept.name, seen_run(kept.content), (conclusion(found), *told), seen_comparison(found.to_json()))


def write_reports(files: Files, facts: "Sequence[Facts]", app: str) -> None:
    """Write the files that were asked for. Raises ReportUnwritableError."""
    from plimsoll.evaluation.reports import html_report, junit_report, markdown_report

    makers: tuple[tuple[Path | None, Callable[[], str]], ...] = (
        (files.junit, lambda: junit_report(facts)),
        (files.markdown, lambda: markdown_report(facts)),
        (files.html, lambda: html_report(facts, f"Evaluation of {app}")),
    )
    for path, make in makers:
        if path is None:
            continue
        try:
            path.write_text(make(), encoding="utf-8")
        except OSError as error:
            raise ReportUnwritableError(path, error) from error


def baselines_of(platform: "Platform", name: str | None, suites: "Sequence[Suite]") -> "dict[str, Kept]":
    """The runs of a release, by suite. Raises ReleaseMissingError; BaselineMissingError where it has none of them."""
    if name is None:
        return {}
    release = platform.releases.release(platform.app, name)
    named = {suite.name for suite in suites}
    runs_of = {one.suite: one.run for one in release.manifest.evidence if one.suite in named}
    if not runs_of:
        raise BaselineMissingError(release.manifest.name, sorted(named))
    return {suite: Kept(release.manifest.name, platform.runs.get(run)) for suite, run in runs_of.items()}
