"""Gates refuse what fails and what was not measured; what passes becomes one release."""

import asyncio
import json
from dataclasses import replace

import pytest
from tests.flows.conftest import FILES, Workshop

from plimsoll.bootstrap import Platform
from plimsoll.evaluation import Run, Suite
from plimsoll.flows.promote import Wish, roll_back, ship
from plimsoll.flows.ship import (
    Gated,
    SuiteMissingError,
    evaluate,
    freeze,
    same_release,
    suites_of,
)
from plimsoll.kernel.digest import digest_json
from plimsoll.project import load_project
from plimsoll.releases import EnvironmentUnknownError, Manifest
from plimsoll.tracing import EVALUATION


class Gate:
    """Builds a workshop's project and brings it before its gates."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.platform: Platform = workshop.open()

    def suites(self) -> tuple[Manifest, tuple[Suite, ...]]:
        report = self.workshop.build()
        return report.draft, suites_of(load_project(self.workshop.root), report.versions)

    def runs(self) -> tuple[Manifest, tuple[Run, ...]]:
        draft, suites = self.suites()
        return draft, asyncio.run(evaluate(draft, suites, self.platform.evaluate_parts()))

    def release(self) -> Gated:
        draft, runs = self.runs()
        return freeze(draft, runs, self.platform.freeze_parts())


@pytest.fixture
def gate(workshop: Workshop) -> Gate:
    return Gate(workshop)


def test_what_passes_is_released_with_its_evidence(gate: Gate) -> None:
    result = gate.release()
    assert result.release is not None
    manifest = result.release.manifest
    (evidence,) = manifest.evidence
    run = gate.platform.runs.get(evidence.run)
    assert (run["subject"], run["verdict"], run["suite_digest"]) == (
        result.draft.digest,
        "pass",
        evidence.suite_version,
    )
    assert run["suite_digest"] in {version.digest for version in gate.platform.registry.versions("harbour")}
    assert manifest.artifacts == result.draft.artifacts
    assert manifest.digest == digest_json(manifest.to_json())


def test_thresholds_are_a_version_before_the_run(gate: Gate) -> None:
    _, runs = gate.runs()
    suite = next(version for version in gate.platform.registry.versions("harbour") if version.kind == "suite")
    content = gate.platform.registry.content(suite.digest)
    assert isinstance(content, dict)
    assert content["thresholds"] == {"answer_contains": {"at_least": 0.5}, "retrieval_recall": {"at_least": 0.9}}
    assert suite.created_at.isoformat() <= runs[0].started_at.replace("Z", "+00:00")


def test_what_is_evaluated_is_what_is_served(gate: Gate) -> None:
    _, (run,) = gate.runs()
    gate.platform.recorder.flush()
    for row in run.rows:
        trace = gate.platform.traces.get("harbour", row.observation.trace)
        assert (trace.question, trace.answer, trace.environment) == (
            row.row.question,
            row.observation.answer,
            EVALUATION,
        )


def test_a_worse_setting_is_refused(gate: Gate) -> None:
    gate.workshop.write(
        "evals/ask.yaml",
        "dataset: ask\nendpoint: ask\nscorers: [answer_contains]\nthresholds: {answer_contains: {at_least: 1}}\n"
        "confidence: estimate\n",
    )
    assert gate.release().release is not None
    gate.workshop.write("knowledge/texts.yaml", "sources: [{path: documents, include: ['contracts/*']}]\n")
    result = gate.release()
    assert result.release is None
    (condition,) = result.verdicts[0].conditions
    assert (condition.outcome, condition.why) == ("fail", "0.000 is below 1")
    assert len(gate.platform.releases.releases("harbour")) == 1


def test_what_was_not_measured_is_refused(gate: Gate) -> None:
    rows = [{"question": "What does the lifeboat cost?", "answerable": False}]
    gate.workshop.write("datasets/ask.jsonl", "\n".join(json.dumps(row) for row in rows))
    result = gate.release()
    assert (result.release, result.verdicts[0].outcome) == (None, "not measured")


def test_no_suite_is_no_pass(gate: Gate) -> None:
    (gate.workshop.root / "evals" / "ask.yaml").unlink()
    result = gate.release()
    assert (result.release, result.runs) == (None, ())


def test_an_endpoint_that_cannot_answer_is_not_measured(gate: Gate) -> None:
    gate.workshop.write("routes/default.yaml", "model: vllm/none\nbase_url: http://127.0.0.1:9/v1\ntimeout_s: 5\n")
    result = gate.release()
    assert (result.release, result.verdicts[0].outcome) == (None, "not measured")
    assert {row.observation.error != "" for row in result.runs[0].rows} == {True}


def test_nothing_changed_is_the_same_release(gate: Gate) -> None:
    result = gate.release()
    draft, suites = gate.suites()
    assert same_release(draft, suites, gate.platform.releases) == result.release
    gate.workshop.write("evals/ask.yaml", FILES["evals/ask.yaml"].replace("0.5", "0.4"))
    draft, suites = gate.suites()
    assert same_release(draft, suites, gate.platform.releases) is None


def test_other_rows_must_be_passed_again(gate: Gate) -> None:
    """A dataset of the same name with other answers is another suite."""
    before = gate.release()
    rows = FILES["datasets/ask.jsonl"].replace("twenty-six days", "ninety-nine weeks").replace("3 May 2025", "never")
    gate.workshop.write("datasets/ask.jsonl", rows)
    draft, suites = gate.suites()
    assert draft.artifacts == before.draft.artifacts
    assert same_release(draft, suites, gate.platform.releases) is None
    assert gate.release().release is None


def test_a_refused_run_is_kept(gate: Gate) -> None:
    gate.workshop.write("datasets/ask.jsonl", '{"question": "What does the lifeboat cost?", "answerable": false}')
    result = gate.release()
    (run,) = result.runs
    kept = gate.platform.runs.get(digest_json(run.to_json()))
    assert (result.release, kept["verdict"]) == (None, "not measured")


def test_an_unknown_suite_is_said(gate: Gate) -> None:
    report = gate.workshop.build()
    with pytest.raises(SuiteMissingError, match="no suite `other`"):
        suites_of(load_project(gate.workshop.root), report.versions, "other")


def test_ship_and_roll_back_in_declared_environments(gate: Gate) -> None:
    first = gate.release().release
    gate.workshop.write("prompts/answer.yaml", "system: Answer shortly.\n")
    second = gate.release().release
    assert first is not None
    assert second is not None
    parts, wish = gate.platform.promote_parts(), Wish("staging", "because")
    ship(first, wish, parts)
    ship(second, wish, parts)
    move = roll_back("harbour", wish, parts)
    assert (move.to_release, move.reason) == (first.manifest.digest, "because")
    assert gate.platform.named(move.actor) == "ada"
    with pytest.raises(EnvironmentUnknownError, match="no environment `moon`"):
        ship(first, Wish("moon"), parts)
    with pytest.raises(EnvironmentUnknownError):
        roll_back("harbour", Wish("moon"), parts)
    ship(second, wish, parts)
    undeclared = replace(parts, declared=("production",))
    assert roll_back("harbour", wish, undeclared).to_release == first.manifest.digest
