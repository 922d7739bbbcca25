"""The suites of a project, as they are run."""

from collections.abc import Sequence

from plimsoll.evaluation import Suite, Threshold
from plimsoll.project import Project
from plimsoll.registry import Version

from ..build import BuildReport
from ._errors import SuiteMissingError


def documents_not_indexed(suite: Suite, report: BuildReport) -> tuple[str, ...]:
    """Documents that a suite's rows name and that no knowledge base has: probably misspelt, or left out."""
    indexed = {outcome.path for built in report.knowledge for outcome in built.outcomes if outcome.fate == "indexed"}
    named = dict.fromkeys(path for row in suite.rows for path in row.documents)
    return tuple(path for path in named if path not in indexed) if indexed else ()


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
