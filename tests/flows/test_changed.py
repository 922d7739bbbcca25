"""A suite may be left out only where a gate passed it on exactly what it would be run on now."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from tests.flows.conftest import Workshop

from plimsoll.bootstrap import Platform
from plimsoll.evaluation import Run, Suite, Threshold
from plimsoll.flows.build import BuildReport, build
from plimsoll.flows.changed import ChangedParts, unchanged_suites, write_down
from plimsoll.flows.ship import evaluate, suites_of
from plimsoll.project import load_project
from plimsoll.releases import Manifest


class Bench:
    """A project whose suites are run and held against what was written down."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.platform: Platform = workshop.open()
        self.parts = ChangedParts(self.platform.releases, self.platform.runs, self.platform.evaluate_parts().answering)

    def built(self) -> tuple[BuildReport, tuple[Suite, ...]]:
        project = load_project(self.workshop.root)
        report = build(project, self.platform.build_parts(lambda *_: None))
        return report, suites_of(project, report.versions)

    def run(self) -> tuple[Manifest, tuple[Run, ...]]:
        report, suites = self.built()
        runs = asyncio.run(evaluate(report.draft, suites, self.platform.evaluate_parts()))
        write_down(report.draft, runs, self.parts, by=self.platform.acting.by)
        return report.draft, runs

    def unchanged(self, suites: Sequence[Suite] | None = None) -> list[str]:
        report, built = self.built()
        return [one.suite.name for one in unchanged_suites(report.draft, suites or built, self.parts)]


def test_what_passed_is_unchanged_until_an_input_changes(workshop: Workshop) -> None:
    bench = Bench(workshop)
    assert bench.unchanged() == [], "nothing was run yet"
    draft, (run,) = bench.run()
    assert run.verdict.outcome == "pass"
    assert bench.unchanged() == ["ask"]
    prompt = workshop.write("prompts/answer.yaml", "system: Answer shortly from the passages.\n")
    assert bench.unchanged() == [], "a prompt changed"
    prompt.write_text("system: Answer from the passages.\n")
    assert bench.unchanged() == ["ask"], "and back"
    workshop.write("evals/ask.yaml", (workshop.root / "evals/ask.yaml").read_text().replace("0.5", "0.4"))
    assert bench.unchanged() == [], "a threshold changed"
    verdicts = bench.platform.releases.verdicts(bench.platform.app, draft.digest)
    assert [(one.suite, one.verdict) for one in verdicts] == [("ask", "pass")]


def test_a_row_that_changed_changes_the_suite(workshop: Workshop) -> None:
    bench = Bench(workshop)
    bench.run()
    dataset = workshop.root / "datasets/ask.jsonl"
    dataset.write_text(dataset.read_text().replace("twenty-six days", "26 days"))
    assert bench.unchanged() == []


def test_what_did_not_pass_is_run_again(workshop: Workshop) -> None:
    workshop.write("evals/ask.yaml", (workshop.root / "evals/ask.yaml").read_text().replace("0.5", "1.5"))
    bench = Bench(workshop)
    _, (run,) = bench.run()
    assert run.verdict.outcome == "fail"
    assert bench.unchanged() == []


def test_the_newest_verdict_on_the_same_inputs_decides(workshop: Workshop) -> None:
    bench = Bench(workshop)
    draft, (run,) = bench.run()
    failed = replace(run, verdict=replace(run.verdict, outcome="fail"))
    write_down(draft, [failed], bench.parts, by=bench.platform.acting.by)
    assert bench.unchanged() == []


def test_a_scorer_that_changed_changes_the_suite(workshop: Workshop) -> None:
    bench = Bench(workshop)
    bench.run()
    _, (suite,) = bench.built()
    assert bench.unchanged([replace(suite, scorers=suite.scorers[1:])]) == []


def test_a_suite_that_is_held_against_what_is_live_is_always_run(workshop: Workshop) -> None:
    bench = Bench(workshop)
    bench.run()
    _, (suite,) = bench.built()
    held = (*suite.thresholds, Threshold("answer_contains", may_lose=0.02))
    assert bench.unchanged([replace(suite, thresholds=held)]) == []


def test_a_verdict_without_its_evidence_counts_for_nothing(workshop: Workshop) -> None:
    bench = Bench(workshop)
    draft, _ = bench.run()
    (verdict,) = bench.platform.releases.verdicts(bench.platform.app, draft.digest)
    bench.platform.blobs.remove(verdict.run)
    assert bench.unchanged() == []


def test_evidence_that_says_something_else_than_the_ledger_counts_for_nothing(workshop: Workshop) -> None:
    bench = Bench(workshop)
    draft, (run,) = bench.run()
    other = replace(run, suite=replace(run.suite, digest="sha256:other"))
    honest = bench.parts.runs.keep

    class Swapped:
        keep = staticmethod(lambda _run: honest(other))
        get = staticmethod(bench.parts.runs.get)

    write_down(draft, [run], replace(bench.parts, runs=Swapped()), by=bench.platform.acting.by)  # type: ignore[arg-type]  # keeps another run
    assert bench.unchanged() == []
