"""A release's gates once more, from the release alone: its own suites, rows and versions; both verdicts side by side.

Nothing of the project folder is read, so that whoever doubts a release of last month can hold it against its evidence.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from plimsoll.datasets import LabelledText, Row
from plimsoll.evaluation import Run, Suite, judge
from plimsoll.evaluation.comparison import Comparison, Side, compare
from plimsoll.evaluation.figures import make_figure
from plimsoll.evaluation.registration import Registered, registered_before, thresholds_of
from plimsoll.evaluation.scorers import make_scorer
from plimsoll.evaluation.scorers.choices import read_choice
from plimsoll.kernel.digest import Digest, Json
from plimsoll.kernel.errors import NotFoundError
from plimsoll.models.predictors import wanted_values
from plimsoll.registry import Registry, VersionRef
from plimsoll.releases import Evidence, Manifest, Release

from .ship import EvaluateParts, OnRow, evaluate


class GateMissingError(NotFoundError):
    """The release went through no gate of that name."""

    code = "gate_missing"

    def __init__(self, release: str, name: str, known: Sequence[str]) -> None:
        names = ", ".join(known) or "none"
        super().__init__(f"{release} has no evidence of a suite `{name}`", hint=f"its suites are: {names}")


@dataclass(frozen=True, slots=True)
class Rerun:
    """One gate of a release, then and now."""

    release: Digest
    evidence: Evidence
    then: Mapping[str, Any]
    """The run that is the release's evidence, as it was kept."""
    now: Run
    comparison: Comparison
    """What is different now, row by row."""
    registered: Registered
    """Whether the thresholds were written down before the run of then."""
    scorers_changed: tuple[str, ...] = ()
    """Scorers that are of another version now, so that their scores may differ although the answers do not."""

    @property
    def same_verdict(self) -> bool:
        """Whether the gate says now what it said then."""
        return {self.now.verdict.outcome, self.then["verdict"]} == {self.evidence.verdict}

    @property
    def other_answers(self) -> tuple[str, ...]:
        """Rows whose answer is another text now."""
        before = {(row["row"], row["repeat"]): row["answer"] for row in self.then["rows"]}
        rows = (row for row in self.now.rows if before.get((row.row.id, row.repeat)) != row.observation.answer)
        return tuple(dict.fromkeys(row.row.id for row in rows))

    def to_json(self) -> Json:
        """For programs."""
        return {
            "release": self.release,
            "suite": self.evidence.suite,
            "suite_version": self.evidence.suite_version,
            "then": {name: self.then[name] for name in ("started_at", "verdict", "environment", "measures")},
            "now": self.now.to_json(),
            "same_verdict": self.same_verdict,
            "other_answers": list(self.other_answers),
            "scorers_changed": list(self.scorers_changed),
            "registered": {
                "published_at": self.registered.published_at,
                "started_at": self.registered.started_at,
                "problems": list(self.registered.problems),
            },
            "comparison": self.comparison.to_json(),
        }


async def rerun(
    release: Release,
    parts: EvaluateParts,
    *,
    only: str | None = None,
    kept: bool = False,
    on_row: OnRow = lambda _: None,
) -> tuple[Rerun, ...]:
    """Ask the rows of a release's gates again, through the very versions that it is made of.

    With `kept`, answers that were kept are not asked for again, so that only scorers and gates are checked. Raises
    GateMissingError, VersionMissingError and IntegrityError for what is not there any more, and what `evaluate` raises.
    """
    manifest = release.manifest
    chosen = [item for item in manifest.evidence if only in {None, item.suite}]
    if only is not None and not chosen:
        raise GateMissingError(manifest.name, only, [item.suite for item in manifest.evidence])
    suites = [_suite(item, manifest, parts.serving.registry) for item in chosen]
    asking = parts if kept else replace(parts, cases=None)
    runs = await evaluate(manifest, suites, asking, on_row=on_row)
    return tuple(_told(item, manifest, run, parts) for item, run in zip(chosen, runs, strict=True))


def _told(item: Evidence, manifest: Manifest, run: Run, parts: EvaluateParts) -> Rerun:
    registry = parts.serving.registry
    then = parts.runs.get(item.run)
    version = registry.version(manifest.app, VersionRef("suite", item.suite, item.suite_version))
    content = _object(registry.content(item.suite_version))
    now = _against_its_baseline(run, then, parts)
    told = {scorer.name: scorer.version for scorer in run.suite.scorers}
    return Rerun(
        release=manifest.digest,
        evidence=item,
        then=then,
        now=now,
        comparison=compare(Side.of_kept(then, run.suite.rows), Side.of_run(now), thresholds=run.suite.thresholds),
        registered=registered_before(then, content, version.created_at),
        scorers_changed=tuple(name for name, known in then["scorers"].items() if told.get(name) != known),
    )


def _against_its_baseline(run: Run, then: Mapping[str, Any], parts: EvaluateParts) -> Run:
    """The run held against the baseline of then, where there was one: what is live today is another."""
    compared = then.get("comparison")
    if not compared or not compared.get("old_run"):
        return run
    found = compare(
        Side.of_kept(parts.runs.get(compared["old_run"]), run.suite.rows),
        Side.of_run(run),
        thresholds=run.suite.thresholds,
    )
    verdict = judge(run.suite.name, run.suite.thresholds, run.measures, compared=found)
    made = replace(run, verdict=verdict, comparison=found.to_json())
    parts.runs.keep(made)
    return made


def _suite(item: Evidence, manifest: Manifest, registry: Registry) -> Suite:
    """The suite as it was, from its version."""
    content = _object(registry.content(item.suite_version))
    endpoint = str(content["endpoint"])
    scorers = map(read_choice, content["scorers"])
    figures = (read_choice(one, "figure") for one in content.get("figures", ()))
    return Suite(
        name=item.suite,
        endpoint=endpoint,
        scorers=tuple(make_scorer(one.of, name=one.name, options=one.options) for one in scorers),
        figures=tuple(make_figure(one.of, name=one.name, options=one.options) for one in figures),
        thresholds=thresholds_of(content),
        rows=tuple(_rows(content["dataset_version"], endpoint, manifest, registry)),
        digest=item.suite_version,
        dataset=content["dataset_version"],
        repeats=content["repeats"],
        seed=content["seed"],
    )


def _rows(dataset: Digest, endpoint: str, manifest: Manifest, registry: Registry) -> Iterator[Row]:
    """The rows of a dataset's version; of labelled texts one for each field of each text."""
    rows = _object(registry.content(dataset))["rows"]
    if not any("text" in row for row in rows):
        yield from map(Row.from_json, rows)
        return
    model = _object(registry.content(manifest.artifacts[f"endpoint:{endpoint}"]))["model"]
    content = _object(registry.content(manifest.artifacts[f"model:{model}"]))
    for place, row in enumerate(rows, 1):
        text = LabelledText(place, row["text"], {name: tuple(values) for name, values in row["values"].items()})
        for name, answers in wanted_values(content, text).items():
            yield Row(f"row-{place}/{name}", text.text, answers, (), answerable=bool(answers), tags=(name,))


def _object(value: Json) -> dict[str, Any]:
    return cast("dict[str, Any]", value)
