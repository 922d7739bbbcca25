"""Which suites need not be run: a gate passed them before, on exactly what they would be run on now.

What gates said stands in the ledger, with the draft, the suite's version and the run. So a verdict can be taken up
again only while its evidence is there and says the same; in every other case the suite is run, which costs little where
its rows are kept. A verdict that is not `pass` is never taken up: such a suite is run again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from plimsoll.evaluation import Run, Runs, Suite
from plimsoll.evaluation.reports import SeenRun, seen_run
from plimsoll.kernel.digest import Digest, Json
from plimsoll.kernel.errors import IntegrityError, InvalidError, NotFoundError
from plimsoll.ledger import By
from plimsoll.releases import DraftVerdict, Evidence, Manifest, Releases

_MOST_LOOKED_AT = 50
"""Verdicts of one suite that are looked at, the newest first: more is dearer than finding nothing."""


@dataclass(frozen=True, slots=True)
class ChangedParts:
    """Where verdicts and runs are kept."""

    releases: Releases
    runs: Runs
    answering: Callable[[Manifest], Digest]
    """The digest of everything in a draft that an answer may depend on; suites and datasets are no part of it."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A suite, and the run with which a gate passed it on the same inputs."""

    suite: Suite
    run: SeenRun
    content: Json
    """The whole evidence."""
    digest: Digest
    """Where the evidence is kept."""


def unchanged_suites(draft: Manifest, suites: Iterable[Suite], parts: ChangedParts) -> tuple[Unchanged, ...]:
    """Those of some suites that a gate passed with this version, on a draft that answers as this one does."""
    verdicts = tuple(reversed(parts.releases.verdicts(draft.app)))
    answering = parts.answering(draft)
    found = (_taken_up(suite, verdicts, answering, parts) for suite in suites)
    return tuple(one for one in found if one is not None)


def _taken_up(
    suite: Suite, verdicts: Sequence[DraftVerdict], answering: Digest, parts: ChangedParts
) -> Unchanged | None:
    """The newest verdict on these inputs decides: where that is not `pass`, none is taken up.

    What a suite may lose depends on what is live, too, which may be another release by now.
    """
    if any(threshold.may_lose is not None for threshold in suite.thresholds):
        return None
    newest = next(_on_these(suite, verdicts, answering, parts), None)
    if newest is None or newest.verdict != "pass":
        return None
    with suppress(NotFoundError, IntegrityError, InvalidError):
        content = parts.runs.get(newest.run)
        run = seen_run(content)
        if _is_of(run, suite, newest):
            return Unchanged(suite, run, content, newest.run)
    return None


def _on_these(
    suite: Suite, verdicts: Sequence[DraftVerdict], answering: Digest, parts: ChangedParts
) -> Iterator[DraftVerdict]:
    same = [one for one in verdicts if (one.suite, one.suite_version) == (suite.name, suite.digest)]
    for verdict in same[:_MOST_LOOKED_AT]:
        with suppress(NotFoundError, IntegrityError):
            if parts.answering(parts.releases.manifest(verdict.draft)) == answering:
                yield verdict


def _is_of(run: SeenRun, suite: Suite, verdict: DraftVerdict) -> bool:
    """Whether the evidence says what the ledger says, and was scored by the scorers of today."""
    scorers = {scorer.name: scorer.version for scorer in suite.scorers}
    said = (run.suite, run.suite_digest, run.subject, run.verdict)
    return said == (suite.name, suite.digest, verdict.draft, "pass") and dict(run.scorers) == scorers


def write_down(draft: Manifest, runs: Sequence[Run], parts: ChangedParts, *, by: By) -> None:
    """Write into the ledger what the gates said of a draft, whatever it was."""
    evidence = [Evidence(run.suite.name, run.suite.digest, parts.runs.keep(run), run.verdict.outcome) for run in runs]
    parts.releases.judge(draft, evidence, by=by)
