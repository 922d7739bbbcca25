"""What the gates say of a draft, and the release that it becomes."""

from collections.abc import Sequence
from dataclasses import dataclass

from plimsoll.access import Acting
from plimsoll.evaluation import Run, Runs, Suite, Verdict
from plimsoll.releases import Evidence, Manifest, Release, Releases


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


@dataclass(frozen=True, slots=True)
class FreezeParts:
    """Where a release and its evidence are kept, and who makes it; needs the right `release`."""

    releases: Releases
    runs: Runs
    acting: Acting
    source_commit: str


def freeze(draft: Manifest, runs: Sequence[Run], parts: FreezeParts) -> Gated:
    """Make a release of a draft whose every suite passed; any other verdict, or no suite at all, refuses it.

    What the gates said is written down in either case.
    """
    parts.acting.require("release")
    evidence = tuple(
        Evidence(run.suite.name, run.suite.digest, parts.runs.keep(run), run.verdict.outcome) for run in runs
    )
    return Gated(draft, tuple(runs), freeze_evidence(draft, evidence, parts))


def freeze_evidence(draft: Manifest, evidence: Sequence[Evidence], parts: FreezeParts) -> Release | None:
    """What `freeze` does, of runs that are kept already. None when the draft was refused."""
    parts.acting.require("release")
    parts.releases.judge(draft, evidence, by=parts.acting.by)
    if not evidence or any(item.verdict != "pass" for item in evidence):
        return None
    manifest = Manifest(draft.app, draft.artifacts, tuple(evidence))
    return parts.releases.keep_release(manifest, by=parts.acting.by, source_commit=parts.source_commit)


def same_release(draft: Manifest, suites: Sequence[Suite], releases: Releases) -> Release | None:
    """The newest release with exactly these versions that passed exactly these suites, if there is one."""
    wanted = {(suite.name, suite.digest) for suite in suites}
    for release in releases.with_artifacts(draft.app, draft.artifacts):
        passed = {(evidence.suite, evidence.suite_version) for evidence in release.manifest.evidence}
        if passed == wanted:
            return release
    return None
