"""A release of last month is held against its evidence once more, from what the records keep of it alone."""

import asyncio
import shutil
from dataclasses import replace

import pytest
from tests.flows.conftest import FILES, Workshop

from plimsoll.bootstrap import Platform
from plimsoll.evaluation.comparison import Side, compare
from plimsoll.flows.build import build
from plimsoll.flows.rerun import GateMissingError, Rerun, rerun
from plimsoll.flows.ship import evaluate, freeze, suites_of
from plimsoll.kernel.digest import canonical_json
from plimsoll.project import load_project
from plimsoll.releases import Release


class Archive:
    """A release that was made, and the platform that knows it."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.platform: Platform = workshop.open()
        project = load_project(workshop.root)
        report = build(project, self.platform.build_parts(lambda *_: None))
        suites = suites_of(project, report.versions)
        runs = asyncio.run(evaluate(report.draft, suites, self.platform.evaluate_parts()))
        made = freeze(report.draft, runs, self.platform.freeze_parts()).release
        assert made is not None
        self.release: Release = made

    def rerun(self, *, kept: bool = False, only: str | None = None) -> Rerun:
        (found,) = asyncio.run(rerun(self.release, self.platform.evaluate_parts(), kept=kept, only=only))
        return found


@pytest.fixture
def archive(workshop: Workshop) -> Archive:
    return Archive(workshop)


def test_the_same_evaluation_gives_the_same_verdict_when_the_project_is_gone(archive: Archive) -> None:
    for folder in ("datasets", "evals", "prompts", "knowledge", "documents"):
        shutil.rmtree(archive.workshop.root / folder)
    found = archive.rerun()
    assert found.same_verdict
    assert found.other_answers == ()
    assert not found.comparison.cases
    assert found.comparison.rows == 3
    assert not any(row.kept for row in found.now.rows)
    assert [one.threshold.place for one in found.now.verdict.conditions] == ["answer_contains", "retrieval_recall"]
    assert found.registered.is_proved
    assert canonical_json(found.to_json())


def test_answers_that_were_kept_are_not_asked_for_again(archive: Archive) -> None:
    found = archive.rerun(kept=True)
    assert all(row.kept for row in found.now.rows)
    assert found.same_verdict


def test_what_was_changed_since_changes_nothing_of_the_release(archive: Archive) -> None:
    archive.workshop.write("prompts/answer.yaml", "system: Never answer.\n")
    archive.workshop.write("evals/ask.yaml", FILES["evals/ask.yaml"].replace("0.9", "0.1"))
    archive.workshop.write("documents/policies/leave.md", "# Leave\n\nNobody has a day of leave.")
    archive.workshop.build()
    found = archive.rerun()
    assert found.same_verdict
    assert found.other_answers == ()
    assert found.now.suite.thresholds[1].at_least == 0.9


def test_another_verdict_is_told_with_the_rows_that_made_it(archive: Archive) -> None:
    (item,) = archive.release.manifest.evidence
    kept = archive.platform.runs.get(item.run)
    rows = [{**row, "answer": "another", "scores": dict.fromkeys(row["scores"], 0.0)} for row in kept["rows"]]
    forged = archive.platform.blobs.put(canonical_json({**kept, "verdict": "fail", "rows": rows}))
    manifest = replace(archive.release.manifest, evidence=(replace(item, run=forged),))
    archive.release = replace(archive.release, manifest=manifest)
    archive.platform.blobs.put(canonical_json(manifest.to_json()))
    found = archive.rerun()
    assert not found.same_verdict
    assert set(found.other_answers) == {row.row.id for row in found.now.rows}
    assert {case.row for case in found.comparison.better} == set(found.other_answers)


def test_a_gate_that_the_release_never_went_through_is_said(archive: Archive) -> None:
    with pytest.raises(GateMissingError, match="no evidence of a suite `other`"):
        archive.rerun(only="other")


def test_the_baseline_of_then_is_that_of_now(archive: Archive) -> None:
    """What is live today must not change what a release of last month was held against."""
    (item,) = archive.release.manifest.evidence
    kept = archive.platform.runs.get(item.run)
    side = Side.of_kept(kept)
    compared = compare(side, side)
    run = {**kept, "comparison": compared.to_json()}
    digest = archive.platform.blobs.put(canonical_json(run))
    manifest = replace(archive.release.manifest, evidence=(replace(item, run=digest),))
    archive.platform.blobs.put(canonical_json(manifest.to_json()))
    archive.release = replace(archive.release, manifest=manifest)
    found = archive.rerun()
    assert isinstance(found.now.comparison, dict)
    assert found.now.comparison["old_run"] == item.run
    assert found.same_verdict
