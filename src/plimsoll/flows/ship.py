"""From a build to a release: evaluate, judge, freeze. How it comes into an environment is in `promote`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from plimsoll.access import Acting
from plimsoll.evaluation import Observation, Run, Runs, Suite, Threshold, Verdict, run_suite
from plimsoll.kernel.errors import NotFoundError, PlimsollError
from plimsoll.models import Message
from plimsoll.project import Project
from plimsoll.registry import Version
from plimsoll.releases import Evidence, Manifest, Release, Releases
from plimsoll.tracing import EVALUATION

from .build import BuildReport
from .serve import Answer, Answering, AnswerRequest
from .serve.parts import ServeParts

OnRow = Callable[[Suite], None]


@dataclass(frozen=True, slots=True)
class Gated:
    """What the gates say of a draft. `release` is None when they refused it."""

    draft: Manifest
    runs: tuple[Run, ...]
    release: Release | None
    existed: bool = False
    """True when this very release was made before, so that nothing had to be run again."""

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """One for each suite."""
        return tuple(run.verdict for run in self.runs)


def documents_not_indexed(suite: Suite, report: BuildReport) -> tuple[str, ...]:
    """Documents that a suite's rows name and that no knowledge base has: probably misspelt, or left out."""
    indexed = {outcome.path for built in report.knowledge for outcome in built.outcomes if outcome.fate == "indexed"}
    named = dict.fromkeys(path for row in suite.rows for path in row.documents)
    return tuple(path for path in named if path not in indexed) if indexed else ()


@dataclass(frozen=True, slots=True)
class EvaluateParts:
    """What answers, and where runs are kept."""

    serving: ServeParts
    runs: Runs


@dataclass(frozen=True, slots=True)
class FreezeParts:
    """Where a release and its evidence are kept, and who makes it; needs the right `release`."""

    releases: Releases
    runs: Runs
    acting: Acting
    source_commit: str


class SuiteMissingError(NotFoundError):
    """The project has no suite of that name."""

    code = "suite_missing"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        names = ", ".join(known) or "none"
        super().__init__(f"evals/ has no suite `{name}`", hint=f"the suites are: {names}")


def suites_of(project: Project, versions: Sequence[Version], only: str | None = None) -> tuple[Suite, ...]:
    """The suites of a project that was just built, each with the version under which its thresholds are kept.

    Raises SuiteMissingError.
    """
    if only is not None and only not in project.suites:
        raise SuiteMissingError(only, sorted(project.suites))
    digests = {version.name: version.digest for version in versions if version.kind == "suite"}
    return tuple(
        Suite(
            name=name,
            endpoint=suite.endpoint,
            scorers=suite.scorers,
            thresholds=tuple(
                Threshold(measure, bound.at_least, bound.at_most) for measure, bound in suite.thresholds.items()
            ),
            rows=project.datasets[suite.dataset],
            digest=digests[name],
        )
        for name, suite in sorted(project.suites.items())
        if only in {None, name}
    )


async def evaluate(
    draft: Manifest, suites: Sequence[Suite], parts: EvaluateParts, *, on_row: OnRow = lambda _: None
) -> tuple[Run, ...]:
    """Run suites against a draft through the function that serves. Every run is kept, whatever its verdict."""
    answering = Answering(parts.serving)
    try:
        runs = tuple([await _run(draft, suite, answering, on_row) for suite in suites])
    finally:
        await answering.close()
    for run in runs:
        parts.runs.keep(run)
    return runs


def freeze(draft: Manifest, runs: Sequence[Run], parts: FreezeParts) -> Gated:
    """Make a release of a draft whose every suite passed; any other verdict, or no suite at all, refuses it.

    What the gates said is written down in either case.
    """
    parts.acting.require("release")
    evidence = tuple(
        Evidence(run.suite.name, run.suite.digest, parts.runs.keep(run), run.verdict.outcome) for run in runs
    )
    parts.releases.judge(draft, evidence, by=parts.acting.by)
    if not runs or any(run.verdict.outcome != "pass" for run in runs):
        return Gated(draft, tuple(runs), None)
    manifest = Manifest(draft.app, draft.artifacts, evidence)
    release = parts.releases.keep_release(manifest, by=parts.acting.by, source_commit=parts.source_commit)
    return Gated(draft, tuple(runs), release)


def same_release(draft: Manifest, suites: Sequence[Suite], releases: Releases) -> Release | None:
    """The newest release with exactly these versions that passed exactly these suites, if there is one."""
    wanted = {(suite.name, suite.digest) for suite in suites}
    for release in releases.with_artifacts(draft.app, draft.artifacts):
        passed = {(evidence.suite, evidence.suite_version) for evidence in release.manifest.evidence}
        if passed == wanted:
            return release
    return None


async def _run(draft: Manifest, suite: Suite, answering: Answering, on_row: OnRow) -> Run:
    async def ask(question: str) -> Observation:
        return await _observe(answering, draft, suite.endpoint, question)

    return await run_suite(suite, draft.digest, ask, on_row=lambda: on_row(suite))


async def _observe(answering: Answering, draft: Manifest, endpoint: str, question: str) -> Observation:
    request = AnswerRequest.of(
        draft.app,
        endpoint,
        (Message("user", question),),
        environment=EVALUATION,
        release=draft.digest,
    )
    try:
        return _seen(await answering.answer(request))
    except PlimsollError as error:
        return Observation(error=error.message)


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
