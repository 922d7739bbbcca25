"""Probe vectors belong to their index; a change of an embedder is noticed wherever that index is, and told once."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.flows.conftest import Workshop
from tests.flows.test_refresh import Dock, FailingEmbedder, newer

from plimsoll.bootstrap import Platform
from plimsoll.flows.build import BuildParts, build
from plimsoll.flows.build.canary import RAISED, SETTLED, STAGE
from plimsoll.flows.collect import collect
from plimsoll.flows.exchange import export_release
from plimsoll.flows.refresh import RefreshParts
from plimsoll.flows.refresh.watch import EmbedderWatch
from plimsoll.governance.retention import Retention
from plimsoll.kernel.errors import UnavailableError
from plimsoll.ledger import By
from plimsoll.models.embedders import EmbedderChangedError, VectorsWrongError
from plimsoll.project import load_project
from plimsoll.releases.bundle import blob_name, read_bundle

Fails = Callable[[np.ndarray], np.ndarray]


def turned(vectors: np.ndarray) -> np.ndarray:
    return np.roll(vectors, 1, axis=1)


def no_numbers(vectors: np.ndarray) -> np.ndarray:
    return vectors * np.nan


def gone(_vectors: np.ndarray) -> np.ndarray:
    raise UnavailableError("the embedding server does not answer", hint="start it")


@pytest.fixture
def dock(workshop: Workshop) -> Dock:
    dock = Dock(workshop)
    dock.settings("{gate: [ask]}")
    dock.ship(dock.release())
    return dock


def watch(dock: Dock, fails: Fails | None = None) -> EmbedderWatch:
    found = dock.platform.embedder_watch()
    if fails is None:
        return found

    def make(settings: Mapping[str, Any]) -> Any:
        return FailingEmbedder(found.make_embedder(settings), fails)

    return replace(found, make_embedder=make)


def failing(parts: BuildParts, fails: Fails) -> BuildParts:
    make = parts.make_embedder
    return replace(parts, make_embedder=lambda name: FailingEmbedder(make(name), fails))


def said(dock: Dock) -> list[str]:
    return [entry.act for entry in dock.platform.ledger.entries(app="harbour") if entry.act in {RAISED, SETTLED}]


def index_of(platform: Platform) -> Any:
    digest = platform.releases.manifest(platform.environments.live("harbour", "staging")).artifacts["index:texts"]
    return platform.registry.content(digest)


def forget_canaries(platform: Platform) -> None:
    """As if the cache had lost them."""
    with platform.cache._database.write() as connection:
        connection.exec_driver_sql("DELETE FROM stage_output WHERE stage = ?", (STAGE,))


def test_the_embedder_of_what_is_live_is_what_it_was(dock: Dock) -> None:
    (check,) = watch(dock).check().checks
    assert (check.knowledge, check.embedder, check.verdict) == ("texts", "builtin/static", "same")
    assert check.worst_cosine == pytest.approx(1)
    assert said(dock) == []


def test_a_changed_embedder_is_a_finding_that_is_written_down_once_and_settled_once(dock: Dock) -> None:
    (check,) = watch(dock, turned).check().findings
    watch(dock, turned).check()
    assert "is not what it was" in check.why
    assert "revision" in check.hint
    assert check.worst_cosine is not None
    assert check.worst_cosine < 0.9
    assert said(dock) == [RAISED]
    (entry,) = dock.platform.ledger.entries(act=RAISED, app="harbour")
    assert (entry.facts["knowledge"], entry.facts["embedder"], entry.facts["probes"]) == ("texts", "builtin/static", 32)
    assert entry.actor == "system"
    watch(dock).check()
    watch(dock).check()
    assert said(dock) == [RAISED, SETTLED]
    watch(dock, turned).check()
    assert said(dock) == [RAISED, SETTLED, RAISED]


def test_an_embedder_that_does_not_answer_is_not_a_changed_one_and_not_an_unchanged_one(dock: Dock) -> None:
    watch(dock, turned).check()
    found = watch(dock, gone).check()
    (check,) = found.checks
    assert (check.verdict, check.why, check.hint) == (
        "not checked",
        "the embedding server does not answer",
        "start it",
    )
    assert not found.is_complete
    assert said(dock) == [RAISED], "nothing is settled by silence"


def test_an_embedder_without_numbers_is_a_changed_one(dock: Dock) -> None:
    (check,) = watch(dock, no_numbers).check().findings
    assert "no number" in check.why


def test_other_files_under_the_same_name_are_a_change(dock: Dock) -> None:
    def make(settings: Mapping[str, Any]) -> Any:
        other = FailingEmbedder(dock.platform.embedder(settings), turned)
        other.fingerprint = "another"
        return other

    (check,) = replace(watch(dock), make_embedder=make).check().findings
    assert "another" in check.why


def test_what_was_found_is_known_to_other_processes_as_long_as_that_is_live(dock: Dock) -> None:
    (before,) = watch(dock).current()
    assert (before.verdict, before.knowledge) == ("not checked", "texts")
    watch(dock, turned).check()
    other = dock.workshop.open()
    (check,) = other.embedder_watch().current()
    assert check.verdict == "changed"
    newer(dock)
    dock.ship(dock.release())
    (check,) = other.embedder_watch().current()
    assert check.verdict == "not checked"


def test_probe_vectors_are_named_by_the_index_and_stay_with_it(dock: Dock) -> None:
    canary = index_of(dock.platform)["canary"]
    assert dock.platform.blobs.has(canary)
    stores = dock.platform.collect_stores()
    done = collect(stores, Retention(grace_s=0), by=By("s-00000000000000aa"))
    assert canary not in done.blobs
    assert dock.platform.blobs.has(canary)
    assert canary in {digest for _, digest in dock.platform._blobs_named()}


def test_probe_vectors_travel_with_the_release(dock: Dock, tmp_path: Path) -> None:
    canary = index_of(dock.platform)["canary"]
    path = tmp_path / "harbour.plimsoll"
    export_release(dock.platform.releases.release("harbour", dock.live), path, dock.platform.export_parts())
    with read_bundle(path) as bundle:
        assert bundle.read(blob_name(canary)) == dock.platform.blobs.get(canary)


def test_the_same_documents_and_embedder_are_the_same_index_also_without_the_cache(dock: Dock) -> None:
    before = index_of(dock.platform)
    dock.platform.close()
    (dock.workshop.home / "cache.db").unlink()
    dock.platform = dock.workshop.open()
    report = build(load_project(dock.workshop.root), dock.platform.build_parts(lambda *_: None))
    assert report.knowledge[0].snapshot.to_json() == before


def test_a_build_whose_cache_is_lost_still_knows_what_the_embedder_was(dock: Dock) -> None:
    before = dock.live
    newer(dock)
    forget_canaries(dock.platform)
    parts = failing(dock.platform.build_parts(lambda *_: None), turned)
    with pytest.raises(EmbedderChangedError):
        build(load_project(dock.workshop.root), parts)
    assert dock.live == before
    assert said(dock) == [RAISED]
    assert dock.platform.cache.get(STAGE, [STAGE]) == {}


@pytest.mark.parametrize(("fails", "error"), [(turned, EmbedderChangedError), (no_numbers, VectorsWrongError)])
def test_a_build_with_a_changed_embedder_stops_before_anything_is_written(
    dock: Dock, fails: Fails, error: type[Exception]
) -> None:
    newer(dock)
    platform = dock.platform
    versions, blobs = platform.registry.versions("harbour"), set(platform.blobs.addresses())
    draft, answer = platform.releases.working_draft("harbour"), dock.answer("When did the freezer fail?")
    with pytest.raises(error):
        build(load_project(dock.workshop.root), failing(platform.build_parts(lambda *_: None), fails))
    assert platform.registry.versions("harbour") == versions
    assert set(platform.blobs.addresses()) == blobs
    assert platform.releases.working_draft("harbour") == draft
    assert dock.answer("When did the freezer fail?") == answer
    assert said(dock) == [RAISED]


def test_a_build_that_embeds_nothing_needs_no_embedder(dock: Dock) -> None:
    before = index_of(dock.platform)
    report = build(load_project(dock.workshop.root), failing(dock.platform.build_parts(lambda *_: None), gone))
    assert report.knowledge[0].snapshot.to_json() == before


@pytest.mark.parametrize("change", [True, False])
def test_a_refresh_with_a_changed_embedder_stops_before_it_looks(dock: Dock, *, change: bool) -> None:
    if change:
        newer(dock)
    before, versions = dock.live, dock.platform.registry.versions("harbour")
    told: list[str] = []

    def changed(parts: RefreshParts) -> RefreshParts:
        watched = replace(parts.build, on_progress=lambda stage, _done, _total: told.append(stage))
        return replace(parts, build=failing(watched, turned))

    state = dock.refresh(change=changed)
    assert (state.outcome, state.step, dock.live, told) == ("failed", "look", before, [])
    assert "is not what it was" in state.why
    assert "revision" in state.hint
    assert dock.platform.registry.versions("harbour") == versions
    assert said(dock) == [RAISED]
    assert dock.refresh().outcome == ("candidate" if change else "unchanged")
    assert said(dock) == [RAISED, SETTLED]


def test_a_refresh_whose_embedder_does_not_answer_says_that_it_was_not_asked(dock: Dock) -> None:
    state = dock.refresh(change=lambda parts: replace(parts, build=failing(parts.build, gone)))
    assert (state.outcome, state.unchecked) == ("unchanged", "the embedding server does not answer")
    assert dock.refresh().unchecked == ""
