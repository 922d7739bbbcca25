"""The suites of a project, as they are run."""

from collections.abc import Iterator, Sequence

from plimsoll.datasets import Row
from plimsoll.evaluation import Suite, Threshold
from plimsoll.evaluation.figures import make_figure
from plimsoll.evaluation.scorers import make_scorer
from plimsoll.models.predictors import wanted_values
from plimsoll.project import Project, SuiteDefinition
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
    datasets = {version.name: version.digest for version in versions if version.kind == "dataset"}
    return tuple(
        Suite(
            name=name,
            endpoint=suite.endpoint,
            scorers=tuple(make_scorer(one.of, name=one.name, options=one.options) for one in suite.scorers),
            figures=tuple(make_figure(one.of, name=one.name, options=one.options) for one in suite.figures),
            thresholds=tuple(_thresholds(suite)),
            rows=_rows(suite, project),
            digest=digests[name],
            dataset=datasets.get(suite.dataset, ""),
            repeats=suite.repeats,
            seed=suite.seed,
        )
        for name, suite in sorted(project.suites.items())
        if only in {None, name}
    )


def _thresholds(suite: SuiteDefinition) -> Iterator[Threshold]:
    for slice_, bounds in {"": suite.thresholds, **suite.slices}.items():
        for measure, bound in bounds.items():
            given = suite.confidence if bound.confidence is None else bound.confidence
            confidence = None if given == "estimate" else float(given)
            yield Threshold(measure, bound.at_least, bound.at_most, confidence, slice_)


def _rows(suite: SuiteDefinition, project: Project) -> tuple[Row, ...]:
    """The rows of a suite's dataset; of labelled texts one for each field of each text, with the field as its tag."""
    if suite.dataset not in project.labelled:
        return project.datasets[suite.dataset]
    content = project.models[project.endpoints[suite.endpoint].model or ""].content()
    return tuple(
        Row(f"row-{row.line}/{field}", row.text, answers, (), answerable=bool(answers), tags=(field,))
        for row in project.labelled[suite.dataset]
        for field, answers in wanted_values(content, row).items()
    )
