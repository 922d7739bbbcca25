"""A knowledge base is made anew, and what is live stays as it is until something better has passed its gate."""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.flows.conftest import FILES, TEXTS, Workshop

from plimsoll.bootstrap import Platform
from plimsoll.flows.ask import ask
from plimsoll.flows.build import build
from plimsoll.flows.promote import Wish, ship
from plimsoll.flows.refresh import STEPS, Change, RefreshParts, RefreshState, Run, refresh, straight
from plimsoll.flows.ship import evaluate, freeze, suites_of
from plimsoll.kernel.errors import UnavailableError
from plimsoll.project import load_project
from plimsoll.releases import Manifest, Release
from plimsoll.worker._perform import _parts

KNOWLEDGE = FILES["knowledge/texts.yaml"]
LEAVE = "policies/leave.md"


class Dock:
    """A project with a live release."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.platform: Platform = workshop.open()

    def settings(self, refresh: str) -> None:
        self.workshop.write("knowledge/texts.yaml", f"{KNOWLEDGE}refresh: {refresh}\n")

    def write(self, path: str, text: str) -> None:
        self.workshop.write(f"documents/{path}", text)

    def release(self) -> Release:
        project = load_project(self.workshop.root)
        report = build(project, self.platform.build_parts(lambda *_: None))
        suites = suites_of(project, report.versions)
        runs = asyncio.run(evaluate(report.draft, suites, self.platform.evaluate_parts()))
        made = freeze(report.draft, runs, self.platform.freeze_parts()).release
        assert made is not None
        return made

    def ship(self, release: Release) -> None:
        ship(release, Wish("staging", reason="test"), self.platform.promote_parts())

    @property
    def live(self) -> str:
        return self.platform.environments.live("harbour", "staging")

    def refresh(
        self,
        run: Run = straight,
        *,
        asked_by: Any = "command",
        last: RefreshState | None = None,
        change: Callable[[RefreshParts], RefreshParts] = lambda parts: parts,
    ) -> RefreshState:
        parts = change(_parts(self.platform, lambda *_: None, last))
        return refresh(RefreshState("texts", asked_by), load_project(self.workshop.root), parts, run)

    def answer(self, question: str) -> str:
        parts = self.platform.serve_parts()
        return asyncio.run(ask("harbour", question, endpoint="ask", environment="staging", parts=parts)).done.text


@pytest.fixture
def dock(workshop: Workshop) -> Dock:
    dock = Dock(workshop)
    dock.settings("{gate: [ask]}")
    dock.ship(dock.release())
    return dock


def newer(dock: Dock, days: str = "thirty-one") -> None:
    """Another edition of a document."""
    dock.write(LEAVE, TEXTS[LEAVE] + f"\n\nOn Fridays in June everybody goes at noon, {days} minutes past it.\n")


def test_where_nothing_changed_nothing_is_done(dock: Dock) -> None:
    before = dock.live
    assert dock.refresh().outcome == "unchanged"
    steps: list[str] = []

    def counted(name: str, step: Callable[[], RefreshState]) -> RefreshState:
        steps.append(name)
        return step()

    state = dock.refresh(counted)
    assert (state.outcome, steps) == ("unchanged", ["look"])
    assert dock.live == before


def test_what_passes_becomes_a_candidate_that_differs_in_its_index_alone(dock: Dock) -> None:
    before, draft = dock.live, dock.platform.releases.working_draft("harbour")
    newer(dock)
    dock.workshop.write("prompts/answer.yaml", "system: A draft that nobody has released.\n")
    state = dock.refresh()
    assert state.outcome == "candidate"
    assert state.change == Change(added=0, changed=1, removed=0)
    made = dock.platform.releases.release("harbour", state.release).manifest
    live = dock.platform.releases.manifest(before)
    differ = {key for key, digest in made.artifacts.items() if live.artifacts[key] != digest}
    assert differ == {"source:texts", "index:texts"}
    assert made.artifacts.keys() == live.artifacts.keys()
    assert [(item.suite, item.verdict) for item in made.evidence] == [("ask", "pass")]
    assert f"plimsoll ship {made.name} staging" in state.hint
    assert dock.live == before
    assert dock.platform.releases.working_draft("harbour") == draft


def test_what_passes_goes_live_where_the_project_says_so(dock: Dock) -> None:
    dock.settings("{gate: [ask], promote: live}")
    newer(dock)
    assert "noon" not in dock.answer("When does everybody go on Fridays in June?")
    state = dock.refresh()
    assert (state.outcome, dock.live) == ("live", state.release)
    assert "noon" in dock.answer("When does everybody go on Fridays in June?")
    move = dock.platform.environments.moves("harbour", environment="staging")[-1]
    assert move.reason == "refresh of knowledge texts"
    assert dock.refresh().outcome == "unchanged"


def test_without_a_gate_nothing_is_measured_and_so_nothing_passes(dock: Dock) -> None:
    dock.settings("{promote: live}")
    newer(dock)
    state = dock.refresh()
    assert (state.outcome, state.release) == ("not measured", "")
    assert "gate" in state.hint


def test_a_gate_that_no_row_measures_has_not_passed(dock: Dock) -> None:
    dock.workshop.write(
        "evals/blank.yaml",
        "dataset: blank\nendpoint: ask\nscorers: [retrieval_recall]\nthresholds: {retrieval_recall: {at_least: 0.1}}\n"
        "confidence: estimate\n",
    )
    dock.workshop.write("datasets/blank.jsonl", '{"question": "What is it?", "answerable": false}\n')
    dock.settings("{gate: [blank], promote: live}")
    newer(dock)
    before = dock.live
    assert (dock.refresh().outcome, dock.live) == ("not measured", before)


def test_a_gate_that_says_no_leaves_everything_as_it_was(dock: Dock) -> None:
    dock.settings("{gate: [ask], promote: live}")
    before, answer = dock.live, dock.answer("How many days of paid leave has an employee?")
    dock.write(LEAVE, "# Canteen\n\nThere is soup on Mondays, and fish on Fridays.\n")
    state = dock.refresh()
    assert (state.outcome, state.release, dock.live) == ("refused", "", before)
    (gate,) = state.gates
    assert gate.verdict == "fail"
    assert gate.worse_rows
    assert dock.answer("How many days of paid leave has an employee?") == answer
    written = [item.verdict for item in dock.platform.releases.verdicts("harbour")]
    assert written == ["pass", "fail"], "what the gate said is in the ledger"


def test_what_passes_its_thresholds_but_is_worse_than_the_live_release_is_refused(dock: Dock) -> None:
    dock.workshop.write("evals/ask.yaml", FILES["evals/ask.yaml"].replace("0.9", "0.1").replace("0.5", "0.1"))
    dock.settings("{gate: [ask]}")
    dock.write(LEAVE, "# Canteen\n\nThere is soup on Mondays, and fish on Fridays.\n")
    state = dock.refresh()
    assert state.outcome == "refused"
    assert "live" in state.why
    dock.settings("{gate: [ask], may_lose: 0.9}")
    assert dock.refresh().outcome == "candidate"


def test_a_schedule_does_not_ask_the_same_gate_again_while_nothing_changed(dock: Dock) -> None:
    dock.write(LEAVE, "# Canteen\n\nThere is soup on Mondays.\n")
    refused = dock.refresh()
    assert refused.outcome == "refused"
    again = dock.refresh(asked_by="schedule", last=refused)
    assert (again.outcome, again.step) == ("unchanged", "look")
    assert "refused" in again.why
    assert dock.refresh(last=refused).outcome == "refused", "a person who asks gets an answer"
    newer(dock)
    assert dock.refresh(asked_by="schedule", last=refused).outcome == "candidate"


def test_without_a_live_release_the_index_is_published_and_that_is_all(workshop: Workshop) -> None:
    dock = Dock(workshop)
    state = dock.refresh()
    assert (state.outcome, state.environment) == ("built", "")
    assert state.artifacts["index:texts"] in {
        version.digest for version in dock.platform.registry.versions("harbour", kind="index")
    }


def test_what_the_policy_of_an_environment_asks_is_asked_of_a_refresh_too(workshop: Workshop) -> None:
    frozen = "promotion: {staging: {freeze: [{days: [mon, tue, wed, thu, fri, sat, sun], why: winter}]}}"
    workshop.write("plimsoll.yaml", f"name: harbour\n{frozen}\n")
    dock = Dock(workshop)
    dock.settings("{gate: [ask], promote: live}")
    first = dock.release()
    ship(first, Wish("staging", reason="first", override=True), dock.platform.promote_parts())
    newer(dock)
    state = dock.refresh()
    assert (state.outcome, dock.live) == ("candidate", first.manifest.digest)
    assert "winter" in state.why


def test_a_release_that_went_live_meanwhile_is_never_taken_back(dock: Dock) -> None:
    dock.settings("{gate: [ask], promote: live}")
    newer(dock)
    dock.workshop.write("prompts/answer.yaml", "system: Another prompt.\n")
    other: list[Release] = []

    def meanwhile(name: str, step: Callable[[], RefreshState]) -> RefreshState:
        if name == "ship":
            other.append(dock.release())
            dock.ship(other[0])
        return step()

    state = dock.refresh(meanwhile)
    assert state.outcome == "candidate"
    assert "meanwhile" in state.why
    assert dock.live == other[0].manifest.digest


def test_every_step_done_twice_is_the_same_as_once(dock: Dock) -> None:
    dock.settings("{gate: [ask], promote: live}")
    newer(dock)
    done: list[str] = []

    def twice(name: str, step: Callable[[], RefreshState]) -> RefreshState:
        first, second = step(), step()
        done.append(name)
        # A run is another one each time, for its moment and its latency; everything else is the same.
        assert replace(first, evidence=(), gates=()) == replace(second, evidence=(), gates=())
        return second

    state = dock.refresh(twice)
    assert (state.outcome, done) == ("live", [name for name, _ in STEPS])
    moves = dock.platform.environments.moves("harbour", environment="staging")
    assert len(moves) == 2


def test_a_source_that_is_gone_is_told_and_the_old_index_answers(dock: Dock) -> None:
    before, answer = dock.live, dock.answer("When did the freezer fail?")
    dock.workshop.documents.rename(dock.workshop.root / "elsewhere")
    dock.workshop.documents.mkdir()
    state = dock.refresh()
    assert (state.outcome, dock.live) == ("failed", before)
    assert state.why
    assert dock.answer("When did the freezer fail?") == answer


def test_a_source_that_disappears_half_way_is_told_and_the_old_index_answers(dock: Dock) -> None:
    newer(dock)
    before = dock.live

    def gone(name: str, step: Callable[[], RefreshState]) -> RefreshState:
        if name == "build":
            shutil.rmtree(dock.workshop.documents)
        return step()

    state = dock.refresh(gone)
    assert (state.outcome, state.step, dock.live) == ("failed", "build", before)
    assert dock.answer("When did the freezer fail?")


def test_files_that_change_between_look_and_build_are_not_taken_for_what_was_seen(dock: Dock) -> None:
    dock.settings("{gate: [ask], promote: live}")
    newer(dock, "five")

    def changing(name: str, step: Callable[[], RefreshState]) -> RefreshState:
        if name == "build":
            newer(dock, "seven")
        return step()

    assert dock.refresh(changing).outcome == "live"
    newer(dock, "five")
    state = dock.refresh()
    assert state.outcome == "live", "the index that is live was made of the other text"
    assert "five" in dock.answer("When does everybody go on Fridays in June?")


class FailingEmbedder:
    """Fails as told, under the name and shape of another."""

    def __init__(self, real: Any, fails: Callable[[np.ndarray], np.ndarray]) -> None:
        self.name, self.fingerprint, self.dimension = real.name, real.fingerprint, real.dimension
        self._real, self._fails = real, fails

    def embed(self, texts: Any) -> np.ndarray:
        return self._fails(self._real.embed(texts))


def _no_numbers(vectors: np.ndarray) -> np.ndarray:
    return vectors * np.nan


def _unreachable(_vectors: np.ndarray) -> np.ndarray:
    raise UnavailableError("the embedding server does not answer", hint="start it")


@pytest.mark.parametrize(("fails", "step"), [(_no_numbers, "look"), (_unreachable, "build")])
def test_an_embedder_that_fails_is_told_and_what_is_live_stays(
    dock: Dock, fails: Callable[[np.ndarray], np.ndarray], step: str
) -> None:
    newer(dock)
    before = dock.live

    def change(parts: RefreshParts) -> RefreshParts:
        make = parts.build.make_embedder
        return replace(parts, build=replace(parts.build, make_embedder=lambda name: FailingEmbedder(make(name), fails)))

    state = dock.refresh(change=change)
    assert (state.outcome, state.step, dock.live) == ("failed", step, before)
    assert dock.refresh().outcome == "candidate", "nothing wrong was remembered"


def test_a_disk_that_is_full_is_told_and_what_is_live_stays(dock: Dock) -> None:
    from plimsoll.storage import StorageFullError

    newer(dock)
    before = dock.live

    def full(*_: Any) -> Any:
        raise StorageFullError(str(dock.workshop.home))

    state = dock.refresh(change=lambda parts: replace(parts, build=replace(parts.build, write_segment=full)))
    assert (state.outcome, state.step, dock.live) == ("failed", "build", before)
    assert state.hint
    assert dock.refresh().outcome == "candidate"


def test_an_environment_that_does_not_exist_is_told(dock: Dock) -> None:
    newer(dock)
    dock.settings("{environment: nowhere}")
    state = dock.refresh()
    assert state.outcome == "failed"
    assert "nowhere" in state.why


def test_a_suite_that_does_not_exist_is_told(dock: Dock) -> None:
    newer(dock)
    before = dock.live
    project = replace(load_project(dock.workshop.root), suites={})
    state = refresh(RefreshState("texts"), project, _parts(dock.platform, lambda *_: None, None))
    assert (state.outcome, state.step, dock.live) == ("failed", "gate", before)
    assert "ask" in state.why


def test_a_change_of_who_may_read_is_a_change(dock: Dock) -> None:
    dock.workshop.write(
        "knowledge/texts.yaml",
        KNOWLEDGE.replace("{path: documents}", "{path: documents, access: [crew]}") + "refresh: {gate: [ask]}\n",
    )
    state = dock.refresh()
    assert state.outcome != "unchanged"
    assert state.artifacts["index:texts"] != dock.platform.releases.manifest(dock.live).artifacts["index:texts"]


def test_when_it_is_refreshed_shapes_no_version(dock: Dock) -> None:
    def knowledge() -> Manifest:
        return build(load_project(dock.workshop.root), dock.platform.build_parts(lambda *_: None)).draft

    before = knowledge()
    dock.settings("{every: 6h, gate: [ask], promote: live}")
    assert knowledge() == before
